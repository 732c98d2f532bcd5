"""The wrong answers that a person tags: written beside the baselines, read back with their tags.

Tags decide what the score cannot (missing facts, format, pattern, wrong reference), so they are never lost: what
is written anew keeps the tag of an answer that is still the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from advisor.predictions import Prediction
from rubrics.errors import ExitCode, Fault
from rubrics.failures import TAGS
from trainer.job import write_json_lines

FILE = "failures.jsonl"
SHOWN = 30
"""Failures written for tagging: enough to see which kind prevails, few enough to be read."""


def write_failures(path: Path, rung: str, predictions: Sequence[Prediction], metric: str) -> int:
    """Write a sample of a rung's wrong answers in the order of its rows, ready to be tagged; return how many.

    The sample goes by a hash of the row's id, which any one is as likely to be in and which stays the same when the
    ladder is measured again. The first ones would be those of one customer or one day where rows come in that order.

    A line holds id, rung, prompt (its last turn), reference, prediction, score and tag (null until tagged).

    Raises:
        Fault: the file is there and cannot be read, so that its tags would be lost; exit code 3.
    """
    wrong = [prediction for prediction in predictions if prediction.scores[metric] < 1]
    drawn = {prediction.id for prediction in sorted(wrong, key=_draw)[:SHOWN]}
    wrong = [prediction for prediction in wrong if prediction.id in drawn]
    known = {(row.get("rung"), row.get("id"), row.get("prediction")): row for row in _lines(path)}
    rows = []
    for prediction in wrong:
        former = known.get((rung, prediction.id, prediction.prediction), {})
        rows.append(
            {
                "id": prediction.id,
                "rung": rung,
                "prompt": prediction.prompt[-1]["content"],
                "reference": prediction.reference,
                "prediction": prediction.prediction,
                "score": prediction.scores[metric],
                "tag": former.get("tag"),
            }
        )
    write_json_lines(path, rows)
    return len(rows)


def _draw(prediction: Prediction) -> bytes:
    """The place of an answer in the draw."""
    return hashlib.sha256(prediction.id.encode("utf-8", "surrogatepass")).digest()


def read_tags(path: Path) -> list[dict[str, Any]]:
    """Return id and tag of every tagged failure of a file; an empty tag counts as none.

    Raises:
        Fault: no such file (2), or lines that are not `{id, tag}` with a tag that exists (3), each named.
    """
    if not path.is_file():
        raise Fault("no such file", where=str(path), fix="A run writes baselines/failures.jsonl.")
    rows = _lines(path)
    problems = [
        f"line {at}: {row.get('tag')!r} is not a tag"
        for at, row in enumerate(rows, start=1)
        if row.get("tag") not in (None, "", *TAGS)
    ]
    if problems:
        raise Fault(
            problems[0] if len(problems) == 1 else f"{len(problems)} tags do not exist",
            where=str(path),
            fix=f"Tag a failure {', '.join(TAGS[:-1])} or {TAGS[-1]}, or leave null.",
            code=ExitCode.BAD_DATA,
            problems=problems if len(problems) > 1 else (),
        )
    return [{"id": row.get("id"), "tag": row["tag"]} for row in rows if row.get("tag")]


def _lines(path: Path) -> list[dict[str, Any]]:
    """Read the objects of a JSONL file, none where it is absent; a blank line is kept as an empty object."""
    try:
        # By line feeds alone: an answer may hold U+2028, at which splitlines would cut it.
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise Fault(
            f"cannot be read: {error}", where=str(path), fix="Give UTF-8 JSONL.", code=ExitCode.BAD_DATA
        ) from None
    rows = []
    for at, line in enumerate(lines, start=1):
        try:
            row = json.loads(line) if line.strip() else {}
        except ValueError as error:
            raise _not_a_failure(path, at, f"is not JSON: {error}") from None
        if not isinstance(row, dict):
            raise _not_a_failure(path, at, "is not a JSON object")
        rows.append(row)
    return rows


def _not_a_failure(path: Path, line: int, problem: str) -> Fault:
    return Fault(
        f"line {line} {problem}",
        where=str(path),
        fix='A line is {"id": ..., "tag": ...}; correct it or remove the file.',
        code=ExitCode.BAD_DATA,
    )
