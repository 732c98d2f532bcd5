"""`evaluate` module for `rubrics.scoring.token_f1`; imports stand one a line because its loader parses them."""

import datasets
import evaluate

from rubrics.scoring import token_f1

_DESCRIPTION = """
Mean F1 of the words that an answer and its closest accepted reference share, after SQuAD v1.1 normalisation:
lower case, without ASCII punctuation, without the articles a, an and the.
"""

_CITATION = """
@inproceedings{rajpurkar2016squad,
  title={SQuAD: 100,000+ Questions for Machine Comprehension of Text},
  author={Rajpurkar, Pranav and Zhang, Jian and Lopyrev, Konstantin and Liang, Percy},
  booktitle={Proceedings of EMNLP},
  year={2016},
  url={https://arxiv.org/abs/1606.05250}
}
"""

_INPUTS = """
Args:
    predictions: list of texts, one answer a row.
    references: list of texts, or list of lists of accepted texts, one entry a row.
Returns:
    token_f1: mean over the rows, 0..1; a row counts its best reference.
Example:
    >>> metric = evaluate.load(str(metric_path("token_f1")), keep_in_memory=True)
    >>> metric.compute(predictions=["Eiffel Tower Paris"], references=[["the Eiffel Tower", "Tour Eiffel"]])
    {'token_f1': 0.8}
"""


class TokenF1(evaluate.Metric):  # type: ignore[misc]
    """Mean SQuAD v1.1 token F1, as a share and not in percent."""

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS,
            features=[
                datasets.Features({"predictions": text, "references": text}),
                datasets.Features({"predictions": text, "references": datasets.Sequence(text)}),
            ],
        )

    def _compute(self, predictions: list[str], references: list[str] | list[list[str]]) -> dict[str, float]:
        accepted = [[entry] if isinstance(entry, str) else entry for entry in references]
        scores = [token_f1(*row) for row in zip(predictions, accepted, strict=True)]
        return {"token_f1": sum(scores) / len(scores)}
