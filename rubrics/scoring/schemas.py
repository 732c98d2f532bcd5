"""Does a JSON answer obey the user's JSON Schema? The jsonschema library judges.

Two things are ours: nothing is ever fetched that a schema refers to, and its patterns run on the `regex` package,
which knows the Unicode classes of ECMA-262 (`\\p{Letter}`) and can be stopped.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rubrics.errors import ExitCode, Fault
from rubrics.scoring.json_answers import NotJson, load_strictly

PATTERN_SECONDS = 1.0


def schema_validity(
    prediction: str, references: Sequence[str] = (), *, schema: Mapping[str, Any] | bool
) -> float:
    """Say whether the whole answer is a JSON document that obeys a JSON Schema, 1.0 or 0.0.

    The draft is the one that `$schema` names, else 2020-12. `format` is an annotation, as that draft has it.
    References are not read.

    Raises:
        Fault: the schema is none, refers to one that it does not hold, or has a pattern that does not end; exit
            code 2.
    """
    try:
        value = load_strictly(prediction)
    except NotJson:
        return 0.0
    from referencing.exceptions import Unresolvable

    try:
        return float(_validator(json.dumps(schema, sort_keys=True)).is_valid(value))
    except Unresolvable as error:
        raise _bad_schema(f"refers to what it does not hold: {error}") from None


def check_schema(schema: Mapping[str, Any] | bool) -> None:
    """Refuse what is no JSON Schema.

    Raises:
        Fault: says where it goes wrong; exit code 2.
    """
    _validator(json.dumps(schema, sort_keys=True))


@functools.lru_cache(maxsize=8)
def _validator(schema_text: str) -> Any:
    from jsonschema import Draft202012Validator, FormatChecker, SchemaError
    from jsonschema.validators import extend, validator_for
    from jsonschema_specifications import REGISTRY

    schema = json.loads(schema_text)
    kind: Any = validator_for(schema, default=Draft202012Validator)
    try:
        # Without formats: their check of patterns knows Python's syntax alone.
        kind.check_schema(schema, format_checker=FormatChecker(formats=()))
    except SchemaError as error:
        raise _bad_schema(f"is not a JSON Schema: {error.message}") from None
    searching = extend(  # type: ignore[no-untyped-call]
        kind, {"pattern": _pattern, "patternProperties": _pattern_properties}
    )
    # With the specifications alone: the default registry fetches what a schema refers to from the network.
    return searching(schema, registry=REGISTRY)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if validator.is_type(instance, "string") and not _found(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    for pattern, subschema in patterns.items():
        for key, value in instance.items():
            if _found(pattern, key):
                yield from validator.descend(value, subschema, path=key, schema_path=pattern)


def _found(pattern: str, text: str) -> bool:
    import regex

    try:
        return regex.search(pattern, text, timeout=PATTERN_SECONDS) is not None
    except regex.error as error:
        raise _bad_schema(f"the pattern {pattern!r} is not a regular expression: {error}") from None
    except TimeoutError:
        raise _bad_schema(f"the pattern {pattern!r} takes over {PATTERN_SECONDS:g} s on one text") from None


def _bad_schema(what: str) -> Fault:
    return Fault(what, where="--schema", fix="Give a self-contained JSON Schema.", code=ExitCode.WRONG_USE)
