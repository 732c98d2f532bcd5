"""The prompt that a person uses today: read from its file, or written to one."""

from __future__ import annotations

from pathlib import Path

from rubrics.errors import Fault

_LONGEST = 1_000_000
"""Characters, more than any model reads before a row: a file of data that was named by a slip is not read whole."""


def read_prompt(path: Path) -> str:
    """Return the prompt, without blanks around it.

    Raises:
        Fault: it is no readable UTF-8 text file, too large to be a prompt, or empty; exit code 2.
    """
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_LONGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise Fault(
            f"the prompt cannot be read: {error}", where=str(path), fix="Give a UTF-8 text file."
        ) from None
    if len(text) > _LONGEST:
        raise Fault(
            f"is longer than a prompt can be ({_LONGEST:,} characters)",
            where=str(path),
            fix="Give the prompt that you use today.",
        )
    text = text.strip()
    if not text:
        raise Fault("the prompt is empty", where=str(path), fix="Give the prompt that you use today.")
    return text


def save_prompt(text: str, path: Path) -> None:
    """Write a prompt to a new file.

    Raises:
        Fault: it is empty, the file exists, or it cannot be written; exit code 2.
    """
    if not text.strip():
        raise Fault("the prompt is empty", where=str(path), fix="Write the prompt that you use today.")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text.strip() + "\n")
    except FileExistsError:
        raise Fault(
            "exists already and is not overwritten", where=str(path), fix="Give another name."
        ) from None
    except OSError as error:
        raise Fault(
            f"cannot be written: {error.strerror or error}", where=str(path), fix="Give another name."
        ) from None
