"""`evaluate` module for `rubrics.scoring.call_match`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import call_match


class CallMatch(shared.RowMetric):
    """Share of answers that make the wanted function calls."""

    METRIC = "call_match"
    SCORE = staticmethod(call_match)
    DESCRIPTION = """
Share of answers that make exactly the wanted function calls, in any order: name, required arguments, accepted
values. References are calls, or possible answers as the Berkeley function-calling leaderboard writes them.
"""
    CITATION = """
@inproceedings{patil2025bfcl,
  title={The Berkeley Function Calling Leaderboard},
  author={Patil, Shishir G. and Mao, Huanzhi and others},
  booktitle={ICML},
  year={2025}
}
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("call_match")), keep_in_memory=True)
    >>> metric.compute(predictions=['[{"name": "area", "arguments": {"base": 10}}]'], references=['[{"area": {"base": [10], "unit": ["cm", ""]}}]'])
    {'call_match': 1.0}
"""
