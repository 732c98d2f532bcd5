"""`evaluate` module for `rubrics.scoring.token_means`; imports stand one a line because its loader parses them."""

import datasets
import evaluate

from rubrics.metrics import shared
from rubrics.scoring import token_means
from rubrics.scoring.tokens import combine

_DESCRIPTION = """
Total loss: mean cross-entropy in nats over supervised tokens, teacher-forced, with the fraction of correct next-step
predictions over the same tokens. Comparable between models of one tokenizer only.
"""

_INPUTS = """
Args:
    predictions: logits, one (T, V) matrix a row; position t predicts token t + 1.
    references: token ids, one (T,) list a row; -100 where a token is not supervised.
Returns:
    total_loss: nats a supervised token, 0 or more; a token weighs the same in every row.
    next_token_accuracy: 0..1.
    supervised_tokens: over which both are means.
Example:
    >>> metric = evaluate.load(str(metric_path("total_loss")), keep_in_memory=True)
    >>> metric.compute(predictions=[[[0.0, 0.0], [0.0, 0.0]]], references=[[0, 1]])["total_loss"]
    0.6931471805599453
"""


class TotalLoss(evaluate.Metric):  # type: ignore[misc]
    """Token-weighted mean loss over rows."""

    def _info(self) -> evaluate.MetricInfo:
        logits = datasets.Sequence(datasets.Sequence(datasets.Value("float32")))
        ids = datasets.Sequence(datasets.Value("int64"))
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=shared.OURS,
            inputs_description=_INPUTS,
            features=datasets.Features({"predictions": logits, "references": ids}),
        )

    def _compute(self, predictions: list[list[list[float]]], references: list[list[int]]) -> dict[str, float]:
        found = combine([token_means(*row) for row in zip(predictions, references, strict=True)])
        return {
            "total_loss": found.loss,
            "next_token_accuracy": found.next_token_accuracy,
            "supervised_tokens": found.supervised_tokens,
        }
