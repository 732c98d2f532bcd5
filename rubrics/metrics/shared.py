"""What the `evaluate` modules share; imported by them alone, since `evaluate` takes seconds to load.

A module names its pure function and says in words what it is for; nothing is computed here but a mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import datasets
import evaluate

OURS = 'Defined by this project (advisor, "Definitions, used everywhere").'
SQUAD = """
@inproceedings{rajpurkar2016squad,
  title={SQuAD: 100,000+ Questions for Machine Comprehension of Text},
  author={Rajpurkar, Pranav and Zhang, Jian and Lopyrev, Konstantin and Liang, Percy},
  booktitle={Proceedings of EMNLP},
  year={2016},
  url={https://arxiv.org/abs/1606.05250}
}
"""
ROUGE = """
@inproceedings{lin2004rouge,
  title={ROUGE: A Package for Automatic Evaluation of Summaries},
  author={Lin, Chin-Yew},
  booktitle={Text Summarization Branches Out},
  year={2004},
  url={https://aclanthology.org/W04-1013}
}
"""

_ARGUMENTS = """
Args:
    predictions: list of texts, one answer a row.
"""
_REFERENCES = "    references: list of texts, or list of lists of accepted texts, one entry a row.\n"


class RowMetric(evaluate.Metric):  # type: ignore[misc]
    """Mean of a metric that scores each row, as a share and not in percent.

    Attributes:
        METRIC: name of the metric and of its value in the result.
        SCORE: the pure function of `rubrics.scoring`.
        DESCRIPTION: what it is for.
        OPTIONS: the `Args` of its options; empty without any.
        EXAMPLE: a call and its result.
        READS_REFERENCES: whether rows have references.
    """

    METRIC: ClassVar[str]
    SCORE: ClassVar[Callable[..., float]]
    DESCRIPTION: ClassVar[str]
    CITATION: ClassVar[str] = OURS
    OPTIONS: ClassVar[str] = ""
    EXAMPLE: ClassVar[str]
    READS_REFERENCES: ClassVar[bool] = True

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        one, several = {"predictions": text}, {"predictions": text}
        if self.READS_REFERENCES:
            one, several = one | {"references": text}, several | {"references": datasets.Sequence(text)}
        returns = f"Returns:\n    {self.METRIC}: mean over the rows, 0..1; a row counts its best reference.\n"
        references = _REFERENCES if self.READS_REFERENCES else ""
        return evaluate.MetricInfo(
            description=self.DESCRIPTION,
            citation=self.CITATION,
            inputs_description=f"{_ARGUMENTS}{references}{self.OPTIONS}{returns}Example:\n{self.EXAMPLE}",
            features=[datasets.Features(one), datasets.Features(several)]
            if self.READS_REFERENCES
            else datasets.Features(one),
        )

    def _compute(
        self, predictions: list[str], references: list[str] | list[list[str]] | None = None, **options: Any
    ) -> dict[str, float]:
        rows = zip(predictions, accepted(predictions, references), strict=True)
        scores = [type(self).SCORE(*row, **options) for row in rows]
        return {self.METRIC: sum(scores) / len(scores)}


def accepted(
    predictions: Sequence[str], references: Sequence[str] | Sequence[Sequence[str]] | None
) -> list[list[str]]:
    """The accepted texts of each row, whatever the shape in which they were given."""
    if references is None:
        return [[] for _ in predictions]
    return [[entry] if isinstance(entry, str) else list(entry) for entry in references]
