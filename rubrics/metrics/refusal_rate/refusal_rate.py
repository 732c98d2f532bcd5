"""`evaluate` module for `rubrics.scoring.refusal`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import refusal


class RefusalRate(shared.RowMetric):
    """Share of answers that refuse."""

    METRIC = "refusal_rate"
    SCORE = staticmethod(refusal)
    DESCRIPTION = """
Share of answers that begin with a refusal, by English and Korean phrases (refusals.yaml, with its sources).
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("refusal_rate")), keep_in_memory=True)
    >>> metric.compute(predictions=["I cannot help with that.", "Paris"])
    {'refusal_rate': 0.5}
"""
    READS_REFERENCES = False
