"""The same rows answered several times: the mean score, and how far scores differ by the sampling of answers alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from advisor.cautions import cautions_by_metric
from advisor.predictions import Prediction, Score, noise_over_all, score_over_all
from advisor.scoring import Scoring
from advisor.scoring_files import Scored
from rubrics.errors import Fault
from rubrics.statistics import mean_interval, noise_floor

LEAST_TEMPERATURE, MOST_TEMPERATURE = 0.01, 2.0
MOST_REPEATS = 100


@dataclass(frozen=True)
class Sampling:
    """How often each row is answered, and at which temperature; by default once and greedily."""

    repeats: int = 1
    temperature: float = 0.0

    def check(self, *, local: bool) -> None:
        """Refuse what means nothing.

        Raises:
            Fault: a value out of range, or greedy repetitions of a local model; exit code 2.
        """
        if not 1 <= self.repeats <= MOST_REPEATS:
            raise Fault(
                f"{self.repeats} is not a number of repetitions",
                where="--repeats",
                fix=f"Give 1 to {MOST_REPEATS}.",
            )
        if self.temperature != 0 and not LEAST_TEMPERATURE <= self.temperature <= MOST_TEMPERATURE:
            raise Fault(
                f"{self.temperature:g} is not a temperature",
                where="--temperature",
                fix=f"Give 0 for the likeliest answer, or {LEAST_TEMPERATURE:g} to {MOST_TEMPERATURE:g}.",
            )
        if local and self.repeats > 1 and self.temperature == 0:
            raise Fault(
                "a local model gives the same answers again at temperature 0",
                where="--repeats",
                fix="Give the --temperature that you would serve it with.",
            )


def mean_scored(
    repetitions: Sequence[Sequence[Prediction]],
    each: Sequence[Scored],
    scoring: Scoring,
    sampling: Sampling,
    seed: int,
    clusters: Sequence[str] | None = None,
) -> Scored:
    """The mean over repetitions of every metric with its interval over rows, and the noise floor of one scoring.

    Args:
        repetitions: at least two, each with the same rows in the same order.
        each: what every repetition scored by itself.
        clusters: what each row belongs to; None where every row stands alone.
    """
    names, labels = list(each[0].metrics), scoring.options.labels or ()
    per_row = {
        name: [[prediction.scores[name] for prediction in answers] for answers in repetitions]
        for name in names
        if name in scoring.scorers
    }
    references = [prediction.reference for prediction in repetitions[0]]
    texts = [[prediction.prediction for prediction in answers] for answers in repetitions]
    metrics, floors = {}, {}
    for name in names:
        if name in per_row:
            metrics[name], floors[name] = _mean(per_row[name], clusters), noise_floor(per_row[name])
        else:
            metrics[name] = score_over_all(references, texts, name, labels, seed, clusters)
            floors[name] = noise_over_all(references, texts, name, labels, seed)
    values = {name: score.value for name, score in metrics.items()}
    return Scored(
        n=each[0].n,
        missing=0,
        unknown=0,
        metrics=metrics,
        cautions=cautions_by_metric(values, references, each[0].clusters, averaged=True),
        clusters=each[0].clusters,
        repeated={
            "repeats": sampling.repeats,
            "temperature": sampling.temperature,
            "noise_floor": {name: vars(floor) for name, floor in floors.items()},
            "repetitions": [_alone(scored) for scored in each],
        },
    )


def _mean(scores: Sequence[Sequence[float]], clusters: Sequence[str] | None) -> Score:
    """The mean of rows' means; sampling makes part of their spread, so it is in the interval."""
    means = [sum(row) / len(row) for row in zip(*scores, strict=True)]
    # A mean of ones may leave 0..1 in its last bit.
    interval = mean_interval([min(1.0, max(0.0, mean)) for mean in means], clusters)
    return Score(value=interval.value, low=interval.low, high=interval.high)


def _alone(scored: Scored) -> dict[str, Any]:
    found = scored.to_json()
    return {name: found[name] for name in ("metrics", "details") if name in found}


def noise_in_words(repeated: dict[str, Any]) -> list[str]:
    """Say of each metric which differences are none."""
    return [
        f"noise of {name}: two scorings of one answer a row differ by up to {floor['difference']:.3f} by sampling "
        f"alone (95%); {floor['unstable']:.0%} of the rows do not do the same in all {repeated['repeats']} "
        "repetitions"
        for name, floor in repeated["noise_floor"].items()
    ]
