"""How often the whole procedure ships a tuned model that is no better than asked for, through the real rules.

    python tests/benchmarks/false_ship.py [--simulations 4000]

Each simulated run scores four cheap options on dev, chooses the best, scores it on test, asks R1 to R14 whether to
train, and where they say FINE_TUNE compares a tuned model with a known true gain by T1 to T6. Counted are runs that
end in SHIP_TUNED, among all runs (what a user meets) and among those that trained. A few runs of every case go
through `decide_report` too and must end alike.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rubrics import outcome
from rubrics.decide import decide_report
from rubrics.measurements import from_report
from rubrics.outcome import PairedResult, compare_outcome
from rubrics.rulebook import AfterTraining, Outcome
from rubrics.statistics import compare_paired, wilson
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


CASES = (
    Case("equal rungs, far target", (0.7,) * 4, 60, 400, 0.9),
    Case("equal rungs, no target", (0.7,) * 4, 60, 200, None),
    Case("equal rungs, near target", (0.88,) * 4, 60, 400, 0.9),
    Case("unequal rungs", (0.65, 0.67, 0.69, 0.70), 100, 500, 0.85),
    Case("unequal, over the chosen", (0.65, 0.67, 0.69, 0.70), 100, 500, 0.85, over_chosen=True),
    Case("many rows", (0.7,) * 4, 200, 2000, 0.8),
    Case("few rows", (0.5,) * 4, 40, 100, 0.9, changed=0.3),
)
GAINS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""True gain over the best rung (or over the one chosen on dev, where the case says so), as a share of the smallest gain worth it; 0 is the null hypothesis."""


def main() -> None:
    """Simulate every case at every gain and print the rates."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--simulations", type=int, default=4_000)
    options.add_argument("--only", default="", help="part of a case's name")
    given = options.parse_args()
    simulations = given.simulations
    # How many rows an undecided test lacks is slow to find and changes no outcome.
    outcome.rows_to_decide = lambda paired, min_gain: None
    for case in [case for case in CASES if given.only in case.name]:
        for share in GAINS:
            rng = np.random.default_rng(round(1000 * share) + case.test)
            ends = [
                simulate(case, share * case.min_gain, rng, whole=at < CHECKED_WHOLE)
                for at in range(simulations)
            ]
            trained = [end for end in ends if end is not None]
            shipped = sum(end is AfterTraining.SHIP_TUNED for end in trained)
            rate = wilson(shipped, simulations)
            among = f"{shipped / len(trained):.3f}" if trained else "-"
            print(
                f"{case.name:26} gain {share:.1f} of the least: shipped {rate.value:.4f} "
                f"[{rate.low:.4f}, {rate.high:.4f}], trained {len(trained) / simulations:.3f}, of those {among}",
                flush=True,
            )


def simulate(case: Case, gain: float, rng: np.random.Generator, *, whole: bool) -> AfterTraining | None:
    """Return how one run ends; None where it does not train."""
    dev = [rng.random(case.dev) < true for true in case.rungs]
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
    return end


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
