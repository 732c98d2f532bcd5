"""What to measure: the rungs with what each takes, the person's own prompt, the price, and the sum of it."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from advisor.draft import Draft
from advisor.ladder_forecast import LadderForecast
from advisor.plan import RUNGS
from advisor.prices import TokenPrice, read_token_price
from advisor.texts import N_, _
from advisor.tui.plain_text import shown
from advisor.tui.steps.options import words
from advisor.tui.words import Words
from rubrics.errors import Fault


class RungList(OptionList):
    """The rungs; space or enter takes one or leaves it out."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "select", N_("Take or leave out"))]
    DEFAULT_CSS = "RungList { height: auto; border: none; padding: 0; background: transparent; }"

    def __init__(self) -> None:
        super().__init__(id="rungs", compact=True)
        self._prompts: tuple[Text, ...] = ()

    def show(self, prompts: tuple[Text, ...]) -> None:
        """Show the rungs of the plan, each with its text."""
        if prompts == self._prompts:
            return
        self._prompts = prompts
        at = self.highlighted or 0
        self.clear_options().add_options([Option(prompt) for prompt in prompts])
        self.highlighted = at


class Setup(Vertical):
    """The choice before measuring."""

    DEFAULT_CSS: ClassVar[str] = """
    Setup { height: auto; }
    Setup #price { height: 1; margin-top: 1; }
    Setup #price Static { width: auto; margin-right: 1; }
    Setup #price Input { width: 8; margin-right: 2; background: $surface; }
    Setup #sum { margin-top: 1; }
    """

    class Filled(Message):
        """Plan fields were filled in."""

        def __init__(self, **fields: Any) -> None:
            super().__init__()
            self.fields = fields

    def __init__(self) -> None:
        super().__init__(id="setup")
        self._shown: tuple[Any, ...] = ()
        self._chosen: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """Rungs, prompt, price, sum."""
        yield RungList()
        yield Words(id="prompt")
        with Horizontal(id="price"):
            yield Static(Text(_("Price of a million tokens: read")))
            yield Input(id="price-read", placeholder=_("none"), compact=True)
            yield Static(Text(_("written")))
            yield Input(id="price-written", placeholder=_("none"), compact=True)
            yield Static(id="price-problem")
        yield Words(id="sum")

    def show(self, draft: Draft, forecast: LadderForecast | None, said: Text, *, has_run: bool) -> None:
        """Show what is chosen and what it takes.

        Args:
            said: instead of a forecast, why there is none.
            has_run: the run's price can no longer be changed here.
        """
        width = max(40, self.size.width - 3)
        price = price_of(draft)
        key = (draft, forecast, said, has_run, width)
        if key == self._shown:
            return
        self._shown = key
        self._show_rungs(draft, forecast, price, width)
        self.query_one("#prompt", Words).say(_prompt_text(draft))
        self.query_one("#price").display = not has_run
        self._show_price(draft)
        self.query_one("#sum", Words).say(
            words.total(forecast, price, is_local=draft.get("endpoint") is None)
            if forecast is not None
            else said
        )

    def _show_rungs(
        self, draft: Draft, forecast: LadderForecast | None, price: TokenPrice | None, width: int
    ) -> None:
        known = {entry.rung: entry for entry in forecast.rungs} if forecast is not None else {}
        self._chosen = tuple(draft.get("rungs"))
        self.query_one(RungList).show(
            tuple(
                words.rung_choice(rung, known.get(rung), price, width, is_chosen=rung in self._chosen)
                for rung in RUNGS
            )
        )

    def _show_price(self, draft: Draft) -> None:
        fields = self._price_fields()
        if any(field.has_focus for field in fields) or price_of(draft) == self._written()[0]:
            return
        with self.prevent(Input.Changed):
            for field, value in zip(fields, price_of(draft) or ("", ""), strict=True):
                field.value = str(value)

    def _price_fields(self) -> tuple[Input, Input]:
        return self.query_one("#price-read", Input), self.query_one("#price-written", Input)

    def _written(self) -> tuple[TokenPrice | None, str]:
        """The price as it is written, and what is wrong with it."""
        parts = [field.value.strip() for field in self._price_fields()]
        if not any(parts):
            return None, ""
        try:
            return read_token_price(",".join(parts)), ""
        except Fault:
            return None, _("two numbers")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Take the price once both numbers are there."""
        event.stop()
        price, problem = self._written()
        self.query_one("#price-problem", Static).update(Text(f"✗ {problem}" if problem else ""))
        if not problem:
            self.post_message(self.Filled(price=price))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the rung or leave it out; without any there is nothing to measure, which the sum says."""
        event.stop()
        toggled = RUNGS[event.option_index]
        wanted = {*self._chosen} ^ {toggled}
        self.post_message(self.Filled(rungs=tuple(rung for rung in RUNGS if rung in wanted)))


def price_of(draft: Draft) -> TokenPrice | None:
    """The draft's price; None where there is none that can be read."""
    value = draft.get("price")
    try:
        return read_token_price(value) if isinstance(value, str) else value
    except Fault:
        return None


def _prompt_text(draft: Draft) -> Text:
    path = draft.get("prompt_file")
    if path is None:
        return Text(_("p adds the prompt that you use today, from a file or typed here."), "dim")
    return Text(_("Your own prompt: {path}  (p changes it)").format(path=shown(str(path), one_line=True)))
