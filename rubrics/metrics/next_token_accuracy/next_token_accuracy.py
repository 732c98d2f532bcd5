"""`evaluate` module for `rubrics.scoring.next_token_accuracy`; imports stand one a line: its loader parses them."""

import datasets
import evaluate

from rubrics.metrics import shared
from rubrics.scoring import next_token_accuracy

_DESCRIPTION = """
Fraction of correct next-step predictions: the share of supervised tokens that the arg-max predicts right when all
tokens before are the true ones (teacher-forced). Not the share of right answers.
"""

_INPUTS = """
Args:
    predictions: arg-max token ids, one (T,) list a row; position t predicts token t + 1.
    references: token ids, one (T,) list a row; -100 where a token is not supervised.
Returns:
    next_token_accuracy: over the supervised tokens of all rows, 0..1.
Example:
    >>> metric = evaluate.load(str(metric_path("next_token_accuracy")), keep_in_memory=True)
    >>> metric.compute(predictions=[[5, 6, 0]], references=[[-100, 5, 7]])
    {'next_token_accuracy': 0.5}
"""


class NextTokenAccuracy(evaluate.Metric):  # type: ignore[misc]
    """Share of right next tokens over all rows."""

    def _info(self) -> evaluate.MetricInfo:
        ids = datasets.Sequence(datasets.Value("int64"))
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=shared.OURS,
            inputs_description=_INPUTS,
            features=datasets.Features({"predictions": ids, "references": ids}),
        )

    def _compute(self, predictions: list[list[int]], references: list[list[int]]) -> dict[str, float]:
        return {"next_token_accuracy": next_token_accuracy(predictions, references)}
