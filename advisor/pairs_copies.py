"""A copy of a file whose columns have names of a person's own, as questions with answers that a run can read."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from advisor.data.formats.pairs import QUESTION_ANSWER
from advisor.data.translating import convert_file


def pairs_copy(file: Path, question: str, answer: str) -> Path:
    """Write the two named columns to a new file beside the first and return its path; nothing is overwritten.

    The same as `advisor data convert FILE --to question-answer --prompt-field QUESTION --answer-field ANSWER -o NEW`.

    Raises:
        Fault: a row has no text in one of them, or the folder cannot be written to.
    """
    output = _free_name(file)
    convert_file(file, QUESTION_ANSWER, output, prompt_field=question, answer_field=answer)
    return output


def _free_name(file: Path) -> Path:
    stem = file.name.split(".")[0] or file.name
    names = (f"{stem}.pairs{'' if number == 1 else f'-{number}'}.jsonl" for number in count(1))
    return next(path for path in map(file.with_name, names) if not path.exists())
