"""`evaluate` module for `rubrics.scoring.schema_validity`; imports stand one a line because its loader parses them."""

from rubrics.metrics import shared
from rubrics.scoring import schema_validity


class SchemaValidity(shared.RowMetric):
    """Share of answers that obey a JSON Schema."""

    METRIC = "schema_validity"
    SCORE = staticmethod(schema_validity)
    DESCRIPTION = """
Share of answers that are, as a whole, a JSON document that obeys a JSON Schema (the draft that it names, else
2020-12). Nothing that the schema refers to is fetched.
"""
    CITATION = """
JSON Schema, draft 2020-12, https://json-schema.org/draft/2020-12
"""
    OPTIONS = """    schema: the JSON Schema, a dict.
"""
    EXAMPLE = """
    >>> metric = evaluate.load(str(metric_path("schema_validity")), keep_in_memory=True)
    >>> metric.compute(predictions=["1", '"a"'], schema={"type": "integer"})
    {'schema_validity': 0.5}
"""
    READS_REFERENCES = False
