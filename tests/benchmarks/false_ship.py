"""How often the whole procedure ships a tuned model that is no better than asked for, through the real rules.

    python tests/benchmarks/false_ship.py [--simulations 4000] [--stricter]

Each simulated run scores four cheap options on dev, chooses the best, scores it on test, asks R1 to R14 whether to
train, and where they say FINE_TUNE compares a tuned model with a known true gain by T1 to T6. Counted are runs that
end in SHIP_TUNED, among all runs (what a user meets) and among those that trained. A few runs of every case go
through `decide_report` too and must end alike.

`--stricter` asks what rules against a weaker option chosen by dev would cost: how often each ships where there is no
gain over the best option, and where the gain is twice the smallest one worth it.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from rubrics import outcome
from rubrics.compared import PairedResult
from rubrics.decide import decide_report
from rubrics.measurements import from_report
from rubrics.outcome import compare_outcome
from rubrics.rulebook import AfterTraining, Outcome
from rubrics.statistics import Interval, Z, compare_paired, paired_share_difference, wilson
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
        over_chosen: the gain is meant over the rung chosen on dev, which is what the test compares with, and not
            over the best one, which dev may have missed.
    """

    name: str
    rungs: tuple[float, ...]
    dev: int
    test: int
    target: float | None
    min_gain: float = 0.05
    changed: float = 0.15
    over_chosen: bool = False
    correlation: float = 0.0


CASES = (
    Case("equal rungs, far target", (0.7,) * 4, 60, 400, 0.9),
    Case("equal rungs, no target", (0.7,) * 4, 60, 200, None),
    Case("equal rungs, near target", (0.88,) * 4, 60, 400, 0.9),
    Case("unequal rungs", (0.65, 0.67, 0.69, 0.70), 100, 500, 0.85),
    Case("unequal, over the chosen", (0.65, 0.67, 0.69, 0.70), 100, 500, 0.85, over_chosen=True),
    Case("many rows", (0.7,) * 4, 200, 2000, 0.8),
    Case("few rows", (0.5,) * 4, 40, 100, 0.9, changed=0.3),
)
STRICTER_CASES = (
    *(case for case in CASES if not case.over_chosen),
    Case("unequal, correlated", (0.65, 0.67, 0.69, 0.70), 100, 500, 0.85, correlation=0.6),
    Case("unequal, dev of 60", (0.60, 0.65, 0.70, 0.70), 60, 400, 0.9),
    Case("unequal, dev of 60, corr.", (0.60, 0.65, 0.70, 0.70), 60, 400, 0.9, correlation=0.6),
    Case("one better, dev of 40", (0.60, 0.60, 0.60, 0.70), 40, 500, 0.9, correlation=0.3),
    Case("one better, dev of 300", (0.60, 0.60, 0.60, 0.70), 300, 500, 0.9, correlation=0.3),
)
GAINS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""True gain over the best rung (or over the one chosen on dev, where the case says so), as a share of the smallest gain worth it; 0 is the null hypothesis."""


def main() -> None:
    """Simulate every case at every gain and print the rates."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--simulations", type=int, default=4_000)
    options.add_argument("--only", default="", help="part of a case's name")
    options.add_argument("--stricter", action="store_true", help="what stricter rules would cost")
    given = options.parse_args()
    simulations = given.simulations
    # How many rows an undecided test lacks is slow to find and changes no outcome.
    outcome.rows_to_decide = lambda paired, min_gain: None
    if given.stricter:
        for case in [case for case in STRICTER_CASES if given.only in case.name]:
            _stricter(case, simulations)
        return
    for case in [case for case in CASES if given.only in case.name]:
        for share in GAINS:
            rng = np.random.default_rng(round(1000 * share) + case.test)
            ends = [
                simulate(case, share * case.min_gain, rng, whole=at < CHECKED_WHOLE)
                for at in range(simulations)
            ]
            trained = [end.outcome for end in ends if end is not None]
            shipped = sum(end is AfterTraining.SHIP_TUNED for end in trained)
            rate = wilson(shipped, simulations)
            among = f"{shipped / len(trained):.3f}" if trained else "-"
            print(
                f"{case.name:26} gain {share:.1f} of the least: shipped {rate.value:.4f} "
                f"[{rate.low:.4f}, {rate.high:.4f}], trained {len(trained) / simulations:.3f}, of those {among}",
                flush=True,
            )


def _stricter(case: Case, simulations: int) -> None:
    """Print for the rule as it is and for each stricter one how often it ships, without a gain and with twice the least."""
    print(f"{case.name}: dev {case.dev}, test {case.test}")
    shipped: dict[str, list[int]] = {}
    for share in (0.0, 2.0):
        rng = np.random.default_rng(round(1000 * share) + case.test)
        runs = [simulate(case, share * case.min_gain, rng, whole=False) for _ in range(simulations)]
        ends = [end for end in runs if end is not None and end.outcome is AfterTraining.SHIP_TUNED]
        for name, ships in RULES.items():
            shipped.setdefault(name, []).append(sum(ships(end) for end in ends))
    for name, (false, true) in shipped.items():
        rates = [wilson(count, simulations) for count in (false, true)]
        shown = ", ".join(f"{100 * r.value:.1f}% [{100 * r.low:.1f}, {100 * r.high:.1f}]" for r in rates)
        print(f"  {name:34} false and true SHIP {shown}", flush=True)


@dataclass(frozen=True)
class End:
    """How a run ended that trained, and what dev said of the other options.

    Attributes:
        leads: paired difference on dev of every other option and the chosen one, with its limits.
    """

    outcome: AfterTraining
    test: Interval
    leads: tuple[Interval, ...]
    min_gain: float


def _sum_of_limits(end: End) -> bool:
    """The gain surely exceeds the largest lead of another option that dev leaves open."""
    return end.test.low > max(0.0, *(lead.high for lead in end.leads))


def _in_quadrature(end: End, z: float) -> bool:
    """The gain over every other option, by test and dev together, is surely above 0."""
    return all(
        end.test.value - lead.value > z * math.hypot(_error(end.test), _error(lead)) for lead in end.leads
    )


def _none_open(end: End) -> bool:
    """Dev leaves no other option open (p of 0.05 or more and a lead of the smallest gain within the limits)."""
    return not any(lead.low <= 0 <= lead.high and lead.high >= end.min_gain for lead in end.leads)


def _error(interval: Interval) -> float:
    return (interval.high - interval.low) / (2 * Z)


RULES: dict[str, Callable[[End], bool]] = {
    "as it is (T3)": lambda end: True,
    "low > largest open lead on dev": _sum_of_limits,
    "joint interval over each, 95%": lambda end: _in_quadrature(end, Z),
    "joint interval over each, 90%": lambda end: _in_quadrature(end, 1.645),
    "joint interval over each, 80%": lambda end: _in_quadrature(end, 1.282),
    "no option left open on dev": _none_open,
}


def _draw_dev(case: Case, rng: np.random.Generator) -> list[Right]:
    """Right and wrong of every option on the dev rows."""
    if case.correlation == 0:
        return [rng.random(case.dev) < true for true in case.rungs]
    shared = math.sqrt(case.correlation) * rng.standard_normal(case.dev)
    own = math.sqrt(1 - case.correlation)
    return [shared + own * rng.standard_normal(case.dev) < ndtri(true) for true in case.rungs]


def simulate(case: Case, gain: float, rng: np.random.Generator, *, whole: bool) -> End | None:
    """Return how one run ends; None where it does not train."""
    dev = _draw_dev(case, rng)
    chosen = int(np.argmax([right.mean() for right in dev]))
    baseline = rng.random(case.test) < case.rungs[chosen]
    inputs = _inputs(case, dev, chosen, baseline)
    if first_that_holds(from_report(inputs))[1].outcome is not Outcome.FINE_TUNE:
        return None
    before = case.rungs[chosen] if case.over_chosen else max(case.rungs)
    tuned = _tuned(baseline, case.rungs[chosen], before + gain, case.changed, rng)
    found = compare_paired(list(baseline * 1.0), list(tuned * 1.0), binary=True)
    assert found.table is not None
    result = PairedResult(
        difference=found.interval.value,
        low=found.interval.low,
        high=found.interval.high,
        p_value=found.p_value,
        n=found.n,
        fixed=found.table.fixed,
        broken=found.table.broken,
    )
    end = compare_outcome(
        result, min_gain=case.min_gain, target=case.target, tuned=float(tuned.mean())
    ).outcome
    if whole:
        decided = decide_report({**inputs, "comparison": {**vars_of(result), **vars(found.table)}})
        assert decided["verdict"]["outcome"] == "FINE_TUNE"
        assert decided["comparison"]["outcome"] == end.value
    leads = [_lead(dev[chosen], right) for at, right in enumerate(dev) if at != chosen]
    return End(end, found.interval, tuple(leads), case.min_gain)


def _lead(chosen: Right, other: Right) -> Interval:
    fixed, broken = int((other & ~chosen).sum()), int((chosen & ~other).sum())
    return paired_share_difference(fixed, broken, len(chosen))


def vars_of(result: PairedResult) -> dict[str, Any]:
    """Return the fields of a slotted result that the comparison object holds."""
    return {name: getattr(result, name) for name in ("difference", "low", "high", "p_value")}


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
        "discordance": _discordance(dev, case.min_gain),
    }  # fmt: skip


def _entry(rung: str, split: str, right: Right, selected: bool) -> dict[str, Any]:
    score = vars(wilson(int(right.sum()), len(right)))
    return {
        "rung": rung, "split": split, "n": len(right), "selected": selected, "metrics": {"exact_match": score},
    }  # fmt: skip


def _discordance(dev: Sequence[Right], min_gain: float) -> float:
    """As `advisor.stages.baseline` plans it: churn of the two best rungs on dev, and the gain asked for."""
    first, second = sorted(dev, key=lambda right: -right.mean())[:2]
    return min(1.0, float((first != second).mean() - (first.mean() - second.mean()) + min_gain))


def _tuned(baseline: Right, before: float, after: float, changed: float, rng: np.random.Generator) -> Right:
    """Right rows break and wrong rows are fixed so that the true scores are `before` and `after`."""
    changed = max(changed, abs(after - before))
    fixed, broken = (changed + after - before) / 2, (changed - after + before) / 2
    drawn = rng.random(len(baseline))
    return np.where(baseline, drawn >= broken / before, drawn < fixed / (1 - before))


if __name__ == "__main__":
    main()
