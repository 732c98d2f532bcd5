"""`evaluate` module for `rubrics.scoring.refusal_match`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import refusal_match


class RefusalMatch(shared.RowMetric):
    """Share of answers that refuse exactly where the reference does."""

    METRIC = "refusal_match"
    SCORE = staticmethod(refusal_match)
    DESCRIPTION = """
Share of answers that refuse where an accepted reference refuses, and only there; phrases as in refusal_rate.
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("refusal_match")), keep_in_memory=True)
    >>> metric.compute(predictions=["I cannot help with that.", "I can't answer that."], references=["I can't help with it", "Paris"])
    {'refusal_match': 0.5}
"""
