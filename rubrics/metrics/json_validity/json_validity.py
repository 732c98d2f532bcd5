"""`evaluate` module for `rubrics.scoring.json_validity`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import json_validity


class JsonValidity(shared.RowMetric):
    """Share of answers that are JSON."""

    METRIC = "json_validity"
    SCORE = staticmethod(json_validity)
    DESCRIPTION = """
Share of answers that are, as a whole, one JSON document by RFC 8259: NaN and Infinity are refused, and so is text or
a code fence around the document. Repeated keys are legal there; `rubrics.scoring.repeated_keys` names them.
"""
    CITATION = """
@techreport{rfc8259,
  title={The JavaScript Object Notation (JSON) Data Interchange Format},
  author={Bray, Tim},
  year={2017},
  url={https://www.rfc-editor.org/rfc/rfc8259}
}
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("json_validity")), keep_in_memory=True)
    >>> metric.compute(predictions=['{"a": 1}', "{'a': 1}"])
    {'json_validity': 0.5}
"""
    READS_REFERENCES = False
