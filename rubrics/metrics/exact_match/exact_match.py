"""`evaluate` module for `rubrics.scoring.exact_match`; imports stand one a line because its loader parses them."""

import datasets
import evaluate

from rubrics.scoring import exact_match

_DESCRIPTION = """
Share of answers that equal an accepted reference character for character, after Unicode NFC and trimming and
nothing else. Not the same as the metric named exact_match on the hub, which neither composes nor trims, nor
as SQuAD's.
"""

_CITATION = """
Defined by this project (CONTRACT, "Definitions, used everywhere").
"""

_INPUTS = """
Args:
    predictions: list of texts, one answer a row.
    references: list of texts, or list of lists of accepted texts, one entry a row.
Returns:
    exact_match: mean over the rows, 0..1; a row counts its best reference.
Example:
    >>> metric = evaluate.load(str(metric_path("exact_match")), keep_in_memory=True)
    >>> metric.compute(predictions=["Paris"], references=[["Rome", "Paris"]])
    {'exact_match': 1.0}
"""


class ExactMatch(evaluate.Metric):  # type: ignore[misc]
    """Mean strict exact match."""

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS,
            features=[
                datasets.Features({"predictions": text, "references": text}),
                datasets.Features({"predictions": text, "references": datasets.Sequence(text)}),
            ],
        )

    def _compute(self, predictions: list[str], references: list[str] | list[list[str]]) -> dict[str, float]:
        accepted = [[entry] if isinstance(entry, str) else entry for entry in references]
        scores = [exact_match(*row) for row in zip(predictions, accepted, strict=True)]
        return {"exact_match": sum(scores) / len(scores)}
