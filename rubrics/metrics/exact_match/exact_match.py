"""`evaluate` module for `rubrics.scoring.exact_match`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import exact_match


class ExactMatch(shared.RowMetric):
    """Mean strict exact match."""

    METRIC = "exact_match"
    SCORE = staticmethod(exact_match)
    DESCRIPTION = """
Share of answers that equal an accepted reference character for character, after Unicode NFC and trimming and
nothing else. Not the same as the metric named exact_match on the hub, which neither composes nor trims, nor
as SQuAD's.
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("exact_match")), keep_in_memory=True)
    >>> metric.compute(predictions=["Paris"], references=[["Rome", "Paris"]])
    {'exact_match': 1.0}
"""
