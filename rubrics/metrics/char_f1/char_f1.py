"""`evaluate` module for `rubrics.scoring.char_f1`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import char_f1


class CharF1(shared.RowMetric):
    """Mean character F1."""

    METRIC = "char_f1"
    SCORE = staticmethod(char_f1)
    DESCRIPTION = """
Mean F1 of the characters that an answer and its closest accepted reference share, counted with repetition: NFC,
lower case, without white space and punctuation. For scripts without spaces, and for Korean.
"""
    CITATION = """
@article{lim2019korquad,
  title={KorQuAD1.0: Korean QA Dataset for Machine Reading Comprehension},
  author={Lim, Seungyoung and Kim, Myungji and Lee, Jooyoul},
  year={2019},
  url={https://arxiv.org/abs/1909.07005}
}
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("char_f1")), keep_in_memory=True)
    >>> metric.compute(predictions=["서울"], references=["서울시"])
    {'char_f1': 0.8}
"""
