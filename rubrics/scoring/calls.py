"""Did the answer call the right function with accepted arguments? After the Berkeley function-calling leaderboard.

An answer is JSON: one call or a list of calls, each `{"name": ..., "arguments": {...}}`, OpenAI's
`{"function": {"name": ..., "arguments": "..."}}`, or `{NAME: {PARAMETER: VALUE}}`. A reference is the same and then
means exactly that, or a possible answer as BFCL writes it: `[{NAME: {PARAMETER: [ACCEPTED, ...]}}]`, where an empty
text among the accepted values says that the parameter may be left out. The reference `[]` means: no call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rubrics.scoring.json_answers import NotJson, parse_json, same_value
from rubrics.scoring.wording import best

# BFCL compares texts without these, in lower case (`standardize_string` of its ast_checker.py).
_IGNORED = re.compile(r"[ ,./\-_*^]")
_MOST_CALLS = 100


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        arguments: by parameter; in a possible answer the list of accepted values of each.
        open: a possible answer, compared by BFCL's rules; else the very values are meant.
    """

    name: str
    arguments: Mapping[str, Any]
    open: bool = False


def call_match(prediction: str, references: Sequence[str]) -> float:
    """Say whether the answer makes exactly the wanted calls, in any order.

    A call matches if its name is the same, no required parameter is missing, none is unknown, and each value is
    accepted. For a possible answer texts are compared as BFCL does (lower case, without spaces and ,./-_*^); for
    an exact reference values are compared as `json_equality` does. Where no call is wanted, any answer that is
    not a call is right.
    Source: BFCL's AST evaluation (Patil et al. 2025, gorilla commit 6ea5797, `ast_checker.py`).

    Returns:
        1.0 if any reference matches, else 0.0.
    Raises:
        ValueError: there is no reference, or one holds no calls that can be read.
        TypeError: the references are one text instead of a sequence of texts.
    """
    return best(_same_calls, prediction, references)


def call_problem(text: str) -> str:
    """Say why a text cannot be a reference of `call_match`; empty where it can."""
    try:
        calls = read_calls(text, reference=True)
    except NotJson as problem:
        return str(problem)
    return "holds no calls that can be read" if calls is None else ""


def read_calls(text: str, *, reference: bool = False) -> list[Call] | None:
    """Return the calls of a JSON text, or None where it is JSON but holds no calls.

    Args:
        reference: read `{NAME: {PARAMETER: [...]}}` as BFCL's accepted values.
    Raises:
        NotJson: the text is not JSON.
    """
    value = parse_json(text).value
    entries = value if isinstance(value, list) else [value]
    calls = [_call(entry, reference) for entry in entries]
    found = [call for call in calls if call is not None]
    return found if len(found) == len(calls) <= _MOST_CALLS else None


def _call(entry: Any, reference: bool) -> Call | None:
    if not isinstance(entry, dict):
        return None
    inner = entry.get("function")
    if isinstance(inner, dict) and isinstance(inner.get("name"), str):
        entry = inner
    if isinstance(entry.get("name"), str):
        arguments = _arguments(entry.get("arguments", entry.get("parameters", {})))
        return None if arguments is None else Call(entry["name"], arguments)
    if len(entry) != 1:
        return None
    [(name, values)] = entry.items()
    if not isinstance(values, dict):
        return None
    is_open = reference and all(isinstance(accepted, list) and accepted for accepted in values.values())
    return Call(name, values, open=is_open)


def _arguments(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, str):
        try:
            value = parse_json(value).value
        except NotJson:
            return None
    return value if isinstance(value, dict) else None


def _same_calls(prediction: str, reference: str) -> float:
    wanted = read_calls(reference, reference=True)
    if wanted is None:
        raise ValueError(f"the reference {reference!r:.60} {call_problem(reference)}")
    try:
        made = read_calls(prediction)
    except NotJson:
        made = None
    if not wanted:
        return float(not made)
    if made is None or len(made) != len(wanted):
        return 0.0
    return float(_pair_up([[_fits(call, want) for want in wanted] for call in made]))


def _pair_up(fits: list[list[bool]]) -> bool:
    """Whether every call finds a wanted one of its own (Kuhn's augmenting paths)."""
    taken: dict[int, int] = {}

    def place(call: int, seen: set[int]) -> bool:
        for want, fit in enumerate(fits[call]):
            if fit and want not in seen:
                seen.add(want)
                if want not in taken or place(taken[want], seen):
                    taken[want] = call
                    return True
        return False

    return all(place(call, set()) for call in range(len(fits)))


def _fits(call: Call, want: Call) -> bool:
    if call.name != want.name:
        return False
    if not want.open:
        return same_value(dict(call.arguments), dict(want.arguments))
    return _accepted_members(call.arguments, want.arguments)


def _accepted_members(given: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    required = {name for name, accepted in wanted.items() if "" not in accepted}
    if not required <= given.keys() <= wanted.keys():
        return False
    return all(any(_accepts(value, option) for option in wanted[name]) for name, value in given.items())


def _accepts(value: Any, option: Any) -> bool:
    if isinstance(value, dict) and isinstance(option, dict):
        # Within an accepted object each member again lists its accepted values.
        if all(isinstance(accepted, list) for accepted in option.values()):
            return _accepted_members(value, option)
        return same_value(value, option)
    if isinstance(value, list) and isinstance(option, list):
        return len(value) == len(option) and all(map(_accepts, value, option))
    if isinstance(value, str) and isinstance(option, str):
        return _standard(value) == _standard(option)
    if isinstance(value, Decimal) and isinstance(option, Decimal):
        return value == option
    return type(value) is type(option) and bool(value == option)


def _standard(text: str) -> str:
    return _IGNORED.sub("", text).lower().replace("'", '"')
