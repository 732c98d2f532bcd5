"""The data rules D1 to D12 as values, so that no threshold is written twice.

The numbers and their sources stand in `data.yaml`; the checks that apply them live in `advisor.data`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal, get_args

Severity = Literal["info", "warning", "error"]

RULE_IDS = tuple(f"D{number}" for number in range(1, 13))
_FIELDS = {"id", "text", "severity", "thresholds", "source"}


@dataclass(frozen=True, slots=True)
class DataRule:
    """One rule of KNOWLEDGE.md, section 3.

    Attributes:
        id: `D1` to `D12`.
        text: what the rule asks for, one sentence.
        severity: of a plain breach; a check may report less (a hint) or, as D4 does, more.
        thresholds: the named numbers that the rule judges by; shares are in 0..1.
        source: where the rule and its numbers come from.
    """

    id: str
    text: str
    severity: Severity
    thresholds: Mapping[str, float]
    source: str


@cache
def data_rules() -> Mapping[str, DataRule]:
    """Return the rules by id.

    Raises:
        ValueError: the packaged file does not hold exactly D1 to D12, each complete.
    """
    import yaml

    text = resources.files("rubrics").joinpath("data.yaml").read_text(encoding="utf-8")
    rules = [_rule(entry) for entry in yaml.safe_load(text)]
    if tuple(rule.id for rule in rules) != RULE_IDS:
        raise ValueError(f"data.yaml must list {RULE_IDS[0]} to {RULE_IDS[-1]} once each, in order")
    return MappingProxyType({rule.id: rule for rule in rules})


def threshold(rule_id: str, name: str) -> float:
    """Return one number of one rule.

    Raises:
        KeyError: no such rule, or the rule has no such threshold.
    """
    return data_rules()[rule_id].thresholds[name]


def severity(rule_id: str) -> Severity:
    """Return how bad a plain breach of the rule is."""
    return data_rules()[rule_id].severity


def _rule(entry: Any) -> DataRule:
    if not isinstance(entry, dict) or set(entry) != _FIELDS:
        raise ValueError(f"data.yaml: a rule has exactly the fields {sorted(_FIELDS)}, found {entry!r}")
    if entry["severity"] not in get_args(Severity):
        raise ValueError(f"data.yaml: {entry['id']}: unknown severity {entry['severity']!r}")
    for field in ("text", "source"):
        if not isinstance(entry[field], str) or not entry[field].strip():
            raise ValueError(f"data.yaml: {entry['id']}: {field} must be a text")
    for name, value in entry["thresholds"].items():
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise ValueError(f"data.yaml: {entry['id']}: {name} must be a positive number, found {value!r}")
    return DataRule(
        id=entry["id"],
        text=entry["text"],
        severity=entry["severity"],
        thresholds=MappingProxyType({name: float(value) for name, value in entry["thresholds"].items()}),
        source=entry["source"],
    )
