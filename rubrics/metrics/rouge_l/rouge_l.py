"""`evaluate` module for `rubrics.scoring.rouge_l`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import rouge_l


class RougeL(shared.RowMetric):
    """Mean ROUGE-L F1."""

    METRIC = "rouge_l"
    SCORE = staticmethod(rouge_l)
    DESCRIPTION = """
Mean ROUGE-L (F1, no stemming) against the closest accepted reference, by the rouge-score package; words of any
alphabet, characters for scripts without spaces. It rewards wording. Needs the extra [metrics].
"""
    CITATION = shared.ROUGE
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("rouge_l")), keep_in_memory=True)
    >>> metric.compute(predictions=["the cat sat here"], references=["the cat sat there"])
    {'rouge_l': 0.75}
"""
