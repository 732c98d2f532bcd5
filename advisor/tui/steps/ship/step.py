"""What there is to be used, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from rich.syntax import Syntax
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from advisor.core_texts import told
from advisor.outcomes import outcome_headline, outcome_meaning
from advisor.results import read_results
from advisor.saving import write_new
from advisor.shipping import Kind, Offer, Shipment, read_shipment
from advisor.shipping_checks import checks
from advisor.side_by_side import System
from advisor.texts import N_, _
from advisor.tui.dialogs import AskText
from advisor.tui.plain_text import shown
from advisor.tui.state import WalkState
from advisor.tui.step import Step
from advisor.tui.words import Words
from advisor.tui.work import in_thread
from rubrics.errors import Fault

_READ = ("baselines", "verdict", "comparison")
_PLACES: Mapping[Kind, str] = {
    "adapter": N_("The adapter, to be loaded on top of its base model:"),
    "prompt": N_("The prompt, as it was asked for each test row:"),
    "classifier": N_("The rows that the classifier learns from, in seconds:"),
}


@dataclass(frozen=True)
class _Found:
    """What was read in one go: what can be used, and of each system what to check."""

    shipment: Shipment
    checks: Mapping[System, tuple[str, ...]]


class ShipStep(Step):
    """The winner first; another offer on a key."""

    HELP = N_(
        "What won on the test rows, where it lies, and a small program that answers with it exactly as it was "
        'measured. Copy the code, or save it to a file and run it: python answer.py "a message". The list of checks '
        "says what the measurement does not show; go through it before people rely on the answers."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy_code", N_("Copy the code")),
        Binding("w", "save_code", N_("Save the code")),
        Binding("p", "copy_place", N_("Copy the path")),
        Binding("o", "other", N_("The other one")),
    ]
    DEFAULT_CSS = """
    ShipStep Words { margin-bottom: 1; }
    ShipStep #ship-code { height: auto; margin-bottom: 1; }
    """

    def __init__(self, state: WalkState) -> None:
        super().__init__(state)
        self._found: _Found | None = None
        self._fault: Fault | None = None
        self._at = 0
        self._seen: tuple[Any, ...] = ()

    def compose(self) -> ComposeResult:
        """What won, where it lies, what to check, its code, commands."""
        for key in ("none", "outcome", "lacking", "place", "checks", "commands", "code-title"):
            yield Words(id=f"ship-{key}")
        yield Static(id="ship-code")

    def show(self, state: WalkState) -> None:
        """Read anew what the run has to offer where it has something new."""
        super().show(state)
        has_report = state.run is not None and state.run.has_report
        wanted = (state.run_path, *(state.artefact(name) for name in _READ), has_report)
        if state.run_path is None or state.artefact("verdict") is None:
            self._found, self._fault, self._seen = None, None, ()
            self._paint()
        elif wanted != self._seen:
            self._seen = wanted
            path, production = state.run_path, bool(state.draft.get("production"))
            in_thread(
                self,
                lambda: _read(path, has_production=production),
                lambda found: self._take(path, found),
                about=path,
                group="ship",
                failed=lambda fault: self._failed(path, fault),
            )

    def _failed(self, path: Path, fault: Fault) -> None:
        """The fault is told in a dialog, and stays to be read."""
        if path == self.state.run_path:
            self._found, self._fault = None, fault
            self._paint()
            self.fault(fault)

    def _take(self, path: Path, found: _Found) -> None:
        if path == self.state.run_path:
            self._found, self._fault, self._at = found, None, 0
            self._paint()

    @property
    def offer(self) -> Offer | None:
        """The one on the screen."""
        offers = self._found.shipment.offers if self._found else ()
        return offers[self._at] if offers else None

    def _paint(self) -> None:
        texts = self._texts()
        for words in self.query(Words):
            words.say(texts.get((words.id or "").removeprefix("ship-"), Text()))
        code = self.query_one("#ship-code", Static)
        code.display = self.offer is not None
        if self.offer is not None:
            code.update(Syntax(shown(self.offer.code), "python", theme="ansi_dark", word_wrap=True))
        self.refresh_bindings()

    def _texts(self) -> dict[str, Text]:
        if self._fault is not None:
            parts = ["✗ " + told(self._fault.what), self._fault.where, told(self._fault.fix)]
            return {"none": Text(shown("\n".join(part for part in parts if part)))}
        if self._found is None:
            return {"none": Text(_pending(self.state))}
        shipment, offer = self._found.shipment, self.offer
        texts = {
            "outcome": _outcome(shipment),
            "lacking": _listed(_("What is lacking"), shipment.lacking),
        }
        if offer is None:
            return texts
        return texts | {
            "place": _place(shipment, offer),
            "checks": _listed(_("Before you rely on it"), self._found.checks[offer.system]),
            "commands": _listed(_("Command lines"), offer.commands, mark="$"),
            "code-title": _titled(_("Code: answer.py"), ["pip install " + " ".join(offer.packages)]),
        }

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys are there once there is something to take."""
        if action == "other":
            return self._found is not None and len(self._found.shipment.offers) > 1
        if action in ("copy_code", "save_code", "copy_place"):
            return self.offer is not None
        return True

    def action_other(self) -> None:
        """Show the system that did not win."""
        if self._found is not None:
            self._at = (self._at + 1) % len(self._found.shipment.offers)
            self._paint()
            self.scroll_home(animate=False)

    def action_copy_code(self) -> None:
        """The code into the clipboard."""
        if self.offer is not None:
            self._copy(self.offer.code)

    def action_copy_place(self) -> None:
        """The path into the clipboard."""
        if self.offer is not None:
            self._copy(str(self.offer.place))

    def _copy(self, text: str) -> None:
        self.app.copy_to_clipboard(text)
        self.notify(_("Copied."))

    def action_save_code(self) -> None:
        """Save the code to a file that the person names."""
        offer = self.offer
        if offer is None:
            return

        def answered(name: str | None) -> None:
            if name:
                in_thread(
                    self.app,
                    lambda: write_new(Path(name), offer.code),
                    lambda path: self.notify(_("Saved: {path}").format(path=path), markup=False),
                    about=name,
                    group="save",
                    exclusive=False,
                )

        self.app.push_screen(
            AskText(
                _("Save the code to which file?"),
                _("A file that exists is not overwritten."),
                "answer.py",
                lambda name: "" if name.strip() else _("Give a name."),
            ),
            answered,
        )


def _read(path: Path, *, has_production: bool) -> _Found:
    shipment, results = read_shipment(path), read_results(path)
    assert results is not None
    found = {
        offer.system: checks(results, offer.system, has_production=has_production)
        for offer in shipment.offers
    }
    return _Found(shipment, found)


def _pending(state: WalkState) -> str:
    if state.run_path is None:
        return _("There is nothing to ship yet: the step Cheap options measures what there is.")
    if state.run is None:
        return _("… reading")
    if state.artefact("verdict") is None:
        return _("There is nothing to ship yet: the cheap options are being measured.")
    return _("… reading")


def _outcome(shipment: Shipment) -> Text:
    headline = outcome_headline(*shipment.why)
    if shipment.worth:
        text = Text(f"✓ {headline}", "bold")
    else:
        text = Text("○ " + _("Nothing is worth shipping yet") + f": {headline}", "bold")
    text.append(f"  {shipment.why[0]}\n", "not bold dim")
    return text.append(outcome_meaning(*shipment.why), "not bold")


def _place(shipment: Shipment, offer: Offer) -> Text:
    first = offer is shipment.offers[0]
    if first and shipment.worth:
        title = _("Use: {name}")
    elif first:
        title = _("Meanwhile there is: {name}")
    else:
        title = _("The other one: {name}")
    return _titled(title.format(name=offer.name), [_(_PLACES[offer.kind]), str(offer.place)])


def _titled(title: str, lines: Sequence[str]) -> Text:
    return Text(f"{title}\n", "bold").append(shown("\n".join(lines)), "not bold")


def _listed(title: str, lines: Sequence[str], mark: str = "•") -> Text:
    return _titled(title, [f"{mark} {line}" for line in lines]) if lines else Text()
