"""One chart: a line that says what is drawn, and the plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.reactive import reactive
from textual_plot import HiResMode, PlotWidget
from textual_plot.axis_formatter import AxisFormatter

from advisor.curves import (
    SMOOTHING_SHARE,
    Chart,
    Curve,
    Point,
    Window,
    limits_of,
    logarithmic,
    seen,
    smoothed,
    thinned,
    ticks_of,
)
from advisor.texts import _
from advisor.tui.plain_text import shown
from advisor.tui.words import Words

_LEFT, _BOTTOM = 9, 1
_CELLS_PER_X_TICK, _CELLS_PER_Y_TICK = 10, 2
_LINE, _DOT = "──", "●"


class _Ticks(AxisFormatter):
    """Round ticks, as many as the axis has room for."""

    def __init__(self, most: int, *, logs: bool = False) -> None:
        self._most, self._logs = max(2, most), logs
        self._labels: dict[float, str] = {}

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        self._labels = dict(ticks_of(min_, max_, self._most, logs=self._logs))
        return list(self._labels)

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        return [self._labels.get(tick, "") for tick in ticks]


class _Plot(PlotWidget, can_focus=False):
    """A plot with narrow margins: the legend names the axes."""

    margin_top = reactive(0)
    margin_bottom = reactive(_BOTTOM)
    margin_left = reactive(_LEFT)


class ChartView(Vertical):
    """A chart of a training; `draw` shows another one or another part of it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"chart--line", "chart--dots"}
    DEFAULT_CSS = """
    ChartView { width: 1fr; height: 1fr; }
    ChartView .legend { height: 1; }
    ChartView PlotWidget { height: 1fr; }
    ChartView PlotWidget > .plot--axis { color: $foreground 50%; }
    ChartView PlotWidget > .plot--tick { color: $foreground 80%; text-style: none; }
    ChartView .chart--line { color: $primary; }
    ChartView .chart--dots { color: $warning; text-style: bold; }
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.chart: Chart | None = None

    def compose(self) -> ComposeResult:
        """The legend above the plot, which no key reaches: the step has the keys of all its charts."""
        yield Words(classes="legend")
        yield _Plot(allow_pan_and_zoom=False)

    def draw(self, chart: Chart, window: Window, *, smooth: bool, logs: bool) -> None:
        """Show a chart.

        Args:
            window: the steps to show.
            smooth: lines are smoothed; points that were measured a few times only are not.
            logs: values on a logarithmic axis; shares are always on a linear one.
        """
        self.chart = chart
        logs = logs and not chart.is_share
        plot = self.query_one(_Plot)
        columns = max(8, plot.size.width - _LEFT - 2)
        lines = [_prepared(curve, window, columns, smooth=smooth, logs=logs) for curve in chart.curves]
        low, high = limits_of(lines, is_share=chart.is_share)
        plot.clear()
        plot.set_xlimits(window.first, window.last)
        plot.set_ylimits(low, high)
        plot.set_x_formatter(_Ticks(columns // _CELLS_PER_X_TICK))
        plot.set_y_formatter(_Ticks((plot.size.height - _BOTTOM) // _CELLS_PER_Y_TICK, logs=logs))
        for curve, points in zip(chart.curves, lines, strict=True):
            self._add(plot, curve, points)
        self.query_one(".legend", Words).say(self._legend(chart, smooth=smooth, logs=logs))

    def _add(self, plot: PlotWidget, curve: Curve, points: Sequence[Point]) -> None:
        xs, ys = [step for step, _ in points], [value for _, value in points]
        if curve.is_sparse:
            plot.scatter(xs, ys, marker=_DOT, marker_style=self._style("chart--dots"))
        elif len(points) == 1:
            plot.scatter(xs, ys, marker="─", marker_style=self._style("chart--line"))
        else:
            plot.plot(xs, ys, line_style=self._style("chart--line"), hires_mode=HiResMode.BRAILLE)

    def _style(self, name: str) -> str:
        return str(self.get_component_rich_style(name, partial=True))

    def _legend(self, chart: Chart, *, smooth: bool, logs: bool) -> Text:
        """Name, how it is drawn, and each line's sign, name and newest value."""
        text = Text(shown(_(chart.title), one_line=True), "bold", no_wrap=True, overflow="ellipsis")
        for curve in chart.curves:
            name = "dots" if curve.is_sparse else "line"
            style = self.get_component_rich_style(f"chart--{name}", partial=True)
            text.append("  ")
            text.append(_DOT if curve.is_sparse else _LINE, style)
            said = (shown(_(curve.name), one_line=True), value_words(curve.last), curve.note)
            text.append("".join(f" {part}" for part in said if part), "not bold")
        hows = (
            [_("smoothed") if smooth else _("raw")]
            if any(not curve.is_sparse for curve in chart.curves)
            else []
        )
        hows += [_("logarithmic")] if logs else []
        if hows:
            text.append(f"  ({', '.join(hows)})", "not bold dim")
        return text


def _prepared(curve: Curve, window: Window, columns: int, *, smooth: bool, logs: bool) -> tuple[Point, ...]:
    points: Sequence[Point] = curve.points
    if smooth and not curve.is_sparse:
        points = smoothed(points, max(1.0, SMOOTHING_SHARE * window.span))
    inside = seen(points, window)
    return thinned(logarithmic(inside) if logs else inside, columns)


def value_words(value: float) -> str:
    """A measured value in few cells: `0.4121`, `1.3e-05`, `1,234`."""
    if value == 0:
        return "0"
    if abs(value) < 0.001:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
