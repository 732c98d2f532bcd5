"""`evaluate` module for `rubrics.scoring.rouge_1`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import rouge_1


class Rouge1(shared.RowMetric):
    """Mean ROUGE-1 F1."""

    METRIC = "rouge_1"
    SCORE = staticmethod(rouge_1)
    DESCRIPTION = """
Mean ROUGE-1 (F1, no stemming) against the closest accepted reference, by the rouge-score package; words of any
alphabet, characters for scripts without spaces. It rewards wording. Needs the extra [metrics].
"""
    CITATION = shared.ROUGE
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("rouge_1")), keep_in_memory=True)
    >>> metric.compute(predictions=["the cat sat here"], references=["the cat sat there"])
    {'rouge_1': 0.75}
"""
