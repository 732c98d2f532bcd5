"""`evaluate` module for `rubrics.scoring.length_ratio`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import length_ratio


class LengthRatio(shared.RowMetric):
    """Mean agreement of lengths."""

    METRIC = "length_ratio"
    SCORE = staticmethod(length_ratio)
    DESCRIPTION = """
Mean of shorter over longer length of answer and closest accepted reference, in words, or in characters for scripts
without spaces. `rubrics.scoring.relative_length` tells which is the longer.
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("length_ratio")), keep_in_memory=True)
    >>> metric.compute(predictions=["one two"], references=["one two three four"])
    {'length_ratio': 0.5}
"""
