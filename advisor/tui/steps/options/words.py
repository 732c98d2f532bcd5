"""What the Cheap options step says, as texts of a given width."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from advisor.ladder_forecast import Amount, LadderForecast, RungForecast
from advisor.ladder_view import LadderRow
from advisor.prices import TokenPrice, token_cost
from advisor.rungs.about import about_rung
from advisor.rungs.names import rung_name
from advisor.texts import _
from advisor.tui.aligned import cut
from advisor.tui.amounts import bar, time_words
from advisor.tui.intervals import interval_line, interval_text
from advisor.tui.plain_text import shown
from advisor.watching import Activity, RungAnswer, RungState

WIDE = 110
_NAME = 24


def rung_choice(
    rung: str, forecast: RungForecast | None, price: TokenPrice | None, width: int, *, is_chosen: bool
) -> Text:
    """A rung to choose, on two lines: name, calls, tokens and cost; then what it does, or why it is left out."""
    name = ("[x] " if is_chosen else "[ ] ") + set_cell_size(rung_name(rung), _NAME)
    text = Text(name, "bold", no_wrap=True, overflow="ellipsis")
    if forecast is not None and not forecast.skipped:
        text.append(cut(_figures(forecast, price), max(0, width - cell_len(name))), "not bold")
    about = about_rung(rung)
    if rung == "prompt_file" and forecast is not None and forecast.skipped:
        about = _("left out until you add it (p)")
    elif forecast is not None and forecast.skipped:
        about = _("left out: {reason}").format(reason=shown(forecast.skipped, one_line=True))
    return text.append("\n" + cut(f"    {about}", width), "not bold dim")


def _figures(forecast: RungForecast, price: TokenPrice | None) -> str:
    if not forecast.dev.calls and not forecast.test.calls:
        return _("no calls")
    always = forecast.on_test == "always"
    certain = forecast.dev + forecast.test if always else forecast.dev
    parts = [_("{n} calls").format(n=f"{certain.calls:,}"), _tokens(certain)]
    if (cost := _cost(certain, price)) is not None:
        parts.append(_("cost {amount}").format(amount=money(cost)))
    if not always:
        parts.append(_("+{n} if it is the best").format(n=f"{forecast.test.calls:,}"))
    return "  ".join(parts)


def _tokens(amount: Amount) -> str:
    return _("{read} + {written} tokens").format(
        read=f"{amount.prompt_tokens:,}", written=f"{amount.completion_tokens:,}"
    )


def _cost(amount: Amount, price: TokenPrice | None) -> float | None:
    return token_cost(price, amount.prompt_tokens, amount.completion_tokens)


def money(amount: float) -> str:
    """An amount in the currency of the prices, which is the person's own; small ones keep two digits that count."""
    return f"{amount:,.2f}" if amount >= 1 or amount == 0 else f"{amount:.2g}"


def total(forecast: LadderForecast, price: TokenPrice | None) -> Text:
    """All rungs together: rows, calls, tokens, cost and time, and how sure these are."""
    text = Text(_("In all: "), "bold")
    least, most = forecast.least, forecast.most
    text.append(_("{n} calls").format(n=_range(least.calls, most.calls)), "bold")
    text.append(f", {_range(least.prompt_tokens, most.prompt_tokens)}", "not bold")
    text.append(
        _(" tokens read and {n} written").format(n=_range(least.completion_tokens, most.completion_tokens)),
        "not bold",
    )
    text.append("\n" + "  ·  ".join([_time_text(forecast), _cost_text(forecast, price)]), "not bold")
    text.append("\n" + _rows_text(forecast), "not bold dim")
    for line in forecast.reductions:
        text.append(f"\n! {shown(line, one_line=True)}", "not bold")
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


def _cost_text(forecast: LadderForecast, price: TokenPrice | None) -> str:
    least, most = _cost(forecast.least, price), _cost(forecast.most, price)
    if least is None or most is None:
        return _("cost: no price given")
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
        f"{bar(share, 12 if width < WIDE else 24)} {share:.0%}",
        f"{activity.done:,.0f} / {activity.total:,.0f}",
    ]
    if (rate := activity.rate()) is not None:
        parts.append(_("{n} a second").format(n=f"{rate:,.1f}" if rate < 10 else f"{rate:,.0f}"))
    if (left := activity.seconds_left(now)) is not None and share < 1:
        parts.append(_("{time} left").format(time=time_words(left)))
    return Text("  ".join(parts), no_wrap=True, overflow="ellipsis")


def columns(width: int) -> tuple[str, ...]:
    """The columns of the ladder that `width` cells hold."""
    return ("rung", "dev", "line", "test") + (("n", "tokens", "latency") if width >= WIDE else ())


def column_title(column: str, metric: str, width: int) -> str:
    """What a column holds."""
    line = line_width(width)
    return {
        "rung": _("option"),
        "dev": _("{metric} on dev").format(metric=metric) if metric else _("on dev"),
        "line": "0" + " " * (line - 2) + "1" if line >= 2 else "",
        "test": _("on test"),
        "n": _("rows"),
        "tokens": _("tokens a call"),
        "latency": _("time a call"),
    }[column]


def line_width(width: int) -> int:
    """Cells for the line of an interval."""
    return 24 if width >= WIDE else max(0, min(13, width - 65))


def ladder_cells(row: LadderRow, width: int) -> dict[str, Text]:
    """One rung, a cell for each column."""
    dev, test = row.dev, row.test
    cells = {
        "rung": f"{'★' if row.selected else ' '} {rung_name(row.rung)}",
        "dev": _("left out") if row.skipped else _score(dev),
        "line": _line(dev, line_width(width)),
        "test": _score(test) if test else "",
        "n": _counts(dev, test),
        "tokens": _tokens_a_call(dev),
        "latency": "" if dev is None or not dev.latency_p50 else _seconds(dev.latency_p50),
    }
    return {name: Text(cells[name], no_wrap=True) for name in columns(width)}


def _score(state: RungState | None) -> str:
    if state is None or state.total == 0:
        return _("waits")
    done = "" if state.is_measured else f"{state.done:,}/{state.total:,} "
    if state.value is None:
        return done or _("waits")
    low = state.value if state.low is None else state.low
    high = state.value if state.high is None else state.high
    return f"{done}{state.value:.2f}" if done else interval_text(state.value, low, high)


def _line(state: RungState | None, width: int) -> str:
    if state is None or state.value is None or state.low is None or state.high is None:
        return ""
    return interval_line(state.value, state.low, state.high, width)


def _counts(dev: RungState | None, test: RungState | None) -> str:
    return " + ".join(f"{state.n:,}" for state in (dev, test) if state is not None and state.n)


def _tokens_a_call(state: RungState | None) -> str:
    if state is None or state.prompt_tokens is None or not state.done:
        return ""
    written = (state.completion_tokens or 0) / state.done
    return f"{state.prompt_tokens / state.done:,.0f} + {written:,.0f}"


def _seconds(seconds: float) -> str:
    return _("{s} s").format(s=f"{seconds:.2f}")


def rung_detail(row: LadderRow, width: int) -> Text:
    """What the table has no room for."""
    if row.skipped:
        reason = shown(row.skipped, one_line=True)
        return Text(_("{rung} is left out: {reason}").format(rung=rung_name(row.rung), reason=reason))
    parts = [f"{rung_name(row.rung)}: {about_rung(row.rung)}".removesuffix(": ")]
    if width < WIDE:
        if counts := _counts(row.dev, row.test):
            parts.append(_("{n} rows").format(n=counts))
        if tokens := _tokens_a_call(row.dev):
            parts.append(_("{n} tokens a call").format(n=tokens))
        if row.dev is not None and row.dev.latency_p50:
            parts.append(_("{time} a call").format(time=_seconds(row.dev.latency_p50)))
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
