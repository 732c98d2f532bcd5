"""How often the 95% intervals hold the truth: 2,000 simulated test sets for each case, Wilson's by enumeration.

    python tests/benchmarks/coverage.py [--simulations 2000] [--only NAME]

Prints one line a case: coverage with its Monte Carlo interval, and for comparisons how often p < 0.05 without a
difference. `advisor help statistics` quotes the results. Takes about half an hour on one busy core.
"""

from __future__ import annotations

import argparse
import functools
import math
import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from rubrics.statistics import (
    Interval,
    compare_paired,
    mcnemar_exact,
    paired_share_difference,
    resampling,
    score_interval,
    set_score_difference,
    set_score_interval,
    wilson,
)
from rubrics.statistics import paired as paired_module

Floats = NDArray[np.float64]
SIZES = (30, 100, 500)
VALUES = (0.05, 0.2, 0.5, 0.8, 0.95)
ICC = 0.3
"""Correlation of two rows of one cluster, as of questions on one document."""


def main() -> None:
    """Run the cases and print what they gave."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--simulations", type=int, default=2_000)
    options.add_argument("--only", default="")
    chosen = options.parse_args()
    # The agreement of test and interval only needs p near 0.05, for which fewer sign flips and exchanges do.
    paired_module.PERMUTATIONS, resampling.SWAPS = 999, 199
    for name, case in CASES.items():
        if chosen.only in name:
            start = time.monotonic()
            for line in case(chosen.simulations):
                print(f"{name:34} {line}", flush=True)
            print(f"{name:34} took {time.monotonic() - start:.0f} s", flush=True)


def right_or_wrong(_: int) -> Iterator[str]:
    """Every number of right rows, weighed by its chance, over 181 true values."""
    for n in SIZES:
        held = []
        for true in np.linspace(0.05, 0.95, 181):
            inside = [(interval := wilson(k, n)).low <= true <= interval.high for k in range(n + 1)]
            held.append(float(_binomial(n, float(true)) @ np.array(inside)))
        yield f"n={n:<4} true 0.05..0.95: least {min(held):.3f}, mean {np.mean(held):.3f}, most {max(held):.3f}"


def graded(simulations: int) -> Iterator[str]:
    """Scores spread out, scores with heaps at 0 and 1 as of token F1, and scores that are nearly alike."""
    shapes: dict[str, Callable[[np.random.Generator, float, int], Floats]] = {
        "spread": lambda rng, mean, n: rng.beta(2 * mean, 2 * (1 - mean), n),
        "heaps at 0 and 1": _heaped,
        "nearly alike": lambda rng, mean, n: rng.beta(40 * mean, 40 * (1 - mean), n),
    }
    for shape, draw in shapes.items():
        for n in SIZES:
            found = []
            for true in VALUES:
                rng = np.random.default_rng(n)
                samples = (draw(rng, true, n) for _ in range(simulations))
                found.append(_held([score_interval(list(s), binary=False) for s in samples], true))
            yield f"{shape:17} n={n:<4} {_by_value(VALUES, found)}"


def clustered(simulations: int, binary: bool = True) -> Iterator[str]:
    """Rows in clusters of unequal sizes, five on average, or in few large ones."""
    for n, clusters in ((30, 6), (100, 20), (500, 100), (500, 10), (500, 30)):
        found = []
        for true in VALUES:
            rng = np.random.default_rng(n + clusters)
            intervals = []
            for _ in range(simulations):
                names = _cluster_names(rng, n, clusters)
                chances = rng.beta(*_beta(true), clusters)[names]
                scores = (rng.random(n) < chances) * 1.0 if binary else rng.beta(*_row(chances))
                intervals.append(score_interval(list(scores), binary, names.tolist()))
            found.append(_held(intervals, true))
        yield f"n={n:<4} clusters={clusters:<4} {_by_value(VALUES, found)}"


def paired_right_or_wrong(simulations: int) -> Iterator[str]:
    """Shares of fixed and broken rows; every row stands alone."""
    cases = ((0.0, 0.05), (0.0, 0.2), (0.05, 0.1), (0.1, 0.2), (0.3, 0.4), (0.6, 0.7), (-0.1, 0.3))
    interval = functools.cache(paired_share_difference)
    for n in SIZES:
        parts = []
        for gain, changed in cases:
            rng = np.random.default_rng(n)
            shares = [(changed + gain) / 2, (changed - gain) / 2, 1 - changed]
            tables = rng.multinomial(n, shares, size=simulations)
            held = _held([interval(int(f), int(b), n) for f, b, _ in tables], gain)
            parts.append(f"{gain:+.2f} of {changed:.2f}: {held:.3f}")
        yield f"n={n:<4} " + ", ".join(parts)


def paired_graded(simulations: int) -> Iterator[str]:
    """A share of the rows changes, by a graded amount with this mean; the others stay as they are."""
    for n in SIZES:
        for changed in (0.1, 0.5, 1.0):
            parts = []
            for gain in (0.0, 0.03, 0.1):
                if gain > 0.5 * changed:
                    continue
                rng, intervals, significant = np.random.default_rng(n), [], 0
                for _ in range(simulations):
                    moved = rng.random(n) < changed
                    difference = moved * (rng.beta(2, 2, n) - 0.5 + gain / changed).clip(-1, 1)
                    found = _graded_comparison(difference)
                    intervals.append(found.interval)
                    significant += found.p_value < 0.05
                level = f" (p < 0.05: {significant / simulations:.3f})" if gain == 0 else ""
                parts.append(
                    f"{gain:+.2f}: {_held(intervals, _clipped_mean(gain / changed) * changed):.3f}{level}"
                )
            yield f"n={n:<4} changed={changed:<4} " + ", ".join(parts)


def paired_clustered(simulations: int) -> Iterator[str]:
    """Right/wrong rows in clusters whose chances to be fixed or broken differ."""
    for n, clusters in ((30, 6), (100, 20), (500, 100), (500, 10), (500, 30)):
        parts = []
        for gain in (0.0, 0.1, 0.3):
            rng, intervals, significant, naive = np.random.default_rng(n + clusters), [], 0, 0
            for _ in range(simulations):
                names = _cluster_names(rng, n, clusters)
                fixed_share = rng.beta(*_beta((1 + gain) / 2), clusters)[names]
                changed = rng.random(n) < 0.4
                fixed = changed & (rng.random(n) < fixed_share)
                broken = changed & ~fixed
                found = compare_paired(
                    list(broken * 1.0), list(fixed * 1.0), binary=True, clusters=names.tolist()
                )
                intervals.append(found.interval)
                significant += found.p_value < 0.05
                naive += mcnemar_exact(int(fixed.sum()), int(broken.sum())) < 0.05
            level = ""
            if gain == 0:
                level = f" (p < 0.05: {significant / simulations:.3f}, McNemar {naive / simulations:.3f})"
            parts.append(f"{0.4 * gain:+.2f}: {_held(intervals, 0.4 * gain):.3f}{level}")
        yield f"n={n:<4} clusters={clusters:<4} " + ", ".join(parts)


def macro_f1(simulations: int) -> Iterator[str]:
    """Four labels with 10 to 50% of the rows, and 16 labels of which ten have 2% each."""
    for name, shares in (
        ("4 labels", [0.5, 0.25, 0.15, 0.1]),
        ("16 labels", [0.3] + [0.1] * 5 + [0.02] * 10),
    ):
        for n in SIZES:
            parts = []
            for accuracy in VALUES:
                chances = _confusion(np.array(shares), accuracy)
                true = float(_macro_f1(chances))
                rng = np.random.default_rng(n)
                intervals, bootstrap = [], 0
                for counts in rng.multinomial(n, chances.ravel(), size=simulations // 2):
                    cells = np.repeat(np.arange(chances.size), counts)
                    intervals.append(set_score_interval(_score_of(cells, len(shares)), n))
                    drawn = _macro_f1(rng.multinomial(n, counts / n, size=1000).reshape(-1, *chances.shape))
                    low, high = np.quantile(drawn, [0.025, 0.975])
                    bootstrap += low <= true <= high
                share = bootstrap / len(intervals)
                parts.append(f"{true:.2f}: {_held(intervals, true):.3f} (bootstrap {share:.3f})")
            yield f"{name:10} n={n:<4} " + ", ".join(parts)


def macro_f1_difference(simulations: int) -> Iterator[str]:
    """Two systems of equal accuracy, and one ahead by 10 points; answers agree on part of the rows."""
    shares = np.array([0.5, 0.25, 0.15, 0.1])
    for n in (100, 500):
        for better in (0.7, 0.8):
            rng, intervals, significant = np.random.default_rng(n), [], 0
            true = float(_macro_f1(_confusion(shares, better)) - _macro_f1(_confusion(shares, 0.7)))
            for _ in range(simulations // 4):
                labels = rng.choice(4, n, p=shares)
                before, after = (_answers(rng, labels, shares, right) for right in (0.7, better))

                def score(rows: NDArray[np.int64], exchanged: NDArray[np.bool_]) -> float:
                    given = np.where(exchanged, after, before)  # noqa: B023 - used within the turn
                    cells = labels[rows] * 4 + given[rows]  # noqa: B023
                    return float(_macro_f1(np.bincount(cells, minlength=16).reshape(4, 4)))

                interval, p_value = set_score_difference(score, n)
                intervals.append(interval)
                significant += p_value < 0.05
            yield f"n={n:<4} {true:+.2f}: {_held(intervals, true):.3f} (p < 0.05: {significant / len(intervals):.3f})"


CASES: dict[str, Callable[[int], Iterator[str]]] = {
    "right/wrong, Wilson": right_or_wrong,
    "graded": graded,
    "clustered right/wrong": clustered,
    "clustered graded": functools.partial(clustered, binary=False),
    "paired right/wrong": paired_right_or_wrong,
    "paired graded": paired_graded,
    "paired clustered right/wrong": paired_clustered,
    "macro-F1": macro_f1,
    "paired macro-F1": macro_f1_difference,
}


def _held(intervals: list[Interval], true: float) -> float:
    return float(np.mean([interval.low <= true <= interval.high for interval in intervals]))


def _by_value(values: tuple[float, ...], found: list[float]) -> str:
    return ", ".join(f"{value:.2f}: {held:.3f}" for value, held in zip(values, found, strict=True))


def _binomial(n: int, true: float) -> Floats:
    return np.array([math.comb(n, k) * true**k * (1 - true) ** (n - k) for k in range(n + 1)])


def _heaped(rng: np.random.Generator, mean: float, n: int) -> Floats:
    partial = rng.beta(4 * mean, 4 * (1 - mean), n)
    return np.where(rng.random(n) < 0.4, partial, rng.random(n) < mean)


def _beta(mean: float) -> tuple[float, float]:
    """Parameters of a beta distribution with this mean, by which rows of a cluster correlate with ICC."""
    strength = (1 - ICC) / ICC
    return mean * strength, (1 - mean) * strength


def _row(chances: Floats) -> tuple[Floats, Floats]:
    chances = chances.clip(1e-6, 1 - 1e-6)
    return 4 * chances, 4 * (1 - chances)


def _cluster_names(rng: np.random.Generator, n: int, clusters: int) -> NDArray[np.int64]:
    """Every cluster has a row; the rest fall by unequal chances."""
    chances = rng.gamma(2, size=clusters)
    rest = rng.choice(clusters, n - clusters, p=chances / chances.sum())
    return np.concatenate([np.arange(clusters), rest])


def _graded_comparison(difference: Floats) -> paired_module.PairedComparison:
    return compare_paired(list((-difference).clip(0, 1)), list(difference.clip(0, 1)), binary=False, seed=0)


@functools.cache
def _clipped_mean(shift: float) -> float:
    grid = (np.arange(200_000) + 0.5) / 200_000
    density = 6 * grid * (1 - grid)
    return float(((grid - 0.5 + shift).clip(-1, 1) * density).mean())


def _confusion(shares: Floats, accuracy: float) -> Floats:
    """Chances of (label, answer): right with `accuracy`, else another label by its share."""
    chances = np.outer(shares, shares) * (1 - accuracy) / (1 - shares)[:, None]
    np.fill_diagonal(chances, shares * accuracy)
    return chances


def _answers(
    rng: np.random.Generator, labels: NDArray[np.int64], shares: Floats, right: float
) -> NDArray[np.int64]:
    answers = labels.copy()
    for label in range(len(shares)):
        others = np.delete(np.arange(len(shares)), label)
        wrong = (labels == label) & (rng.random(len(labels)) >= right)
        answers[wrong] = rng.choice(others, int(wrong.sum()), p=shares[others] / shares[others].sum())
    return answers


def _score_of(cells: NDArray[np.int64], labels: int) -> Callable[[NDArray[np.int64]], float]:
    def score(rows: NDArray[np.int64]) -> float:
        return float(_macro_f1(np.bincount(cells[rows], minlength=labels**2).reshape(labels, labels)))

    return score


def _macro_f1(tables: Floats | NDArray[np.int64]) -> Floats:
    """Mean F1 over the labels that occur; tables are (..., label, answer)."""
    right = np.diagonal(tables, axis1=-2, axis2=-1)
    total = tables.sum(-1) + tables.sum(-2)
    f1 = np.where(total > 0, 2 * right / np.where(total > 0, total, 1), 0.0)
    mean: Floats = f1.sum(-1) / (total > 0).sum(-1).clip(1)
    return mean


if __name__ == "__main__":
    main()
