"""The Training step: what is shown of a training, and the keys that change the view or end it."""

from __future__ import annotations

import time
from functools import partial
from typing import ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll

from advisor.curves import Chart, Window, charts_of, whole_of
from advisor.situation import can_resume, can_stop, situation_of
from advisor.texts import N_, _
from advisor.tui.dialogs import Ask, Choice, Explain
from advisor.tui.resuming import go_on
from advisor.tui.situation_words import situation_text
from advisor.tui.state import WalkState
from advisor.tui.step import Step
from advisor.tui.steps.training import words
from advisor.tui.steps.training.chart_view import ChartView
from advisor.tui.stopping import ask_to_stop
from advisor.tui.words import Words
from advisor.watching import TrainingState

_REDRAW_SECONDS = 0.5
_BETWEEN_CHARTS = 0.06
_COLUMNS_OF_TWO, _COLUMNS_OF_THREE = 100, 150
_PANELS = ("samples", "findings", "log")
_ZOOM, _PAN = 0.5, 0.25
_WAYS = {
    "options": N_("Next: the cheap options (4)."),
    "verdict": N_("Next: the verdict (5)."),
    "plan": N_("Next: the plan (6), or start it here (c)."),
    "results": N_("Next: the results (8)."),
    "resume": N_("Go on: c. Change the plan first: 6."),
}


class Panel(VerticalScroll, can_focus=True):
    """A list of words below the charts, with its name on its upper edge."""

    def __init__(self, key: str) -> None:
        super().__init__(id=f"panel-{key}", classes="panel")
        self.words = Words()

    def compose(self) -> ComposeResult:
        """The words."""
        yield self.words

    def on_mount(self) -> None:
        """Of a list that grows at its end the end stays in sight, until a person goes back to read."""
        if self.id == "panel-log":
            self.anchor()


class TrainingStep(Step):
    """Charts, gauges, sample answers, findings and log of the run's training."""

    HELP: ClassVar[str] = N_(
        "Loss is how surprised the model is by the answers it should give: it should fall, on the training rows and "
        "on the dev rows, which it is not trained on. When dev loss rises while training loss falls, the model learns "
        "the rows by heart; the best checkpoint is kept in any case.\n"
        "You may leave: the training goes on without this screen. Stopping saves a checkpoint, and going on starts there."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "stop", N_("Stop")),
        Binding("d", "detach", N_("Leave it running")),
        Binding("c", "go_on", N_("Go on")),
        Binding("g", "chart(1)", N_("Next chart")),
        Binding("v", "panel", N_("Next list")),
        Binding("m", "smooth", N_("Smoothed or raw")),
        Binding("o", "read", N_("Read the answers")),
        Binding("l", "logs", N_("Log scale")),
        Binding("G", "chart(-1)", N_("Previous chart")),
        Binding("plus,equals_sign", f"zoom({_ZOOM})", N_("Zoom in")),
        Binding("minus", f"zoom({1 / _ZOOM})", N_("Zoom out")),
        Binding("left", f"pan({-_PAN})", N_("To earlier steps")),
        Binding("right", f"pan({_PAN})", N_("To later steps")),
        Binding("0", "whole", N_("All steps")),
    ]
    DEFAULT_CSS = """
    TrainingStep { overflow-y: auto; }
    TrainingStep #charts { height: 2fr; min-height: 8; }
    TrainingStep #panels { height: 1fr; min-height: 5; }
    TrainingStep .panel { width: 1fr; height: 1fr; border-top: solid $primary; border-title-align: left; }
    TrainingStep .panel:focus { border-top: heavy $accent; }
    TrainingStep .-hidden { display: none; }
    """

    def __init__(self, state: WalkState) -> None:
        super().__init__(state)
        self._window: Window | None = None
        """The steps that are looked at; None follows all of them."""
        self._first_chart = 0
        self._smooth, self._logs = True, False
        self._panel = _PANELS[0]
        self._drawn: TrainingState | None = None
        self._charted: tuple[TrainingState | None, tuple[Chart, ...]] = (None, ())
        self._drawn_at = 0.0
        self._draw_waits = False
        self._starts = False

    def compose(self) -> ComposeResult:
        """Where it stands, gauges, charts, and lists below."""
        yield Words(id="situation")
        yield Words(id="cautions")
        yield Words(id="gauges")
        with Horizontal(id="charts"):
            for number in range(3):
                yield ChartView(id=f"chart-{number}")
        with Horizontal(id="panels"):
            for key in _PANELS:
                yield Panel(key)

    def take_focus(self) -> None:
        """The step itself has the keys."""
        self.focus(scroll_visible=False)

    def show(self, state: WalkState) -> None:
        """Show a state; charts twice a second at most, and only where something was measured."""
        super().show(state)
        if not self.is_mounted:
            return
        self._paint_words()
        self._arrange()
        training = state.run.training if state.run is not None else None
        if training != self._drawn:
            self._draw_soon()

    def on_resize(self) -> None:
        """Another width has room for other charts, and for words cut otherwise."""
        self.call_after_refresh(self._repaint)

    def _repaint(self) -> None:
        self._drawn = None
        self.show(self.state)

    # What is shown ---------------------------------------------------------------------------------------------

    def _paint_words(self) -> None:
        run, width = self.state.run, max(20, self.size.width - 2)
        situation = situation_of(run)
        text = situation_text(situation)
        if self._starts:
            text = Text(_("… starting"), "bold")
        elif situation.way is not None:
            text.append("  " if not situation.detail else "\n  ").append(
                _(_WAYS[situation.way]), "not bold italic"
            )
        self._words("situation").say(text)
        self._words("cautions").say(words.cautions_text(run))
        has_begun = run is not None and run.training.step > 0
        self._words("gauges").say(words.gauges_text(run, width) if run is not None and has_begun else Text())
        if run is not None:
            self._paint_panels(width if width < _COLUMNS_OF_TWO else width // len(_PANELS) - 2)
        self.refresh_bindings()

    def _paint_panels(self, width: int) -> None:
        run = self.state.run
        assert run is not None
        texts = {
            "samples": words.samples_text(run.training.samples, width),
            "findings": words.findings_text(run.findings, run.training.status),
            "log": words.log_text(run.notes),
        }
        for key, text in texts.items():
            self._panel_of(key).words.say(text)
        titles = {
            "samples": _("Answers"),
            "findings": _("Findings ({n})").format(n=len(run.findings)),
            "log": _("Log"),
        }
        for key, title in titles.items():
            self._panel_of(key).border_title = title

    def _arrange(self) -> None:
        """Show as many charts and lists as there is room for."""
        has_charts = bool(self._charts())
        self.query_one("#charts").set_class(not has_charts, "-hidden")
        self.query_one("#panels").set_class(self.state.run is None, "-hidden")
        count = min(self._room(), len(self._charts()))
        for number, view in enumerate(self.query(ChartView)):
            view.set_class(number >= count, "-hidden")
        for key in _PANELS:
            is_hidden = self._room() == 1 and key != self._panel
            self._panel_of(key).set_class(is_hidden, "-hidden")

    def _room(self) -> int:
        """Charts that fit beside each other."""
        width = self.size.width
        return 1 if width < _COLUMNS_OF_TWO else 2 if width < _COLUMNS_OF_THREE else 3

    def _charts(self) -> tuple[Chart, ...]:
        """Of the state on the screen; asked for each key that may be offered, and so made once."""
        training = self.state.run.training if self.state.run is not None else None
        if training is not self._charted[0]:
            self._charted = (training, charts_of(training) if training is not None else ())
        return self._charted[1]

    def _draw_soon(self) -> None:
        if self._draw_waits:
            return
        self._draw_waits = True
        wait = self._drawn_at + _REDRAW_SECONDS - time.monotonic()
        if wait <= 0:
            self.call_after_refresh(self._draw)
        else:
            self.set_timer(wait, self._draw)

    def _draw(self) -> None:
        self._draw_waits = False
        run, charts = self.state.run, self._charts()
        if run is None or not charts or not self.is_mounted:
            return
        self._drawn, self._drawn_at = run.training, time.monotonic()
        whole = whole_of(charts)
        window = self._window.within(whole) if self._window is not None else whole
        for number, view in enumerate(self.query(ChartView)):
            if not view.has_class("-hidden"):
                chart = charts[(self._first_chart + number) % len(charts)]
                show = partial(view.draw, chart, window, smooth=self._smooth, logs=self._logs)
                # One after the other, so that a key finds its turn between two of them.
                if number:
                    self.set_timer(number * _BETWEEN_CHARTS, show)
                else:
                    show()

    def _words(self, key: str) -> Words:
        return self.query_one(f"#{key}", Words)

    def _panel_of(self, key: str) -> Panel:
        return self.query_one(f"#panel-{key}", Panel)

    # Keys that change the view ----------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done now is offered."""
        run = self.state.run
        offered = {
            "stop": can_stop(run),
            "detach": run is not None and run.is_live,
            "go_on": can_resume(run) and not self._starts,
            "read": run is not None and bool(run.training.samples),
            **dict.fromkeys(("chart", "smooth", "logs", "zoom", "pan", "whole"), bool(self._charts())),
        }
        return offered.get(action, True)

    def action_chart(self, by: int) -> None:
        """Another chart."""
        self._first_chart = (self._first_chart + by) % max(1, len(self._charts()))
        self._draw()

    def action_panel(self) -> None:
        """Another list below the charts; where all are shown, the focus goes to it."""
        self._panel = _PANELS[(_PANELS.index(self._panel) + 1) % len(_PANELS)]
        self._arrange()
        if self._room() > 1:
            self._panel_of(self._panel).focus()

    def action_smooth(self) -> None:
        """Smoothed or raw lines."""
        self._smooth = not self._smooth
        self._draw()

    def action_logs(self) -> None:
        """A logarithmic or a linear axis."""
        self._logs = not self._logs
        self._draw()

    def action_zoom(self, factor: float) -> None:
        """Fewer or more steps."""
        whole = whole_of(self._charts())
        zoomed = (self._window or whole).zoomed(factor, whole)
        self._window = None if zoomed == whole else zoomed
        self._draw()

    def action_pan(self, share: float) -> None:
        """Earlier or later steps."""
        if self._window is not None:
            self._window = self._window.moved(share, whole_of(self._charts()))
            self._draw()

    def action_whole(self) -> None:
        """All steps again."""
        self._window = None
        self._draw()

    def action_read(self) -> None:
        """All sample answers, uncut."""
        run = self.state.run
        if run is not None:
            self.app.push_screen(Explain(_("Answers"), words.whole_samples(run.training.samples)))

    # Keys that end it, or go on ---------------------------------------------------------------------------------

    def action_stop(self) -> None:
        """Stop with a checkpoint, after asking."""
        self.app.push_screen(
            Ask(
                _("Stop the run?"),
                _(
                    "It saves a checkpoint first; c goes on from there. It can also be left running while you are away."
                ),
                [
                    Choice("n", _("Let it go on")),
                    Choice("y", _("Stop it")),
                    Choice("d", _("Leave it running")),
                ],
            ),
            self._stop_answered,
        )

    def _stop_answered(self, choice: str | None) -> None:
        path = self.state.run_path
        if choice == "y" and path is not None:
            ask_to_stop(self, path)
        elif choice == "d":
            self.action_detach()

    def action_detach(self) -> None:
        """Leave the program and the run going."""
        from advisor.tui.app import AdvisorApp

        if self.state.run_path is not None:
            cast(AdvisorApp, self.app).leave_running(self.state.run_path)

    def action_go_on(self) -> None:
        """Go on with the run, with the changes that were made to its plan."""
        self._starts = True
        self._paint_words()
        go_on(self, self._started)

    def _started(self, is_started: bool) -> None:
        self._starts = False
        self._paint_words()
