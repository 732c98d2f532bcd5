"""`evaluate` module for `rubrics.scoring.token_f1`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import token_f1


class TokenF1(shared.RowMetric):
    """Mean SQuAD v1.1 token F1, as a share and not in percent."""

    METRIC = "token_f1"
    SCORE = staticmethod(token_f1)
    DESCRIPTION = """
Mean F1 of the words that an answer and its closest accepted reference share, after SQuAD v1.1 normalisation:
lower case, without ASCII punctuation, without the articles a, an and the.
"""
    CITATION = shared.SQUAD
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("token_f1")), keep_in_memory=True)
    >>> metric.compute(predictions=["Eiffel Tower Paris"], references=[["the Eiffel Tower", "Tour Eiffel"]])
    {'token_f1': 0.8}
"""
