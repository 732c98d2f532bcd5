"""How often the whole procedure ships a tuned model that is no better than asked for, through the real rules.

    python tests/benchmarks/false_ship.py [--simulations 4000] [--rules]

Each simulated run scores four cheap options on dev, chooses the best, scores it on test, asks R1 to R14 whether to
train, and where they say FINE_TUNE compares a tuned model with a known true gain over the best option by T1 to T6, with
the options that dev leaves open asked about the test rows too. Counted are runs that end in SHIP_TUNED, among all runs
(what a user meets) and among those that trained. A few runs of every case go through `decide_report` too and must end
alike.

`--rules` holds rules against a weaker option chosen by dev against each other: how often each ships where there is no
gain over the best option, and where the gain is twice the smallest one worth it.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from rubrics.compared import Compared, OtherOption, PairedResult
from rubrics.decide import decide_report
from rubrics.logic import under
from rubrics.measured_parts import Score
from rubrics.measurements import from_report
from rubrics.outcome import outcome_of
from rubrics.outcome_flips import recount
from rubrics.rulebook import AfterTraining, Outcome
from rubrics.statistics import Z, wilson
from rubrics.verdict import first_that_holds

RUNGS = ("classifier", "zero_shot", "instruction", "few_shot")
CHECKED_WHOLE = 5
Right = NDArray[np.bool_]


@dataclass(frozen=True)
class Case:
    """One world.

    Attributes:
        rungs: true accuracies.
        dev, test: rows.
        changed: least share of the rows that training changes.
        correlation: between the options' answers to one row (of the normal draws behind right and wrong).
    """

    name: str
    rungs: tuple[float, ...]
    dev: int
    test: int
    target: float | None
    min_gain: float = 0.05
    changed: float = 0.15
    correlation: float = 0.0


EQUAL, STEPS, SPREAD = (0.7,) * 4, (0.65, 0.67, 0.69, 0.70), (0.60, 0.65, 0.70, 0.70)
ONE_BETTER = (0.60, 0.60, 0.60, 0.70)
CASES = (
    Case("equal, far target", EQUAL, 60, 400, 0.9),
    Case("equal, correlated", EQUAL, 60, 400, 0.9, correlation=0.6),
    Case("equal, no target", EQUAL, 60, 200, None),
    Case("equal, near target", (0.88,) * 4, 60, 400, 0.9),
    Case("many rows", EQUAL, 200, 2000, 0.8),
    Case("few rows", (0.5,) * 4, 40, 100, 0.9, changed=0.3),
    Case("unequal, dev of 100", STEPS, 100, 500, 0.85),
    Case("unequal, dev of 100, corr.", STEPS, 100, 500, 0.85, correlation=0.6),
    Case("unequal, dev of 60", SPREAD, 60, 400, 0.9),
    Case("unequal, dev of 60, corr.", SPREAD, 60, 400, 0.9, correlation=0.6),
    Case("one better, dev of 40", ONE_BETTER, 40, 500, 0.9, correlation=0.3),
    Case("one better, 2000 test rows", ONE_BETTER, 40, 2000, 0.9, correlation=0.3),
    Case("one far better, dev of 30", (0.50, 0.50, 0.50, 0.70), 30, 500, 0.9, correlation=0.3),
    Case("two options, dev of 40", (0.60, 0.70), 40, 500, 0.9, correlation=0.3),
    Case("one better, dev of 300", ONE_BETTER, 300, 500, 0.9, correlation=0.3),
)
GAINS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""True gain over the best option, as a share of the smallest gain worth it; 0 is the null hypothesis."""


def main() -> None:
    """Simulate every case at every gain and print the rates."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--simulations", type=int, default=4_000)
    options.add_argument("--only", default="", help="part of a case's name")
    options.add_argument("--rules", action="store_true", help="hold rules against each other")
    given = options.parse_args()
    simulations = given.simulations
    chosen = [case for case in CASES if given.only in case.name]
    if given.rules:
        for case in chosen:
            _rules(case, simulations)
        return
    for case in chosen:
        for share in GAINS:
            rng = np.random.default_rng(round(1000 * share) + case.test)
            ends = [
                simulate(case, share * case.min_gain, rng, whole=at < CHECKED_WHOLE)
                for at in range(simulations)
            ]
            trained = [outcome_of(end) for end in ends if end is not None]
            shipped = sum(end is AfterTraining.SHIP_TUNED for end in trained)
            rate = wilson(shipped, simulations)
            among = f"{shipped / len(trained):.3f}" if trained else "-"
            print(
                f"{case.name:26} gain {share:.1f} of the least: shipped {rate.value:.4f} "
                f"[{rate.low:.4f}, {rate.high:.4f}], trained {len(trained) / simulations:.3f}, of those {among}",
                flush=True,
            )


def _rules(case: Case, simulations: int) -> None:
    """Print for each rule how often it ships, without a gain over the best option and with twice the least."""
    print(f"{case.name}: dev {case.dev}, test {case.test}")
    shipped: dict[str, list[int]] = {}
    for share in (0.0, 2.0):
        rng = np.random.default_rng(round(1000 * share) + case.test)
        runs = [simulate(case, share * case.min_gain, rng, whole=False) for _ in range(simulations)]
        ends = [end for end in runs if end is not None]
        for name, ships in RULES.items():
            shipped.setdefault(name, []).append(sum(ships(end) for end in ends))
    for name, (false, true) in shipped.items():
        rates = [wilson(count, simulations) for count in (false, true)]
        shown = ", ".join(f"{100 * r.value:.1f}% [{100 * r.low:.1f}, {100 * r.high:.1f}]" for r in rates)
        print(f"  {name:44} false and true SHIP {shown}", flush=True)


def _ships(end: Compared) -> bool:
    return outcome_of(end) is AfterTraining.SHIP_TUNED


def _asked(end: Compared, rungs: Collection[str]) -> Compared:
    """The same run where only these options were asked about the test rows besides the chosen one."""
    others = [other if other.rung in rungs else replace(other, on_test=None) for other in end.others]
    return replace(end, others=others)


def _chosen_alone(end: Compared) -> bool:
    return _ships(replace(end, others=()))


def _by_dev(end: Compared, z: float) -> bool:
    """The gain over every open option, by test and dev together, lies z errors above 0."""
    return _chosen_alone(end) and all(
        end.paired.difference - other.lead
        > z * math.hypot(end.paired.error, (other.high - other.low) / (2 * Z))
        for other in end.open_options
    )


def _by_test(end: Compared, p_value: float, *, every: bool = False) -> bool:
    """Every open option, or every one at all, is beaten on the test rows with that two-sided p."""
    others = end.others if every else end.open_options
    pairs = [other.on_test for other in others if other.on_test is not None]
    return _chosen_alone(end) and all(
        pair.p_value < p_value and not under(pair.difference, end.min_gain) for pair in pairs
    )


RULES: dict[str, Callable[[Compared], bool]] = {
    "the chosen option alone": _chosen_alone,
    "T3, all open options asked on test": _ships,
    "T3, classifier and zero_shot asked (time limit)": lambda end: _ships(_asked(end, RUNGS[:2])),
    "T3, none asked": lambda end: _ships(_asked(end, ())),
    "dev alone, z = 1.282": lambda end: _by_dev(end, 1.282),
    "dev alone, z = 1.645": lambda end: _by_dev(end, 1.645),
    "dev alone, z = 1.96": lambda end: _by_dev(end, 1.96),
    "test, every option at p < 0.05": lambda end: _by_test(end, 0.05, every=True),
    "test, open options at p < 0.05": lambda end: _by_test(end, 0.05),
    "test, open options at p < 0.2": lambda end: _by_test(end, 0.2),
}


def _draw(case: Case, rows: int, rng: np.random.Generator) -> list[Right]:
    """Right and wrong of every option on so many rows."""
    if case.correlation == 0:
        return [rng.random(rows) < true for true in case.rungs]
    shared = math.sqrt(case.correlation) * rng.standard_normal(rows)
    own = math.sqrt(1 - case.correlation)
    return [shared + own * rng.standard_normal(rows) < ndtri(true) for true in case.rungs]


def simulate(case: Case, gain: float, rng: np.random.Generator, *, whole: bool) -> Compared | None:
    """Return what one run measured; None where it does not train."""
    dev, test = _draw(case, case.dev, rng), _draw(case, case.test, rng)
    chosen = int(np.argmax([right.mean() for right in dev]))
    inputs = _inputs(case, dev, chosen, test[chosen])
    if first_that_holds(from_report(inputs))[1].outcome is not Outcome.FINE_TUNE:
        return None
    tuned = _tuned(test[chosen], case.rungs[chosen], max(case.rungs) + gain, case.changed, rng)
    others = [at for at in range(len(dev)) if at != chosen]
    end = Compared(
        _pair(test[chosen], tuned),
        min_gain=case.min_gain,
        target=case.target,
        tuned=_score(tuned),
        others=[_other(RUNGS[at], dev[chosen], dev[at], _pair(test[at], tuned)) for at in others],
    )
    if whole:
        comparison = {**_fields(end.paired), "contenders": [_contender(other) for other in end.others]}
        decided = decide_report({**inputs, "comparison": comparison})
        assert decided["verdict"]["outcome"] == "FINE_TUNE"
        assert decided["comparison"]["outcome"] == outcome_of(end).value
    return end


def _pair(before: Right, after: Right) -> PairedResult:
    return recount(int((after & ~before).sum()), int((before & ~after).sum()), len(before))


def _other(rung: str, chosen: Right, other: Right, on_test: PairedResult) -> OtherOption:
    lead = _pair(chosen, other)
    return OtherOption(rung, lead.difference, lead.low, lead.high, len(chosen), on_test)


def _contender(other: OtherOption) -> dict[str, Any]:
    """As `advisor decide` reads it."""
    assert other.on_test is not None
    lead = {
        "rung": other.rung,
        "n": other.rows,
        "difference": other.lead,
        "low": other.low,
        "high": other.high,
    }
    return {**lead, "on_test": _fields(other.on_test)}


def _fields(result: PairedResult) -> dict[str, Any]:
    names = ("difference", "low", "high", "p_value", "n", "fixed", "broken")
    return {name: getattr(result, name) for name in names}


def _inputs(case: Case, dev: Sequence[Right], chosen: int, baseline: Right) -> dict[str, Any]:
    entries = [_entry(RUNGS[at], "dev", right, at == chosen) for at, right in enumerate(dev)]
    entries.append(_entry(RUNGS[chosen], "test", baseline, True))
    return {
        "task": {"metric": "exact_match", "target": case.target, "min_gain": case.min_gain},
        "suitability": {"outcome": "suited", "score": 3, "criteria": []},
        "data": {
            "rows": 2000, "findings": [], "splits": {"train": 1400, "dev": case.dev, "test": case.test},
        },
        "baselines": entries,
        "churn": _churn(dev),
    }  # fmt: skip


def _entry(rung: str, split: str, right: Right, selected: bool) -> dict[str, Any]:
    score = vars(wilson(int(right.sum()), len(right)))
    return {
        "rung": rung, "split": split, "n": len(right), "selected": selected, "metrics": {"exact_match": score},
    }  # fmt: skip


def _churn(dev: Sequence[Right]) -> float:
    """As `advisor.stages.baseline` plans it: what changes between the two best rungs on dev without any gain."""
    first, second = sorted(dev, key=lambda right: -right.mean())[:2]
    return max(0.0, float((first != second).mean() - (first.mean() - second.mean())))


def _score(right: Right) -> Score:
    interval = wilson(int(right.sum()), len(right))
    return Score(interval.value, interval.low, interval.high, len(right))


def _tuned(baseline: Right, before: float, after: float, changed: float, rng: np.random.Generator) -> Right:
    """Right rows break and wrong rows are fixed so that the true scores are `before` and `after`."""
    changed = max(changed, abs(after - before))
    fixed, broken = (changed + after - before) / 2, (changed - after + before) / 2
    drawn = rng.random(len(baseline))
    return np.where(baseline, drawn >= broken / before, drawn < fixed / (1 - before))


if __name__ == "__main__":
    main()
