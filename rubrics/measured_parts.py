"""The parts of a measured task: scores, rungs, trust in the labels, a short training.

Each part stands beside the function that reads it from report.json, so that a new field is added in one place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from rubrics.data_state import split_rows
from rubrics.reading import Field
from rubrics.rulebook import Limits, load_rulebook
from rubrics.statistics import wilson
from rubrics.suitability import load_criteria

# From the cheapest to run to the dearest; a rung that is not listed counts as dearer than all.
COST_ORDER = ("classifier", "zero_shot", "instruction", "prompt_file", "few_shot", "structured", "retrieval")
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Score:
    """A score of 0..1 with its 95% limits and number of rows; limits and rows are None where not known."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None

    def moved(self, value: float, n: int | None = None) -> Score:
        """Return what this score would be at another value, or on another number of rows.

        The limits follow the Wilson interval. Where they are not Wilson's (graded scores are bootstrapped)
        their distance from it is kept, shrinking with the root of the rows.
        """
        n = n or self.n
        if n is None or self.n is None or self.low is None or self.high is None:
            return replace(self, value=value, n=n)
        before, after = wilson(self.value * self.n, self.n), wilson(value * n, n)
        shrink = math.sqrt(self.n / n)
        low = after.low + (self.low - before.low) * shrink
        high = after.high + (self.high - before.high) * shrink
        return Score(value, min(max(low, 0.0), value), max(min(high, 1.0), value), n)


@dataclass(frozen=True, slots=True)
class Rung:
    """One cheap option with its scores on dev and test, None where it was not scored there.

    Attributes:
        cost: money for one answer, in the currency of the prices.
        extraction: metric that takes label or JSON out of the same answers; empty where none was scored.
        dev_extracted, test_extracted: scores by that metric.
        prompt_tokens, completion_tokens: mean tokens of one request.
    """

    name: str
    model: str = ""
    dev: Score | None = None
    test: Score | None = None
    cost: float | None = None
    selected: bool = False
    extraction: str = ""
    dev_extracted: Score | None = None
    test_extracted: Score | None = None
    prompt_tokens: float | None = None
    completion_tokens: float | None = None

    @property
    def rank(self) -> int:
        """Place in the order of cost, 0 the cheapest."""
        return COST_ORDER.index(self.name) if self.name in COST_ORDER else len(COST_ORDER)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far labels can be trusted.

    Attributes:
        judge: Cohen's kappa of the judge with people, -1..1.
        people: share of the answers on which people agree with each other, 0..1; nobody can be right more often.
        label_error: share of the labels that an audit found wrong, 0..1.
    """

    judge: float | None = None
    people: float | None = None
    label_error: float | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """A short training on part of the rows: upper end of the 80% interval of its gain, and the curve's end."""

    high: float | None = None
    rising: bool | None = None


def read_metric(report: Field) -> str:
    """Return the metric that decides: the plan's, or the only one that the rungs were scored in.

    Raises:
        Fault: the plan names none and the rungs have several.
    """
    named = report["task"]["metric"].text()
    if named:
        return named
    scored = {name for entry in report["baselines"].each() for name in entry["metrics"].mapping()}
    if len(scored) > 1:
        raise report["task"]["metric"].missing(f"Name one of {', '.join(sorted(scored))}.")
    return scored.pop() if scored else ""


def read_min_gain(task: Field, limits: Limits) -> float:
    """Return the smallest gain worth it; without one above 0 nothing would ever be good enough."""
    gain = task["min_gain"].share()
    if gain == 0:
        raise task["min_gain"].wrong("a share above 0")
    return limits.min_gain if gain is None else gain


_LIMIT_BOUNDS: Mapping[str, tuple[float, float]] = {
    "power": (0.06, 0.999),
    "min_gain": (0.001, 1.0),
    "horizon_months": (0.01, 12_000.0),
}
"""Of the thresholds that are divided by or planned with; any other is 0 or more."""


def read_limits(overrides: Field) -> Limits:
    """Return the thresholds of verdict.yaml with those replaced that the inputs name."""
    names = [limit.name for limit in fields(Limits)]
    for name in overrides.mapping():
        if name not in names:
            raise overrides[name].wrong(f"one of the thresholds {', '.join(names)}")
    given = {name: overrides[name].number(*_LIMIT_BOUNDS.get(name, (0,))) for name in overrides.mapping()}
    return replace(
        load_rulebook().limits, **{name: value for name, value in given.items() if value is not None}
    )


def read_answers(criteria: Field) -> dict[str, str]:
    """Return yes and no by criterion key; criteria are named by id (S8) or by key (agreement)."""
    keys = {name: criterion.key for criterion in load_criteria() for name in (criterion.id, criterion.key)}
    answers = {}
    for entry in criteria.each():
        name = entry["id"].text()
        if name not in keys:
            raise entry["id"].wrong("a criterion S1 to S10")
        answer = entry["answer"].choice("yes", "no", "unknown")
        if answer in {"yes", "no"}:
            answers[keys[name]] = answer
    return answers


def read_clean_rows(data: Field, leak_share: float | None, chosen: Rung | None) -> int | None:
    """Return n: the test rows that the chosen rung was scored on, at most those that are free of leaks."""
    rows = split_rows(data, "test")
    clean = None if rows is None else round(rows * (1 - (leak_share or 0.0)))
    known = [n for n in (clean, chosen.test.n if chosen and chosen.test else None) if n is not None]
    return min(known, default=None)


def read_rungs(baselines: Field, metric: str) -> tuple[Rung, ...]:
    """Return the rungs, cheapest first, with their entries for dev and test put together.

    Where a rung was scored in several ways on one split (numbers of examples), the selected one counts, else
    the best.
    """
    entries: dict[_Key, list[Field]] = {}
    for entry in baselines.each():
        name = entry["rung"].text()
        if not name:
            raise entry["rung"].missing()
        if entry["split"].choice("dev", "test") is None:
            raise entry["split"].missing()
        entries.setdefault((name, entry["model"].text() or ""), []).append(entry)
    rungs = [_rung(key, group, metric) for key, group in entries.items()]
    return tuple(sorted(rungs, key=lambda rung: rung.rank))


def _rung(key: _Key, entries: list[Field], metric: str) -> Rung:
    scored = [(entry, read_score(entry["metrics"][metric], entry["n"])) for entry in entries]
    # Stable: the selected way of a rung first, then the better.
    scored.sort(key=lambda pair: (not pair[0]["selected"].flag(), -pair[1].value))
    first = {entry["split"].text(): (entry, score) for entry, score in reversed(scored)}
    dev, test = (first.get(split, (None, None)) for split in ("dev", "test"))
    extraction = _extraction(dev[0] or test[0], metric)
    return Rung(
        *key,
        dev=dev[1],
        test=test[1],
        cost=next((cost for pair in scored if (cost := _cost(*pair)) is not None), None),
        selected=any(entry["selected"].flag() for entry in entries),
        extraction=extraction,
        dev_extracted=_extracted(dev[0], extraction),
        test_extracted=_extracted(test[0], extraction),
        prompt_tokens=_per_request(test[0] or dev[0], "prompt_tokens"),
        completion_tokens=_per_request(test[0] or dev[0], "completion_tokens"),
    )


def _extraction(entry: Field | None, metric: str) -> str:
    """Name the metric of verdict.yaml that forgives the format and scores these answers best."""
    names = load_rulebook().extraction.get(metric, ())
    known = {name: score for name in names if (score := _extracted(entry, name))}
    return max(known, key=lambda name: known[name].value, default="")


def _extracted(entry: Field | None, metric: str) -> Score | None:
    if entry is None or not metric or entry["metrics"][metric].absent:
        return None
    return read_score(entry["metrics"][metric], entry["n"])


def _per_request(entry: Field | None, name: str) -> float | None:
    if entry is None:
        return None
    total, n = entry[name].number(0), _asked(entry)
    return total / n if total and n else None


def _asked(entry: Field) -> int | None:
    """Return the rows that tokens and money were spent on: those that leak too, which are not scored."""
    with_leaked = entry["with_leaked"]["n"].count()
    return entry["n"].count() if with_leaked is None else with_leaked


def read_score(metric: Field, rows: Field) -> Score:
    """Return a score with its limits; without limits Wilson's stand in where the number of rows is known."""
    value, n = metric["value"].share(), rows.count()
    if metric.absent:
        raise metric.missing()
    if value is None:
        raise metric["value"].missing()
    low, high = metric["low"].share(), metric["high"].share()
    if n and (low is None or high is None):
        interval = wilson(value * n, n)
        low, high = interval.low, interval.high
    return Score(value, low, high, n)


def read_agreement(agreement: Field) -> Agreement:
    """Return how far labels can be trusted; a bare number is the agreement of people with each other."""
    if not isinstance(agreement.value, Mapping):
        return Agreement(people=agreement.share())
    return Agreement(
        agreement["judge"].number(-1, 1), agreement["people"].share(), agreement["label_error"].share()
    )


def read_probe(probe: Field) -> Probe:
    """Return what a short training showed."""
    return Probe(probe["high"].number(-1, 1), probe["rising"].flag())


def _cost(entry: Field, measured: Score) -> float | None:
    cost, n = entry["cost"].number(0), _asked(entry) or measured.n
    return cost / n if cost is not None and n else None
