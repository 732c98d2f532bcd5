"""Reading the comparison of a report: the pair, the guards, and the other options that dev leaves open.

Counts of right and wrong rows give the rest, so that a person may write four numbers and nothing else.
"""

from __future__ import annotations

from rubrics.compared import Guard, OtherOption, PairedResult
from rubrics.reading import Field
from rubrics.statistics import mcnemar_exact, paired_share_difference

_CELLS = ("fixed", "broken", "both_right", "both_wrong")


def read_paired(comparison: Field, rows: int | None) -> PairedResult:
    """Read the paired result; what the counts of right and wrong give is computed where it is not there.

    Args:
        rows: that were compared, where the four counts do not say.
    Raises:
        Fault: difference, limits or p-value are missing and cannot be computed; exit code 2.
    """
    n = _rows_compared(comparison, rows)
    counted = _from_counts(comparison, n)
    given = {
        "difference": _difference(comparison),
        "low": comparison["low"].number(-1, 1),
        "high": comparison["high"].number(-1, 1),
        "p_value": comparison["p_value"].share(),
    }
    values = {
        name: getattr(counted, name) if value is None and counted else value for name, value in given.items()
    }
    known = {name: value for name, value in values.items() if value is not None}
    for name in values.keys() - known.keys():
        raise comparison[name].missing("Give it, or give fixed, broken, both_right and both_wrong.")
    return PairedResult(**known, n=n, fixed=comparison["fixed"].count(), broken=comparison["broken"].count())


def _rows_compared(comparison: Field, rows: int | None) -> int | None:
    """The sum of the four counts, else the comparison's own `n`, else what is known otherwise."""
    counts = [cell for name in _CELLS if (cell := comparison[name].count()) is not None]
    given = comparison["n"].count()
    return sum(counts) if len(counts) == len(_CELLS) else rows if given is None else given


def _from_counts(comparison: Field, n: int | None) -> PairedResult | None:
    fixed, broken = comparison["fixed"].count(), comparison["broken"].count()
    if fixed is None or broken is None or not n:
        return None
    if fixed + broken > n:
        raise comparison["fixed"].wrong(f"with `broken` at most the {n} rows compared")
    interval = paired_share_difference(fixed, broken, n)
    return PairedResult(interval.value, interval.low, interval.high, mcnemar_exact(fixed, broken), n)


def _difference(comparison: Field) -> float | None:
    difference, tuned, baseline = (
        comparison["difference"].number(-1, 1),
        score_or_name(comparison["tuned"]),
        score_or_name(comparison["baseline"]),
    )
    if difference is None and tuned is not None and baseline is not None:
        return tuned - baseline
    return difference


def score_or_name(entry: Field) -> float | None:
    """Return the score of a compared system; reports of the program hold its name instead."""
    return None if isinstance(entry.value, str) else entry.share()


def read_guard(entry: Field) -> Guard:
    """Read how a guard set fared.

    Raises:
        Fault: neither the difference nor both scores are there; exit code 2.
    """
    difference, before, after = (
        entry["difference"].number(-1, 1),
        entry["before"].share(),
        entry["after"].share(),
    )
    if difference is None and before is not None and after is not None:
        difference = after - before
    if difference is None:
        raise entry["difference"].missing("Give it, or the scores before and after.")
    return Guard(
        name=entry["name"].text() or "the guard set",
        difference=difference,
        high=entry["high"].number(-1, 1),
        allowed=entry["allowed"].share() or 0.0,
    )


def read_other_option(entry: Field) -> OtherOption:
    """Read a cheap option beside the chosen one: its lead on dev with limits, and `on_test` where it was asked there.

    Raises:
        Fault: name, lead or limits are missing; exit code 2.
    """
    rung = entry["rung"].text()
    if rung is None:
        raise entry["rung"].missing("Name the option.")
    limits = {name: entry[name].number(-1, 1) for name in ("difference", "low", "high")}
    known = {name: value for name, value in limits.items() if value is not None}
    for name in limits.keys() - known.keys():
        raise entry[name].missing("Give the option's lead over the chosen one on dev, with its 95% limits.")
    tested = entry["on_test"]
    return OtherOption(
        rung=rung,
        lead=known["difference"],
        low=known["low"],
        high=known["high"],
        rows=entry["n"].count(),
        on_test=None if tested.absent else read_paired(tested, tested["n"].count()),
    )
