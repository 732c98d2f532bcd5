"""`evaluate` module for `rubrics.scoring.squad_exact_match`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import squad_exact_match


class SquadExactMatch(shared.RowMetric):
    """Mean SQuAD v1.1 exact match, as a share and not in percent."""

    METRIC = "squad_exact_match"
    SCORE = staticmethod(squad_exact_match)
    DESCRIPTION = """
Share of answers that equal an accepted reference after SQuAD v1.1 normalisation: lower case, without ASCII
punctuation, without the articles a, an and the, white space collapsed.
"""
    CITATION = shared.SQUAD
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("squad_exact_match")), keep_in_memory=True)
    >>> metric.compute(predictions=["the Eiffel Tower"], references=[["Eiffel tower.", "Tour Eiffel"]])
    {'squad_exact_match': 1.0}
"""
