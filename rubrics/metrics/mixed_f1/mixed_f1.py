"""`evaluate` module for `rubrics.scoring.mixed_f1`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import mixed_f1


class MixedF1(shared.RowMetric):
    """Mean F1 of words or characters, chosen row by row."""

    METRIC = "mixed_f1"
    SCORE = staticmethod(mixed_f1)
    DESCRIPTION = """
Mean of char_f1 where the reference is mostly in a script without spaces (or Hangul) and of token_f1 elsewhere, so
that a file of several languages has one score.
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("mixed_f1")), keep_in_memory=True)
    >>> metric.compute(predictions=["서울", "Eiffel Tower"], references=["서울시", "the Eiffel Tower"])
    {'mixed_f1': 0.9}
"""
