"""A written rubric: what a judge looks at, read from YAML with every problem found by its line."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from rubrics.errors import Fault
from rubrics.judging.agreement import Limit, shipped_limits

_TEXTS = ("name", "preference")
_FIELDS = {*_TEXTS, "version", "source", "criteria", "scale", "thresholds"}
_MOST_LEVELS = 11


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing to look at."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Rubric:
    """What a judge is told to judge by.

    Attributes:
        criteria: the most important first.
        scale: meaning of each score, lowest first; consecutive whole numbers, two at least.
        preference: how to choose between two answers.
        limits: from which agreement on its verdicts may decide, by name.
    """

    name: str
    source: str
    criteria: tuple[Criterion, ...]
    scale: Mapping[int, str]
    preference: str
    limits: Mapping[str, Limit]

    @property
    def levels(self) -> tuple[int, ...]:
        """The scores, lowest first."""
        return tuple(self.scale)


@functools.cache
def default_rubric() -> Rubric:
    """The bundled rubric: helpfulness and correctness against the reference."""
    text = resources.files("rubrics.judging").joinpath("answer.yaml").read_text(encoding="utf-8")
    return parse_rubric(text, "answer.yaml")


def parse_rubric(text: str, where: str) -> Rubric:
    """Read a rubric.

    Args:
        where: the file's name, for messages.
    Raises:
        Fault: it is not YAML, or fields are wrong; every problem is listed with its line.
    """
    reader = _Reader(_compose(text, where))
    rubric = reader.rubric()
    if reader.problems:
        problems = [f"{where}:{line}: {what}" for line, what in sorted(set(reader.problems))]
        raise Fault(
            f"is no rubric: {len(problems)} problem{'s' if len(problems) > 1 else ''}",
            where=where,
            fix="Mend these lines; `advisor help judge` shows a rubric.",
            problems=problems,
        )
    return rubric


def _compose(text: str, where: str) -> Any:
    import yaml

    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        what = " ".join(str(getattr(error, "problem", None) or error).split())
        raise Fault(f"is not YAML: {what}", where=f"{where}{line}", fix="Mend this line.") from None
    if node is None:
        raise Fault("is empty", where=where, fix="Write a rubric; `advisor help judge` shows one.")
    return node


class _Reader:
    """Reads composed YAML nodes, which know their lines; problems are gathered as (line, words)."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self.problems: list[tuple[int, str]] = []

    def rubric(self) -> Rubric:
        """What could be read; complete only where there are no problems."""
        top = dict(self._pairs(self._root, "the rubric"))
        for name, (key, _) in top.items():
            if name not in _FIELDS:
                self._problem(key, f"unknown field {name!r}; known are {', '.join(sorted(_FIELDS))}")
        for name in (*_TEXTS, "criteria", "scale"):
            if name not in top:
                self._problem(self._root, f"the field {name!r} is missing")
        texts = {name: self._text(top[name][1], name) for name in (*_TEXTS, "source") if name in top}
        return Rubric(
            name=texts.get("name", ""),
            source=texts.get("source", ""),
            criteria=tuple(self._criteria(top["criteria"][1])) if "criteria" in top else (),
            scale=self._scale(top["scale"][1]) if "scale" in top else {},
            preference=texts.get("preference", ""),
            limits=self._limits(top["thresholds"][1]) if "thresholds" in top else shipped_limits(),
        )

    def _problem(self, node: Any, what: str) -> None:
        self.problems.append((node.start_mark.line + 1, what))

    def _pairs(self, node: Any, what: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
        """Keys as texts with their nodes; a key that stands twice is a problem, as YAML would drop one."""
        if node.id != "mapping":
            self._problem(node, f"{what}: expected fields, found a {_kind(node)}")
            return
        seen: set[str] = set()
        for key, value in node.value:
            name = key.value if key.id == "scalar" else ""
            if not name or name in seen:
                self._problem(key, f"{what}: {name!r} stands twice" if name else f"{what}: a key is no text")
                continue
            seen.add(name)
            yield name, (key, value)

    def _text(self, node: Any, what: str) -> str:
        if node.id != "scalar" or node.tag != "tag:yaml.org,2002:str" or not node.value.strip():
            # YAML takes off, no and 3 for other things than texts.
            hint = " (in quotes it is one)" if node.id == "scalar" and node.value.strip() else ""
            self._problem(node, f"{what}: expected a text, found {_shown(node)}{hint}")
            return ""
        return str(node.value).strip()

    def _criteria(self, node: Any) -> Iterator[Criterion]:
        if node.id != "sequence" or not node.value:
            self._problem(node, f"criteria: expected a list of one or more, found {_shown(node)}")
            return
        for entry in node.value:
            parts = dict(self._pairs(entry, "a criterion"))
            if parts.keys() != {"name", "text"}:
                self._problem(
                    entry, f"a criterion has exactly name and text, found {', '.join(parts) or 'none'}"
                )
                continue
            yield Criterion(*(self._text(parts[name][1], f"criterion {name}") for name in ("name", "text")))

    def _scale(self, node: Any) -> dict[int, str]:
        found: dict[int, str] = {}
        for name, (key, value) in self._pairs(node, "scale"):
            # YAML reads 010 as 8 and 1_0 as 10: a score is written as people write it.
            if key.tag != "tag:yaml.org,2002:int" or str(_whole(name)) != name:
                self._problem(key, f"scale: expected a whole number, found {name!r}")
                continue
            if found and int(name) != max(found) + 1:
                self._problem(key, f"scale: expected {max(found) + 1} after {max(found)}, found {name}")
            found[int(name)] = self._text(value, f"scale {name}")
        if node.id == "mapping" and not 2 <= len(node.value) <= _MOST_LEVELS:
            self._problem(node, f"scale: expected 2 to {_MOST_LEVELS} scores, found {len(node.value)}")
        return found

    def _limits(self, node: Any) -> dict[str, Limit]:
        found = dict(shipped_limits())
        for name, (key, value) in self._pairs(node, "thresholds"):
            if name not in found:
                self._problem(key, f"thresholds: unknown {name!r}; known are {', '.join(found)}")
                continue
            parts = dict(self._pairs(value, f"thresholds.{name}"))
            if parts.keys() != {"value", "source"}:
                self._problem(key, f"thresholds.{name} has exactly value and source (why this value)")
                continue
            number = self._limit(name, parts["value"][1])
            found[name] = Limit(number, found[name].meaning, self._text(parts["source"][1], "source"))
        return found

    def _limit(self, name: str, node: Any) -> float:
        try:
            value = float(node.value) if node.id == "scalar" else -1.0
        except ValueError:
            value = -1.0
        high = float("inf") if name == "human_rows" else 1.0
        low = 1.0 if name == "human_rows" else 0.0
        if not low <= value <= high or value == float("inf"):
            self._problem(
                node, f"thresholds.{name}: expected a number from {low:g}{'' if high > 1 else ' to 1'}"
            )
            return 0.0
        return value


def _whole(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _kind(node: Any) -> str:
    return {"mapping": "mapping", "sequence": "list", "scalar": "single value"}[node.id]


def _shown(node: Any) -> str:
    return (
        f"{node.value!r:.40}" if node.id == "scalar" else f"{'a' if node.value else 'an empty'} {_kind(node)}"
    )
