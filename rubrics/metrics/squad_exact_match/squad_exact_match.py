"""`evaluate` module for `rubrics.scoring.squad_exact_match`; imports stand one a line because its loader parses them."""

import datasets
import evaluate

from rubrics.scoring import squad_exact_match

_DESCRIPTION = """
Share of answers that equal an accepted reference after SQuAD v1.1 normalisation: lower case, without ASCII
punctuation, without the articles a, an and the, white space collapsed.
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
    squad_exact_match: mean over the rows, 0..1; a row counts its best reference.
Example:
    >>> metric = evaluate.load(str(metric_path("squad_exact_match")), keep_in_memory=True)
    >>> metric.compute(predictions=["the Eiffel Tower"], references=[["Eiffel tower.", "Tour Eiffel"]])
    {'squad_exact_match': 1.0}
"""


class SquadExactMatch(evaluate.Metric):  # type: ignore[misc]
    """Mean SQuAD v1.1 exact match, as a share and not in percent."""

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
        scores = [squad_exact_match(*row) for row in zip(predictions, accepted, strict=True)]
        return {"squad_exact_match": sum(scores) / len(scores)}
