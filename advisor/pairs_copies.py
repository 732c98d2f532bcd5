"""Copies of files that a run cannot read: with columns of a person's own names as pairs, without the lines it cannot use."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from advisor.data.formats.pairs import QUESTION_ANSWER
from advisor.data.reading import read_usable
from advisor.data.translating import convert_file
from advisor.data.writing import write_records


def pairs_copy(file: Path, question: str, answer: str) -> Path:
    """Write the two named columns to a new file beside the first and return its path; nothing is overwritten.

    The same as `advisor data convert FILE --to question-answer --prompt-field QUESTION --answer-field ANSWER -o NEW`.

    Raises:
        Fault: a row has no text in one of them, or the folder cannot be written to.
    """
    output = _free_name(file, "pairs")
    convert_file(file, QUESTION_ANSWER, output, prompt_field=question, answer_field=answer)
    return output


def usable_copy(file: Path) -> tuple[Path, tuple[str, ...]]:
    """Write the lines that can be used to a new file beside the first, JSONL; nothing is overwritten.

    Returns:
        its path, and of each line that is not in it `file:line: field: expected X, found Y`.

    Raises:
        Fault: no line can be used, or the folder cannot be written to.
    """
    records, left_out = read_usable(file)
    output = _free_name(file, "usable")
    write_records(output, (record.value for record in records))
    return output, left_out


def _free_name(file: Path, kind: str) -> Path:
    stem = file.name.split(".")[0] or file.name
    names = (f"{stem}.{kind}{'' if number == 1 else f'-{number}'}.jsonl" for number in count(1))
    return next(path for path in map(file.with_name, names) if not path.exists())
