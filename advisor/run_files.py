"""Files of a run as views read them: one that is damaged or of another version of the program is named, with its line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from rubrics.errors import Fault
from trainer.job import numbered_json_lines

T = TypeVar("T")


def read_each(path: Path, read: Callable[[Mapping[str, Any]], T]) -> Iterator[T]:
    """Yield what `read` makes of each object of a JSONL file; nothing where there is no file.

    Raises:
        Fault: a line is damaged, or lacks what is read of it.
    """
    for number, entry in numbered_json_lines(path):
        try:
            found = read(entry)
        except (LookupError, TypeError, ValueError) as error:
            raise unfit(error, f"{path}:{number}") from error
        yield found


def read_object(path: Path) -> dict[str, Any] | None:
    """The object that a JSON file is; None where there is no file.

    Raises:
        Fault: it cannot be read, or is no JSON object.
    """
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(error, path) from None
    except ValueError as error:
        raise Fault(f"is not JSON: {error}", where=str(path), fix=_ANEW) from None
    if not isinstance(found, dict):
        raise Fault(f"expected an object, found {type(found).__name__}", where=str(path), fix=_ANEW)
    return found


def unreadable(error: OSError, path: Path) -> Fault:
    """The refusal of a file that the system does not give."""
    return Fault(
        f"cannot be read: {error.strerror or error}",
        where=str(path),
        fix="Make it readable, or copy the run to a place where it is.",
    )


def unfit(error: Exception, where: str) -> Fault:
    """The refusal of what is JSON and not what this version of the program writes."""
    missing = isinstance(error, KeyError)
    what = f"lacks the field {error.args[0]}" if missing else f"is not as this version writes it: {error}"
    return Fault(what, where=where, fix=_ANEW)


_ANEW = "Put the run directory back as it was, or measure again in a new run."
