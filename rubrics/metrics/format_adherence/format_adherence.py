"""`evaluate` module for `rubrics.scoring.format_adherence`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import format_adherence


class FormatAdherence(shared.RowMetric):
    """Share of answers that fit a regular expression."""

    METRIC = "format_adherence"
    SCORE = staticmethod(format_adherence)
    DESCRIPTION = """
Share of answers that fit, trimmed and as a whole, a regular expression. A pattern that backtracks without end is
stopped and refused.
"""
    OPTIONS = """    pattern: the regular expression, in the syntax of Python's `re` and the `regex` package.
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("format_adherence")), keep_in_memory=True)
    >>> metric.compute(predictions=["SK-1", "none"], pattern=r"SK-\\d+")
    {'format_adherence': 0.5}
"""
    READS_REFERENCES = False
