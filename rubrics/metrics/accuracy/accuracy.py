"""`evaluate` module for `rubrics.scoring.accuracy`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import accuracy


class Accuracy(shared.RowMetric):
    """Share of right labels."""

    METRIC = "accuracy"
    SCORE = staticmethod(accuracy)
    DESCRIPTION = """
Share of answers that are the right label of a closed set and nothing else: NFC and trimmed, case counts. The same
number as scikit-learn's accuracy_score of the trimmed labels.
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("accuracy")), keep_in_memory=True)
    >>> metric.compute(predictions=["refund", "login"], references=["refund", "refund"])
    {'accuracy': 0.5}
"""
