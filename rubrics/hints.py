"""What the rows say to the suitability questions, so that a person answers with the data before their eyes.

A hint is a counted fact and no answer: 92% of JSON answers speak for a fixed format, and only the person knows
whether a program reads them. So hints are shown beside the question, and count only where they are accepted.
"""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

import yaml

from rubrics.phrases import percent
from rubrics.refusals import is_refusal
from rubrics.suitability import Answer
from rubrics.text import norm

_FIRST_WORDS = 4
_FEWEST_ROWS = 10
_CODE = re.compile(r"\b(?:[A-Z]{2,}[A-Z0-9]*(?:-\d+)?|[A-Z]{1,5}-?\d{2,}|\d+[A-Z]{2,})\b")
_DATE = re.compile(
    r"\b(?:19|20)\d\d\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\d{1,2}월 ?\d{1,2}일|"
    r"\b(?:today|yesterday|tomorrow|this week|last month)\b|오늘|어제|내일",
    re.IGNORECASE,
)
_QUESTION = ("?", "？")


@dataclass(frozen=True, slots=True)
class Hint:
    """A counted fact beside a question.

    Attributes:
        id: of hints.yaml.
        key: criterion that it belongs to.
        value: what was counted, a share 0..1 or a number.
        suggests: yes or no where the value is enough to answer, else None.
    """

    id: str
    key: str
    name: str
    text: str
    value: float
    suggests: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the hint ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Fact:
    """What a counter found: the value, and what else the text says."""

    value: float
    count: int = 0
    low: int = 0
    high: int = 0
    example: str = ""


@dataclass(frozen=True, slots=True)
class _Rows:
    prompts: Sequence[str]
    answers: Sequence[str]
    labels: int


def find_hints(
    rows: Sequence[tuple[str, str]], statistics: Mapping[str, Any], language: str = "en"
) -> tuple[Hint, ...]:
    """Return what the rows say, in the order of the questions; nothing where they are fewer than ten.

    Args:
        rows: prompt and answer of each.
        statistics: `data.statistics` of a report; read are `closed_labels` and `labels`.
        language: of the texts.
    """
    if len(rows) < _FEWEST_ROWS:
        return ()
    labels = len(statistics.get("labels") or ()) if statistics.get("closed_labels") else 0
    given = _Rows([prompt for prompt, _ in rows], [answer for _, answer in rows], labels)
    return tuple(
        _hint(entry, fact, language) for entry in _entries() if (fact := _COUNTERS[entry["name"]](given))
    )


def accepted(hints: Sequence[Hint], answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """Return the answers that hints suggest to questions left open, marked as the data's.

    A question whose hints contradict each other stays open.
    """
    suggested: dict[str, set[str]] = {}
    for hint in hints:
        given = answers.get(hint.key)
        if hint.suggests and (given is None or given.value == "unknown"):
            suggested.setdefault(hint.key, set()).add(hint.suggests)
    return {key: Answer(values.pop(), "data") for key, values in suggested.items() if len(values) == 1}


@functools.cache
def _entries() -> tuple[dict[str, Any], ...]:
    text = resources.files("rubrics").joinpath("hints.yaml").read_text(encoding="utf-8")
    return tuple(yaml.safe_load(text))


def _hint(entry: Mapping[str, Any], fact: _Fact, language: str) -> Hint:
    text = entry["text"][language].format(
        share=percent(fact.value),
        count=f"{fact.count:,}",
        range=f"{fact.low:,}" if fact.low == fact.high else f"{fact.low:,}–{fact.high:,}",
        example=fact.example,
    )
    rule = entry.get("suggests")
    suggests = rule["answer"] if rule and fact.value >= rule["from"] else None
    return Hint(entry["id"], entry["key"], entry["name"], text, fact.value, suggests)


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits)


def _quoted(text: str) -> str:
    flat = " ".join(text.split())
    return f'"{flat}"' if len(flat) <= 40 else f'"{flat[:37]}..."'


def _codes(rows: _Rows) -> _Fact | None:
    found = [_CODE.findall(prompt) for prompt in rows.prompts]
    share = _share([bool(codes) for codes in found])
    if not share:
        return None
    common = Counter(code for codes in found for code in set(codes)).most_common(3)
    return _Fact(share, example=", ".join(code for code, _ in common))


def _json(rows: _Rows) -> _Fact | None:
    share = _share([_is_json(answer) for answer in rows.answers])
    return _Fact(share) if share else None


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _labels(rows: _Rows) -> _Fact | None:
    return _Fact(rows.labels, count=rows.labels) if rows.labels else None


def _beginning(rows: _Rows) -> _Fact | None:
    starts = [" ".join(prompt.split()[:_FIRST_WORDS]) for prompt in rows.prompts]
    start, times = Counter(starts).most_common(1)[0]
    share = times / len(starts)
    return _Fact(share, example=_quoted(start)) if start and share >= 0.2 else None


def _lengths(rows: _Rows) -> _Fact | None:
    words = sorted(len(answer.split()) for answer in rows.answers)
    low, high = words[round(0.05 * (len(words) - 1))], words[round(0.95 * (len(words) - 1))]
    return _Fact(high / low if low else 0.0, low=low, high=high)


def _refusals(rows: _Rows) -> _Fact | None:
    refusals = [answer for answer in rows.answers if is_refusal(answer)]
    if not refusals:
        return None
    return _Fact(len(refusals) / len(rows.answers), example=_quoted(refusals[0]))


def _once(rows: _Rows) -> _Fact | None:
    counts = Counter(norm(answer) for answer in rows.answers)
    single = [answer for answer, times in counts.items() if times == 1]
    if rows.labels or not single:
        return None
    words = sorted(len(answer.split()) for answer in single)
    return _Fact(len(single) / len(rows.answers), count=words[len(words) // 2])


def _dates(rows: _Rows) -> _Fact | None:
    pairs = zip(rows.prompts, rows.answers, strict=True)
    share = _share([bool(_DATE.search(prompt) or _DATE.search(answer)) for prompt, answer in pairs])
    return _Fact(share) if share else None


def _questions(rows: _Rows) -> _Fact | None:
    return _Fact(_share([prompt.rstrip().endswith(_QUESTION) for prompt in rows.prompts]))


def _contained(rows: _Rows) -> _Fact | None:
    pairs = zip(map(norm, rows.prompts), map(norm, rows.answers), strict=True)
    return _Fact(_share([bool(answer) and answer in prompt for prompt, answer in pairs]))


def _repeated(rows: _Rows) -> _Fact | None:
    answers: dict[str, list[str]] = {}
    for prompt, answer in zip(rows.prompts, rows.answers, strict=True):
        answers.setdefault(norm(prompt), []).append(norm(answer))
    repeated = [given for given in answers.values() if len(given) > 1]
    if not repeated:
        return None
    return _Fact(_share([len(set(given)) == 1 for given in repeated]), count=len(repeated))


def _prompt_length(rows: _Rows) -> _Fact | None:
    words = sorted(len(prompt.split()) for prompt in rows.prompts)
    middle = words[len(words) // 2]
    return _Fact(middle, count=middle)


_COUNTERS: Mapping[str, Callable[[_Rows], _Fact | None]] = {
    "codes": _codes,
    "json": _json,
    "labels": _labels,
    "beginning": _beginning,
    "lengths": _lengths,
    "refusals": _refusals,
    "once": _once,
    "dates": _dates,
    "questions": _questions,
    "contained": _contained,
    "repeated": _repeated,
    "prompt_length": _prompt_length,
}
