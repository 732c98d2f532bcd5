"""`evaluate` module for `rubrics.scoring.chrf`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import chrf


class Chrf(shared.RowMetric):
    """Mean sentence-level chrF2."""

    METRIC = "chrf"
    SCORE = staticmethod(chrf)
    DESCRIPTION = """
Mean sentence-level chrF2 against the closest accepted reference, by the sacrebleu package with its defaults, as a
share. It rewards wording. Needs the extra [metrics].
"""
    CITATION = """
@inproceedings{popovic2015chrf,
  title={chrF: character n-gram F-score for automatic MT evaluation},
  author={Popovi{\\'c}, Maja},
  booktitle={Proceedings of WMT},
  year={2015},
  url={https://aclanthology.org/W15-3049}
}
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("chrf")), keep_in_memory=True)
    >>> metric.compute(predictions=["the cat"], references=["the cat"])
    {'chrf': 1.0}
"""
