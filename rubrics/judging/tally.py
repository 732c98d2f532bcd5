"""Counts drawn from verdicts: scores, wins with their test, and the two biases that judges are known for.

Position: the preference goes with the place in the prompt. Length: the longer answer wins more often; that it is
longer may be why it is better, so the share is shown beside people's own where they labelled the same rows.
Source: Zheng et al. 2023 (arXiv 2306.05685), section 3.3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rubrics.judging.framing import FIRST
from rubrics.judging.verdicts import PairVerdict, Preferred
from rubrics.statistics import ALPHA, Interval, mcnemar_exact, mean_interval, paired_share_difference, wilson

UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Wins:
    """Wins of two systems over the same rows.

    Attributes:
        difference: share of rows that B wins minus that of A with its 95% interval, -1..1.
        p_value: of the exact two-sided sign test over the untied rows.
    """

    a: int
    b: int
    ties: int
    difference: Interval
    p_value: float

    @property
    def better(self) -> str:
        """`a`, `b`, or `undecided` where the test does not tell them apart."""
        if self.p_value >= ALPHA:
            return UNDECIDED
        return "b" if self.b > self.a else "a"

    def to_json(self) -> dict[str, Any]:
        """The `wins` of a result."""
        return {
            "a": self.a,
            "b": self.b,
            "ties": self.ties,
            "n": self.a + self.b + self.ties,
            "difference": vars(self.difference),
            "p_value": self.p_value,
            "test": "exact sign test over untied rows",
        }


def count_wins(preferred: Sequence[Preferred]) -> Wins:
    """Count wins; the interval agrees with the test.

    The sign test over untied rows is the exact McNemar test with wins for discordant pairs, so its interval is that
    of paired shares. Source: Dixon and Mood (1946), JASA 41, 557-566; `paired_share_difference` for the interval.

    Raises:
        ValueError: there is no row.
    """
    counts = Counter(preferred)
    a, b = counts[Preferred.A], counts[Preferred.B]
    return Wins(
        a, b, counts[Preferred.TIE], paired_share_difference(b, a, len(preferred)), mcnemar_exact(b, a)
    )


def position_bias(verdicts: Sequence[PairVerdict]) -> dict[str, Any]:
    """How the place in the prompt moved the readable verdicts; rates are 0..1 with Wilson intervals.

    `flip_rate`: pairs whose preference reversed with the order. `changed_rate`: those and pairs that were a tie in
    one order only. `first_share`: of the single preferences the share for the first place, half where there is no
    bias; None without one.
    """
    valid = [verdict for verdict in verdicts if verdict.valid]
    single = [place for v in valid for place in (v.forward, v.backward) if place in ("1", "2")]
    return {
        "pairs": len(valid),
        "flips": sum(verdict.flipped for verdict in valid),
        "flip_rate": share([verdict.flipped for verdict in valid]),
        "changed_rate": share([verdict.changed for verdict in valid]),
        "first_share": sum(place == FIRST for place in single) / len(single) if single else None,
    }


def longer_share(preferred: Sequence[Preferred], lengths: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Share of wins by the longer answer, among wins of answers that differ in length.

    Args:
        lengths: characters of A's and of B's answer, in the order of `preferred`.
    """
    wins = [
        (one == Preferred.A) == (a > b)
        for one, (a, b) in zip(preferred, lengths, strict=True)
        if one != Preferred.TIE and a != b
    ]
    return {"wins": len(wins), "longer_share": share(wins)}


def share(holds: Sequence[bool]) -> dict[str, float] | None:
    """A share with its Wilson interval; None of nothing."""
    return vars(wilson(sum(holds), len(holds))) if holds else None


def mean_of_scores(scores: Sequence[int], levels: Sequence[int]) -> tuple[Interval, Interval]:
    """Return the mean as 0..1 and on the scale, each with its 95% interval over rows.

    Raises:
        ValueError: there is no score.
    """
    lowest, span = levels[0], levels[-1] - levels[0]
    unit = mean_interval([(score - lowest) / span for score in scores])
    scaled = Interval(*(lowest + span * value for value in (unit.value, unit.low, unit.high)))
    return unit, scaled


def length_correlation(scores: Sequence[int], lengths: Sequence[int]) -> float | None:
    """Spearman's rank correlation of score and length, -1..1; None where either does not vary."""
    if len(set(scores)) < 2 or len(set(lengths)) < 2:
        return None
    from scipy.stats import spearmanr

    return float(spearmanr(scores, lengths).statistic)
