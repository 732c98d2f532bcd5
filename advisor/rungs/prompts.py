"""How each rung words its question.

The first paragraph of the task is the short instruction, which the tuned model is trained on as well; the rest
(definitions of labels, rules, an example of the form) is what the better instruction adds, together with facts
read off the training answers.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from advisor.data.checks import label_set
from advisor.data.rows import Message, Row

SHOTS = 8
"""Examples in the few-shot prompt; their cost is paid once a batch, since the prefix is shared."""

_MOST_LABELS = 150
_WORDS_PER_SHOT = 60

Prompt = Callable[[Row], tuple[Message, ...]]


@dataclass(frozen=True)
class Facts:
    """What the training answers show about the answer that is wanted.

    Attributes:
        labels: the closed set of answers, or None.
        keys: keys of the JSON objects that answers are, or None.
        words: smallest, usual and largest number of words of an answer.
    """

    labels: tuple[str, ...] | None
    keys: tuple[str, ...] | None
    words: tuple[int, int, int]


def answer_facts(train: Sequence[Row]) -> Facts:
    """Read the facts off the training rows."""
    answers = [row.answer for row in train]
    labels = label_set(answers)
    lengths = sorted(len(answer.split()) for answer in answers)
    return Facts(
        labels=tuple(labels) if labels and len(labels) <= _MOST_LABELS else None,
        keys=_json_keys(answers),
        words=(lengths[0], lengths[len(lengths) // 2], lengths[-1]),
    )


def _json_keys(answers: Sequence[str]) -> tuple[str, ...] | None:
    """Keys seen, most frequent first, where nearly every answer is a JSON object."""
    objects = [value for value in map(_object, answers) if value is not None]
    if len(objects) < 0.9 * len(answers):
        return None
    counts: dict[str, int] = {}
    for value in objects:
        for key in value:
            counts[key] = counts.get(key, 0) + 1
    return tuple(sorted(counts, key=lambda key: (-counts[key], key)))


def _object(text: str) -> dict[str, object] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def short_task(task: str) -> str:
    """The task's first paragraph."""
    return re.split(r"\n\s*\n", task.strip(), maxsplit=1)[0].strip()


def zero_shot(task: str) -> Prompt:
    """The row as it is, with the short task as system turn where the row brings none."""
    return with_system(short_task(task))


def with_system(system: str) -> Prompt:
    """Put a system turn before the row, unless it has its own."""

    def prompt(row: Row) -> tuple[Message, ...]:
        if row.system or not system:
            return row.messages
        return (Message(role="system", content=system), *row.messages)

    return prompt


def instruction(task: str, facts: Facts) -> Prompt:
    """The whole task, and what the training answers show about the form of the answer."""
    text = instruction_text(task, facts)

    def prompt(row: Row) -> tuple[Message, ...]:
        own = f"{row.system}\n\n{text}" if row.system else text
        return (Message(role="system", content=own), *_without_system(row))

    return prompt


def instruction_text(task: str, facts: Facts) -> str:
    """The better instruction as one text."""
    parts = [task.strip()] if task.strip() else []
    if facts.labels:
        parts.append("Answer with exactly one of these labels and nothing else:\n" + "\n".join(facts.labels))
    elif facts.keys:
        names = ", ".join(facts.keys)
        parts.append(f"Answer with one JSON object and nothing else. Keys that may occur: {names}.")
    else:
        low, usual, high = facts.words
        parts.append(f"Answers have {low} to {high} words, usually {usual}. Answer with nothing else.")
    return "\n\n".join(parts)


def few_shot(task: str, facts: Facts, examples: Sequence[Row]) -> Prompt:
    """The better instruction, then solved examples as turns of the conversation."""
    base = instruction(task, facts)
    shots = tuple(
        Message(role=role, content=content)
        for row in examples
        for role, content in (("user", row.prompt), ("assistant", row.answer))
    )

    def prompt(row: Row) -> tuple[Message, ...]:
        system, *turns = base(row)
        return (system, *shots, *turns)

    return prompt


def pick_examples(train: Sequence[Row], seed: int, count: int = SHOTS) -> list[Row]:
    """Choose examples by the seed: short ones, their answers as different as possible."""
    order = list(train)
    random.Random(seed).shuffle(order)  # noqa: S311 - a choice of examples, not a secret
    short = [row for row in order if len(row.prompt.split()) <= _WORDS_PER_SHOT] or order
    chosen: list[Row] = []
    seen: set[str] = set()
    for row in short:
        kind = re.split(r"[^\w]", row.answer.strip(), maxsplit=1)[0].casefold() or row.answer
        if kind not in seen:
            seen.add(kind)
            chosen.append(row)
        if len(chosen) == count:
            return chosen
    rest = [row for row in short if row not in chosen]
    return (chosen + rest)[:count]


def _without_system(row: Row) -> tuple[Message, ...]:
    return tuple(turn for turn in row.messages if turn["role"] != "system")
