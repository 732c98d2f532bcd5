"""What the Cheap options step says, as texts of a given width."""

from __future__ import annotations

from math import floor, log10

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from advisor.core_texts import told
from advisor.ladder_forecast import Amount, LadderForecast, RungForecast
from advisor.ladder_view import LadderRow
from advisor.prices import TokenPrice, token_cost
from advisor.rungs.about import about_rung
from advisor.rungs.names import rung_name
from advisor.texts import _, ngettext
from advisor.tui.aligned import cut
from advisor.tui.amounts import bar, time_words
from advisor.tui.intervals import interval_line, short_interval
from advisor.tui.plain_text import shown
from advisor.watching import Activity, RungAnswer, RungState, RunState

_NAME = 24
_WIDE = 110
_SOON_SECONDS = 2.0
_WITH_ROWS, _WITH_ALL = 100, 138
"""Cells from which the ladder has room for the rows, and for tokens and time."""


def rung_choice(
    rung: str, forecast: RungForecast | None, price: TokenPrice | None, width: int, *, is_chosen: bool
) -> Text:
    """A rung to choose, on two lines: name, calls, tokens and cost; then what it does, or why it is left out."""
    lacks_prompt = rung == "prompt_file" and forecast is not None and bool(forecast.skipped)
    mark = "[ ] " if not is_chosen else "[–] " if lacks_prompt else "[x] "
    name = mark + set_cell_size(rung_name(rung), _NAME)
    text = Text(name, "bold", no_wrap=True, overflow="ellipsis")
    if forecast is not None and not forecast.skipped:
        text.append(_figures(forecast, price, width - cell_len(name)), "not bold")
    about = about_rung(rung)
    if lacks_prompt:
        about = _("left out until you add it (p)")
    elif forecast is not None and forecast.skipped:
        about = _("left out: {reason}").format(reason=shown(told(forecast.skipped), one_line=True))
    return text.append("\n" + cut(f"    {about}", width), "not bold dim")


def _figures(forecast: RungForecast, price: TokenPrice | None, width: int) -> str:
    """Calls, cost and tokens, as many of them as fit."""
    if not forecast.dev.calls and not forecast.test.calls:
        return _("no calls")
    always = forecast.on_test == "always"
    certain = forecast.dev + forecast.test if always else forecast.dev
    parts = [ngettext("{n} call", "{n} calls", certain.calls).format(n=f"{certain.calls:,}")]
    if not always:
        parts.append(_("+{n} if it is the best").format(n=f"{forecast.test.calls:,}"))
    if (cost := _cost(certain, price)) is not None:
        parts.append(_("cost {amount}").format(amount=money(cost)))
    parts.append(_tokens(certain))
    while len(parts) > 1 and cell_len("  ".join(parts)) > width:
        parts.pop()
    return cut("  ".join(parts), width)


def _tokens(amount: Amount) -> str:
    return _("{read} + {written} tokens").format(
        read=f"{amount.prompt_tokens:,}", written=f"{amount.completion_tokens:,}"
    )


def _cost(amount: Amount, price: TokenPrice | None) -> float | None:
    return token_cost(price, amount.prompt_tokens, amount.completion_tokens)


def money(amount: float) -> str:
    """An amount in the currency of the prices, which is the person's own; small ones keep two digits that count."""
    if amount >= 1 or amount == 0:
        return f"{amount:,.2f}"
    return f"{amount:.{1 - floor(log10(amount))}f}"


def total(forecast: LadderForecast, price: TokenPrice | None, *, is_local: bool) -> Text:
    """All rungs together: rows, calls, tokens, cost and time, and how sure these are.

    Args:
        is_local: the model runs on this machine, where nobody charges for a call.
    """
    least, most = forecast.least, forecast.most
    says = ngettext(
        "In all {n} call, {read} tokens read and {written} written",
        "In all {n} calls, {read} tokens read and {written} written",
        most.calls,
    )
    text = Text(
        says.format(
            n=_range(least.calls, most.calls),
            read=_range(least.prompt_tokens, most.prompt_tokens),
            written=_range(least.completion_tokens, most.completion_tokens),
        ),
        "bold",
    )
    text.append(
        "\n" + "  ·  ".join([_time_text(forecast), _cost_text(forecast, price, is_local=is_local)]),
        "not bold",
    )
    text.append("\n" + _rows_text(forecast), "not bold dim")
    for line in forecast.reductions:
        text.append(f"\n! {shown(told(line), one_line=True)}", "not bold")
    if forecast.limit_waits:
        text.append("\n! " + _("The time limit may take rows away; the speed is measured first."), "not bold")
    return text


def _range(least: int, most: int) -> str:
    return f"{least:,}" if least == most else f"{least:,}–{most:,}"


def _time_text(forecast: LadderForecast) -> str:
    if forecast.seconds is None or forecast.pace is None:
        return _("time: the speed is measured first")
    least, most = (time_words(seconds) for seconds in forecast.seconds)
    span = least if least == most else f"{least} – {most}"
    return _("about {time}, as fast as in run {run}").format(
        time=span, run=shown(forecast.pace.run, one_line=True)
    )


def _cost_text(forecast: LadderForecast, price: TokenPrice | None, *, is_local: bool) -> str:
    least, most = _cost(forecast.least, price), _cost(forecast.most, price)
    if least is None or most is None:
        return _("cost: none, it runs on this machine") if is_local else _("cost: no price given")
    span = money(least) if least == most else f"{money(least)}–{money(most)}"
    return _("cost {amount}").format(amount=span)


def _rows_text(forecast: LadderForecast) -> str:
    rows = _("{dev} dev rows choose the best option, {test} test rows score it.").format(
        dev=f"{forecast.dev:,}", test=f"{forecast.test:,}"
    )
    parts = [rows]
    if not forecast.exact:
        parts.append(_("Their numbers may differ a little."))
    if forecast.counted == "letters":
        parts.append(_("Tokens are estimated from the letters."))
    if forecast.most.completion_tokens:
        parts.append(_("Answers are taken to be as long as yours."))
    return " ".join(parts)


# While it is measured -----------------------------------------------------------------------------------------------


def activity_text(activity: Activity, now: float, width: int) -> Text:
    """How far the task in progress is, its pace, and the time left; empty where nothing is counted."""
    share = activity.share()
    if not activity.task or share is None:
        return Text()
    parts = [
        f"{bar(share, 12 if width < _WIDE else 24)} {share:.0%}",
        f"{activity.done:,.0f} / {activity.total:,.0f}",
    ]
    if (rate := activity.rate()) is not None:
        parts.append(_("{n} a second").format(n=f"{rate:,.1f}" if rate < 10 else f"{rate:,.0f}"))
    if (left := activity.seconds_left(now)) is not None and share < 1:
        parts.append(_("{time} left").format(time=time_words(left)))
    return Text("  ".join(parts), no_wrap=True, overflow="ellipsis")


def at_work_text(run: RunState, now: float, width: int) -> Text:
    """How far the run is; for how long it has been at what counts nothing, so that it is seen to be alive."""
    counted = activity_text(run.activity, now, width)
    begun = next((stage.started for stage in run.stages if stage.status == "running"), run.session_started)
    if counted.plain or begun is None or now - begun < _SOON_SECONDS:
        return counted
    return Text(_("for {time}").format(time=time_words(now - begun)), no_wrap=True, overflow="ellipsis")


def columns(width: int) -> tuple[str, ...]:
    """The columns of the ladder that `width` cells hold."""
    more = ("n",) if width >= _WITH_ROWS else ()
    return ("rung", "dev", "line", "test", *more, *(("tokens", "latency") if width >= _WITH_ALL else ()))


def column_title(column: str, width: int) -> str:
    """What a column holds."""
    line = line_width(width)
    return {
        "rung": _("option"),
        "dev": _("on dev"),
        "line": "0" + " " * (line - 2) + "1",
        "test": _("on test"),
        "n": _("rows"),
        "tokens": _("tokens a call"),
        "latency": _("time a call"),
    }[column]


def line_width(width: int) -> int:
    """Cells for the line of an interval: what the other columns leave."""
    return min(24, max(8, width - (64 if width < _WITH_ROWS else 78)))


def caption(metric: str) -> Text:
    """What the numbers are."""
    if not metric:
        return Text()
    return Text(
        _("{metric} with its 95% interval, over the rows answered so far").format(metric=metric), "italic"
    )


def ladder_cells(row: LadderRow, width: int) -> dict[str, Text]:
    """One rung, a cell for each column."""
    dev, test = row.dev, row.test
    cells = {
        "rung": f"{'★' if row.selected else ' '} {rung_name(row.rung)}",
        "dev": _("left out") if row.skipped else _score(dev) or _("waits"),
        "line": _line(dev, line_width(width)),
        "test": _score(test) or _progress(dev, "dev") or _progress(test, "test"),
        "n": _counts(dev, test),
        "tokens": _tokens_a_call(dev),
        "latency": _seconds_a_call(dev),
    }
    return {name: Text(cells[name], no_wrap=True) for name in columns(width)}


def _score(state: RungState | None) -> str:
    if state is None or state.value is None:
        return ""
    low = state.value if state.low is None else state.low
    high = state.value if state.high is None else state.high
    return short_interval(state.value, low, high)


def _progress(state: RungState | None, split: str) -> str:
    if state is None or state.is_measured or not state.total:
        return ""
    return _("{done} of {total} {split}").format(
        done=f"{state.done:,}", total=f"{state.total:,}", split=_(split)
    )


def _line(state: RungState | None, width: int) -> str:
    if state is None or state.value is None or state.low is None or state.high is None:
        return ""
    return interval_line(state.value, state.low, state.high, width)


def _counts(dev: RungState | None, test: RungState | None) -> str:
    return " + ".join(f"{state.n:,}" for state in (dev, test) if state is not None and state.n)


def _tokens_a_call(state: RungState | None) -> str:
    if state is None or not state.prompt_tokens or not state.done:
        return ""
    written = (state.completion_tokens or 0) / state.done
    return f"{state.prompt_tokens / state.done:,.0f} + {written:,.0f}"


def _seconds_a_call(state: RungState | None) -> str:
    if state is None or state.latency_p50 is None or not state.prompt_tokens:
        return ""
    return _("{s} s").format(s=f"{state.latency_p50:.2f}")


def rung_detail(row: LadderRow, width: int) -> Text:
    """What the table has no room for."""
    if row.skipped:
        reason = shown(told(row.skipped), one_line=True)
        return Text(_("{rung} is left out: {reason}").format(rung=rung_name(row.rung), reason=reason))
    parts = [f"{rung_name(row.rung)}: {about_rung(row.rung)}".removesuffix(": ")]
    shown_already = columns(width)
    if "n" not in shown_already and (counts := _counts(row.dev, row.test)):
        parts.append(_("{n} rows").format(n=counts))
    if "tokens" not in shown_already and (tokens := _tokens_a_call(row.dev)):
        parts.append(_("{n} tokens a call").format(n=tokens))
        parts.append(_("{time} a call").format(time=_seconds_a_call(row.dev)))
    if row.selected:
        parts.append("★ " + _("the best on dev"))
    return Text("; ".join(parts))


def answer_line(answer: RungAnswer, width: int) -> Text:
    """One answer beside the one that was wanted, cut to a line."""
    glyph, word = ("✓", _("right")) if answer.score >= 1 else ("✗", _("wrong"))
    if 0 < answer.score < 1:
        glyph, word = "~", f"{answer.score:.2f}"
    head = f"{glyph} {word}  "
    room = max(8, (width - cell_len(head) - 4) // 2)
    wanted = set_cell_size(cut(shown(answer.reference, one_line=True), room), room)
    said = cut(shown(answer.prediction, one_line=True) or _("(nothing)"), room)
    return Text(f"{head}{wanted}  → {said}", no_wrap=True, overflow="ellipsis")


def whole_answer(answer: RungAnswer, prompt: str) -> Text:
    """Prompt, wanted answer and answer, uncut."""
    text = Text()
    parts = ((_("Prompt"), prompt), (_("Wanted"), answer.reference), (_("Answer"), answer.prediction))
    for title, said in parts:
        text.append(f"{title}\n", "bold").append(f"{shown(said)}\n\n")
    text.rstrip()
    return text
