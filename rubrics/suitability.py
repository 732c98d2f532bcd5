"""Whether a task is of the kind that fine-tuning helps, from ten yes/no answers.

This is the cheapest advice the program gives: no model, no data, no waiting. The questions, their weights and
the rule are data in suitability.yaml, so that they can be read, argued about and changed without code; here is
only what reads that file and adds up.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Literal

from rubrics.errors import ExitCode, Fault
from rubrics.languages import LANGUAGES

AnswerSource = Literal["user", "data", "default"]
Outcome = Literal["suited", "unsuited", "unclear"]

VALUES = ("yes", "no", "unknown")
_FILE = "suitability.yaml"


@dataclass(frozen=True)
class Effect:
    """What one answer does: a signed weight towards fine-tuning, and why, in one sentence for the reader."""

    weight: float
    reason: str


@dataclass(frozen=True)
class Criterion:
    """One question of the rubric.

    Attributes:
        id: rule id, S1 to S10.
        key: name in `--answer KEY=VALUE`.
        question: to be answered yes or no by somebody who never trained a model.
        help: what a yes and what a no would be.
        yes: effect of a yes.
        no: effect of a no.
        default: the answer where none is given; always unknown, which weighs 0.
        source: rule id and where the rule comes from.
    """

    id: str
    key: str
    question: str
    help: str
    yes: Effect
    no: Effect
    default: str
    source: str


@dataclass(frozen=True)
class Rubric:
    """The criteria in the order they are asked, and the rule that turns answers into an outcome.

    Attributes:
        criteria: S1 to S10.
        suited_at: least score of a suited task.
        blockers: keys of which one yes makes a task unsuited.
        patterns: keys of which a suited task needs one yes.
        readiness: keys of which one no keeps a task from being suited.
        unknown_reason: shown for an unanswered criterion.
    """

    criteria: tuple[Criterion, ...]
    suited_at: float
    blockers: tuple[str, ...]
    patterns: tuple[str, ...]
    readiness: tuple[str, ...]
    unknown_reason: str

    @property
    def score_range(self) -> tuple[float, float]:
        """Least and greatest score that answers can give."""
        weights = [(criterion.yes.weight, criterion.no.weight, 0) for criterion in self.criteria]
        return sum(map(min, weights)), sum(map(max, weights))


@dataclass(frozen=True)
class Answer:
    """An answer to a criterion: yes, no or unknown, and whether a person, the data or nobody gave it."""

    value: str
    source: AnswerSource = "user"


@dataclass(frozen=True)
class CriterionResult:
    """One criterion as answered; `effect` is its part of the score and `reference` where the rule is from."""

    id: str
    question: str
    answer: str
    source: AnswerSource
    effect: float
    reason: str
    reference: str


@dataclass(frozen=True)
class Suitability:
    """The outcome with all that led to it.

    Attributes:
        outcome: suited, unsuited or unclear.
        score: sum of the effects; `Rubric.score_range` tells its range (-16 to 12 as shipped).
        criteria: S1 to S10, the unanswered ones too.
        parts: what speaks for and against, the least and greatest score there is, and from where on it is suited.
    """

    outcome: Outcome
    score: float
    criteria: tuple[CriterionResult, ...]
    parts: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the `suitability` object of the contract, ready for JSON."""
        return {
            "outcome": self.outcome,
            "score": self.score,
            "criteria": [dataclasses.asdict(result) for result in self.criteria],
            "parts": dict(self.parts),
        }


def assess(answers: Mapping[str, Answer], rubric: Rubric | None = None) -> Suitability:
    """Weigh the answers; KNOWLEDGE section 2, with the rule and its thresholds in suitability.yaml.

    Args:
        answers: by criterion key; a missing one counts as unknown and never blocks.
        rubric: another rubric than the shipped one.
    Raises:
        Fault: a key or a value does not exist; exit code 2.
    """
    rubric = rubric or load_rubric()
    _check_answers(answers, rubric)
    results = tuple(_weigh(criterion, answers, rubric) for criterion in rubric.criteria)
    score = sum(result.effect for result in results)
    return Suitability(_outcome(answers, score, rubric), score, results, _parts(results, rubric))


def _parts(results: tuple[CriterionResult, ...], rubric: Rubric) -> dict[str, float]:
    effects = [result.effect for result in results]
    least, most = rubric.score_range
    return {
        "for": sum(effect for effect in effects if effect > 0),
        "against": sum(effect for effect in effects if effect < 0),
        "least": least,
        "most": most,
        "suited_at": rubric.suited_at,
    }


def load_criteria() -> tuple[Criterion, ...]:
    """Return the shipped criteria S1 to S10 in the order they are asked.

    Raises:
        Fault: the shipped file is broken; exit code 1.
    """
    return load_rubric().criteria


@functools.cache
def load_rubric(language: str = "en") -> Rubric:
    """Return the shipped rubric with its texts in a language of `LANGUAGES`; ids, keys and sources have none.

    Raises:
        Fault: no such language (exit code 2), or the shipped file is broken (1).
    """
    if language not in LANGUAGES:
        raise Fault(
            f"There is no language '{language}'.",
            where="--lang",
            fix=f"Known are {', '.join(LANGUAGES)}.",
            code=ExitCode.WRONG_USE,
        )
    text = resources.files("rubrics").joinpath(_FILE).read_text(encoding="utf-8")
    return parse_rubric(text, language)


def parse_rubric(text: str, language: str = "en") -> Rubric:
    """Read a rubric in the form of suitability.yaml, with its texts in one language.

    Raises:
        Fault: not YAML, a field is missing or of the wrong kind, or the rule names an unknown key; exit code 1.
    """
    import yaml

    # The parser in C is ten times as fast; both read plain data only.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = yaml.load(text, Loader=loader)  # noqa: S506 - both loaders are safe ones
    except yaml.YAMLError as error:
        raise _broken(f"is not YAML: {error}") from error
    rule = _field(content, "outcome", dict, "the file")
    criteria = tuple(
        _criterion(entry, f"criterion {number}", language)
        for number, entry in enumerate(_field(content, "criteria", list, "the file"), start=1)
    )
    keys = [criterion.key for criterion in criteria]
    if len(set(keys)) < len(keys):
        raise _broken("two criteria have the same key")
    return Rubric(
        criteria=criteria,
        suited_at=_field(rule, "suited_at", (int, float), "outcome"),
        blockers=_keys(rule, "blockers", keys),
        patterns=_keys(rule, "patterns", keys),
        readiness=_keys(rule, "readiness", keys),
        unknown_reason=_text(rule, "unknown_reason", "outcome", language),
    )


def _outcome(answers: Mapping[str, Answer], score: float, rubric: Rubric) -> Outcome:
    def any_is(value: str, keys: tuple[str, ...]) -> bool:
        return any(key in answers and answers[key].value == value for key in keys)

    if any_is("yes", rubric.blockers):
        return "unsuited"
    ready = any_is("yes", rubric.patterns) and not any_is("no", rubric.readiness)
    return "suited" if ready and score >= rubric.suited_at else "unclear"


def _weigh(criterion: Criterion, answers: Mapping[str, Answer], rubric: Rubric) -> CriterionResult:
    answer = answers.get(criterion.key, Answer(criterion.default, "default"))
    effects = {"yes": criterion.yes, "no": criterion.no}
    effect = effects.get(answer.value, Effect(0, rubric.unknown_reason))
    return CriterionResult(
        id=criterion.id,
        question=criterion.question,
        answer=answer.value,
        source=answer.source,
        effect=effect.weight,
        reason=effect.reason,
        reference=criterion.source,
    )


def _check_answers(answers: Mapping[str, Answer], rubric: Rubric) -> None:
    keys = [criterion.key for criterion in rubric.criteria]
    problems = [f"'{key}' is not a criterion" for key in answers if key not in keys]
    problems += [
        f"'{answer.value}' is not an answer to '{key}'"
        for key, answer in answers.items()
        if key in keys and answer.value not in VALUES
    ]
    if problems:
        raise Fault(
            f"{'; '.join(problems)}.",
            where="--answer",
            fix=f"Give CRITERION=VALUE with one of {', '.join(keys)} and one of {', '.join(VALUES)}.",
            code=ExitCode.WRONG_USE,
            problems=problems,
        )


def _criterion(entry: object, place: str, language: str) -> Criterion:
    default = _field(entry, "default", str, place)
    if default != "unknown":
        raise _broken(f"{place}: 'default' must be unknown, since only an answer may weigh")
    return Criterion(
        id=_field(entry, "id", str, place),
        key=_field(entry, "key", str, place),
        question=_text(entry, "question", place, language),
        help=_text(entry, "help", place, language),
        yes=_effect(entry, "yes", place, language),
        no=_effect(entry, "no", place, language),
        default=default,
        source=_field(entry, "source", str, place),
    )


def _effect(entry: object, answer: str, place: str, language: str) -> Effect:
    effect, place = _field(entry, answer, dict, place), f"{place}, {answer}"
    return Effect(_field(effect, "effect", (int, float), place), _text(effect, "reason", place, language))


def _text(entry: object, name: str, place: str, language: str) -> str:
    """Return a text in a language; one without languages is for all."""
    text = _field(entry, name, (str, dict), place)
    return str(text if isinstance(text, str) else _field(text, language, str, f"{place}, {name}"))


def _keys(rule: object, name: str, known: list[str]) -> tuple[str, ...]:
    keys = tuple(_field(rule, name, list, "outcome"))
    unknown = [key for key in keys if key not in known]
    if unknown:
        raise _broken(f"outcome: '{name}' names no criterion: {unknown}")
    return keys


def _field(entry: object, name: str, kind: type | tuple[type, ...], place: str) -> Any:
    if not isinstance(entry, dict) or name not in entry:
        raise _broken(f"{place}: '{name}' is missing")
    value = entry[name]
    # True and False are integers to Python, and an unquoted yes or no is one of them to YAML.
    if isinstance(value, bool) or not isinstance(value, kind):
        raise _broken(f"{place}: '{name}' is of the wrong kind: {value!r}")
    return value


def _broken(problem: str) -> Fault:
    return Fault(
        problem,
        where=_FILE,
        fix="Restore the file by installing the package again.",
        code=ExitCode.PROGRAM_FAULT,
    )
