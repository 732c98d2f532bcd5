"""Several written forms of JSON answers: order of keys, spacing; and the form to keep."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from heapq import heapify, heappop, heappush
from typing import Any, Literal, NamedTuple, NoReturn

from rubrics.data_rules import threshold

Spacing = Literal["spaced", "compact", "indented"]

_FIRST_KEY = re.compile(r'\{(\s*)"(?:[^"\\]|\\.)*"\s*:(\s*)')


_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


class Profile(NamedTuple):
    """How an object is written: its keys in order, the kind of each value, its spacing."""

    keys: tuple[str, ...]
    kinds: tuple[str, ...]
    spacing: Spacing | None


class Literally(str):
    """A number as it is written: 1.50 and 1e5 must come out as they went in."""

    __slots__ = ()


class _NotPlainError(ValueError):
    """JSON that reading and writing would change: a key that stands twice, NaN."""


def parsed_object(text: str) -> dict[str, Any] | None:
    """Return the object that a text is in JSON, numbers as they are written, else None.

    An object with a key that stands twice is not read either: writing it again would lose one of the values.
    """
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def profile(text: str) -> Profile:
    """Return the profile of a text that is a JSON object."""
    value = json.loads(text)
    # Interned: a million answers have a handful of key tuples.
    keys = _intern(tuple(value))
    return Profile(keys, _intern(tuple(map(_kind_of, value.values()))), spacing_of(text))


@lru_cache(maxsize=4096)
def _intern(names: tuple[str, ...]) -> tuple[str, ...]:
    return names


def _kind_of(value: Any) -> str:
    if isinstance(value, str):
        return "number as text" if _NUMBER.fullmatch(value) else "text"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "number"
    return "list" if isinstance(value, list) else "object"


def key_order(answers: Iterable[str]) -> tuple[str, ...]:
    """Return the order in which JSON objects list their top-level keys, by majority.

    Each pair of keys is ordered as most answers order it; where such majorities form a circle, the weakest
    gives way (Tideman's ranked pairs), and keys that nothing orders stand by frequency. So answers rewritten in
    this order give the same order again. Empty where no answer is an object, or where there are so many
    different keys that they are data themselves.
    """
    orders = Counter(tuple(found) for text in answers if (found := parsed_object(text)) is not None)
    return majority_order(orders)


def majority_order(orders: Mapping[tuple[str, ...], int]) -> tuple[str, ...]:
    """Return the majority order of the keys, given how often each order occurs; see `key_order`."""
    frequency: Counter[str] = Counter()
    for keys, count in orders.items():
        for key in keys:
            frequency[key] += count
    if len(frequency) > threshold("D6", "keys_most"):
        return ()
    before: Counter[tuple[str, str]] = Counter()
    for keys, count in orders.items():
        for at, first in enumerate(keys):
            for second in keys[at + 1 :]:
                before[first, second] += count
    margins = {
        pair: count - before[pair[1], pair[0]]
        for pair, count in before.items()
        if count > before[pair[1], pair[0]]
    }
    return _sorted_keys(frequency, _without_circles(margins))


def _without_circles(margins: Mapping[tuple[str, str], int]) -> dict[str, set[str]]:
    """Keep the majorities, the clearest first, that do not contradict those kept before."""
    after: dict[str, set[str]] = defaultdict(set)
    for first, second in sorted(margins, key=lambda pair: (-margins[pair], pair)):
        if not _reaches(after, second, first):
            after[first].add(second)
    return after


def _reaches(after: Mapping[str, set[str]], start: str, goal: str) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        key = waiting.pop()
        if key == goal:
            return True
        fresh = after.get(key, set()) - seen
        seen |= fresh
        waiting += fresh
    return False


def _sorted_keys(frequency: Mapping[str, int], after: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Sort topologically; of the keys that may come next, the most frequent does."""
    blocked = Counter(second for seconds in after.values() for second in seconds)
    ready = [(-count, key) for key, count in frequency.items() if not blocked[key]]
    heapify(ready)
    order: list[str] = []
    while ready:
        key = heappop(ready)[1]
        order.append(key)
        for second in after.get(key, ()):
            blocked[second] -= 1
            if not blocked[second]:
                heappush(ready, (-frequency[second], second))
    return tuple(order)


def canonical_json(text: str, key_order: Sequence[str], *, spacing: Spacing = "spaced") -> str:
    """Rewrite a JSON object with its top-level keys in the given order and even spacing.

    Keys that the order does not name follow in their own order; values, numbers included, stay as they are
    written. A text that is not a JSON object, or that has a key twice, is returned as it is.

    Args:
        text: an answer.
        key_order: see `key_order`.
        spacing: `spaced` is Python's default, `{"a": 1}`; `compact` has no spaces, `indented` a line a key.
    """
    value = parsed_object(text)
    if value is None:
        return text
    known = [key for key in key_order if key in value]
    rest = [key for key in value if key not in set(known)]
    return _written({key: value[key] for key in (*known, *rest)}, spacing, 0)


def spacing_of(text: str) -> Spacing | None:
    """Return how an object is spaced, judged by its first key; None where it has no key."""
    found = _FIRST_KEY.match(text.lstrip())
    if found is None:
        return None
    if "\n" in found[1]:
        return "indented"
    return "spaced" if found[2] else "compact"


def _written(value: Any, spacing: Spacing, depth: int) -> str:
    if isinstance(value, Literally):
        return str(value)
    if isinstance(value, dict):
        return _enclosed(
            [
                f"{_string(key)}:{'' if spacing == 'compact' else ' '}{_written(item, spacing, depth + 1)}"
                for key, item in value.items()
            ],
            "{}",
            spacing,
            depth,
        )
    if isinstance(value, list):
        return _enclosed([_written(item, spacing, depth + 1) for item in value], "[]", spacing, depth)
    return _string(value) if isinstance(value, str) else json.dumps(value)


def _enclosed(parts: Sequence[str], brackets: str, spacing: Spacing, depth: int) -> str:
    if not parts or spacing != "indented":
        return brackets[0] + ("," if spacing == "compact" else ", ").join(parts) + brackets[1]
    line = "\n" + "  " * (depth + 1)
    return f"{brackets[0]}{line}{f',{line}'.join(parts)}\n{'  ' * depth}{brackets[1]}"


def _string(text: str) -> str:
    """Write a string with its letters as they are; lone surrogates, which UTF-8 cannot hold, stay escaped."""
    alone = any("\ud800" <= character <= "\udfff" for character in text)
    return json.dumps(text, ensure_ascii=alone)


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NotPlainError
    return found


def _no_constant(name: str) -> NoReturn:
    raise _NotPlainError(name)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_no_key_twice,
    parse_float=Literally,
    parse_int=Literally,
    parse_constant=_no_constant,
)
