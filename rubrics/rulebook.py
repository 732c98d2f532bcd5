"""The text, outcomes and thresholds of the verdict's rules, read from verdict.yaml.

A domain expert argues about verdict.yaml, a programmer about verdict_rules.py; this module is the hinge, so that a
threshold stands in one place and is shown to the user with its source.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from importlib import resources
from typing import Any

import yaml

from rubrics.data_rules import threshold
from rubrics.phrases import percent

_FILE = "verdict.yaml"
_NUMBERS = frozenset(
    {"judge_agreement", "test_rows", "tagged_failures", "train_rows", "rows_per_label", "horizon_months"}
)
"""Thresholds that are no shares."""


class Outcome(StrEnum):
    """What is advised before training; names fixed by the contract."""

    FINE_TUNE = "FINE_TUNE"
    PROMPT_IS_ENOUGH = "PROMPT_IS_ENOUGH"
    USE_RETRIEVAL = "USE_RETRIEVAL"
    COLLECT_EVAL_DATA = "COLLECT_EVAL_DATA"
    COLLECT_TRAIN_DATA = "COLLECT_TRAIN_DATA"
    FIX_DATA = "FIX_DATA"
    NOT_SUITED = "NOT_SUITED"


class AfterTraining(StrEnum):
    """What is decided after training; names fixed by the contract."""

    SHIP_TUNED = "SHIP_TUNED"
    KEEP_BASELINE = "KEEP_BASELINE"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds by name; verdict.yaml says what each means and where it comes from."""

    leak_share: float
    judge_agreement: float
    test_rows: float
    missing_facts_share: float
    majority_share: float
    tagged_failures: float
    noisy_label_share: float
    train_rows: float
    rows_per_label: float
    conflict_share: float
    constant_share: float
    power: float
    planning_discordance: float
    horizon_months: float
    min_gain: float


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold as the user sees it."""

    name: str
    value: float
    meaning: str
    source: str


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule in words, with every outcome that it can have.

    Attributes:
        condition: with the names of thresholds in braces; see `told`.
        why: a case in which the rule as it was before advised badly; empty where it stands as KNOWLEDGE has it.
    """

    id: str
    condition: str
    outcomes: tuple[str, ...]
    source: str
    why: str = ""

    def told(self, limits: Limits) -> str:
        """Return the condition with the thresholds that are gone by: shares in percent, counts as they are."""
        values = {part.name: getattr(limits, part.name) for part in fields(limits)}
        return self.condition.format(
            **{name: f"{value:g}" if name in _NUMBERS else percent(value) for name, value in values.items()}
        )


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything in verdict.yaml; rules in the order in which they are tried.

    Attributes:
        extraction: by strict metric, those that score the label or JSON inside an answer.
        constant_answer: metrics on which a constant answer scores the share of the commonest answer.
    """

    thresholds: tuple[Threshold, ...]
    rules: tuple[RuleText, ...]
    after_training: tuple[RuleText, ...]
    extraction: Mapping[str, tuple[str, ...]]
    constant_answer: tuple[str, ...]

    @property
    def limits(self) -> Limits:
        """The threshold values, for the code of the rules."""
        return Limits(**{threshold.name: threshold.value for threshold in self.thresholds})


@functools.cache
def load_rulebook() -> Rulebook:
    """Return the shipped rules and thresholds."""
    content = yaml.safe_load(resources.files("rubrics").joinpath(_FILE).read_text(encoding="utf-8"))
    thresholds = tuple(
        Threshold(name, _value(entry), entry["meaning"], entry["source"])
        for name, entry in content["thresholds"].items()
    )
    return Rulebook(
        thresholds,
        _rules(content["rules"]),
        _rules(content["after_training"]),
        {metric: tuple(names) for metric, names in content["extraction"].items()},
        tuple(content["constant_answer"]),
    )


def _value(entry: dict[str, Any]) -> float:
    if "value" in entry:
        return float(entry["value"])
    rule_id, name = entry["same_as"].split(".")
    return float(threshold(rule_id, name))


def _rules(entries: list[dict[str, Any]]) -> tuple[RuleText, ...]:
    return tuple(
        RuleText(
            entry["id"], entry["condition"], tuple(entry["outcomes"]), entry["source"], entry.get("why", "")
        )
        for entry in entries
    )
