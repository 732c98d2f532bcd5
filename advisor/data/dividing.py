"""`advisor data split`: a file divided into train.jsonl, dev.jsonl and test.jsonl, and how it was done."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from advisor.data.findings import label_set
from advisor.data.output import check_output, make_folder, new_file
from advisor.data.reading import Record, read_records
from advisor.data.rows import Row
from advisor.data.splitting import NAMES, Split, groups_of, split_by_size, split_rows
from advisor.data.writing import write_records
from rubrics.errors import ExitCode, Fault

SUMMARY = "split.json"
_MOST_LABELS = 200
"""A longer table of labels helps nobody."""


def split_file(
    file: Path,
    folder: Path,
    *,
    fractions: tuple[float, float, float] | None = None,
    sizes: Mapping[str, int] | None = None,
    group_field: str = "",
    seed: int = 0,
    force: bool = False,
    **reading: Any,
) -> dict[str, Any]:
    """Write the parts of a file into a folder, each row as it stands in the file; return what `split.json` says.

    Args:
        file: the rows; `-` is standard input.
        folder: made where it is missing.
        fractions: of train, dev and test; by default 0.7, 0.1, 0.2 with at least 100 test rows of 250 or more.
        sizes: rows of the parts named; where train is not named it gets the rest, where it is the rest is left out.
        group_field: rows with the same value in this field of the file stay together.
        seed: chooses among equally good splits.
        force: replace files of an earlier split.
        reading: `format`, `prompt_field`, `answer_field` as `read_records` takes them.

    Raises:
        Fault: the rows cannot be read or divided, a row lacks the group field, or a place is taken.
    """
    places = {name: folder / f"{name}.jsonl" for name in NAMES}
    if folder.exists():
        make_folder(folder)
        for place in (*places.values(), folder / SUMMARY):
            check_output(place, inputs=[file], force=force)
    given = read_records(file, **reading)
    rows = [_in_its_group(record, group_field, file) for record in given]
    split = _divided(rows, fractions, sizes, seed)
    summary = {
        "file": str(file),
        "sha256": given.file.bytes_sha256,
        "format": given.format,
        "seed": seed,
        "fractions": list(fractions) if fractions else None,
        "asked_sizes": dict(sizes) if sizes else None,
        "group_field": group_field or None,
        **described(rows, split),
    }
    values = {record.row.id: record.value for record in given}
    parts = {name: [values[row.id] for row in part] for name, part in parts_of(split).items()}
    _write(folder, parts, summary, force=force)
    return summary


def _write(
    folder: Path, parts: Mapping[str, Sequence[Any]], summary: Mapping[str, Any], *, force: bool
) -> None:
    """Write all files or, where one cannot be written, none."""
    is_new = not folder.exists()
    make_folder(folder)
    written: list[Path] = []
    try:
        for name, part in parts.items():
            place = folder / f"{name}.jsonl"
            if part:
                write_records(place, part, force=force)
                written.append(place)
            elif force:
                # Else an older part would look like one of this split.
                place.unlink(missing_ok=True)
        with new_file(folder / SUMMARY, force=force) as out:
            out.write(json.dumps(summary, ensure_ascii=False, indent=1).encode() + b"\n")
    except BaseException:
        for place in written:
            place.unlink(missing_ok=True)
        if is_new:
            folder.rmdir()
        raise


def parts_of(split: Split) -> dict[str, tuple[Row, ...]]:
    """Return train, dev and test by name."""
    return {"train": split.train, "dev": split.dev, "test": split.test}


def described(rows: Sequence[Row], split: Split) -> dict[str, Any]:
    """Say how a split turned out: sizes, groups, shares of the labels, and why a size differs from what was asked."""
    parts = parts_of(split)
    groups = [len(members) for members in groups_of(rows) if len(members) > 1]
    labels = label_set([row.answer for row in rows])
    counts = {name: Counter(row.answer.strip() for row in part) for name, part in parts.items()}
    return {
        "rows": len(rows),
        "sizes": {name: len(part) for name, part in parts.items()},
        "left_out": len(split.left_out),
        "groups": {"several_rows": len(groups), "rows": sum(groups), "largest": max(groups, default=1)},
        "labels": {label: {name: counts[name][label] for name in NAMES} for label in labels}
        if labels is not None and len(labels) <= _MOST_LABELS
        else None,
        "reasons": list(split.reasons),
    }


def _in_its_group(record: Record, field: str, file: Path) -> Row:
    if not field:
        return record.row
    value = record.value.get(field)
    if value is None or value == "" or isinstance(value, dict | list):
        found = "no such field" if field not in record.value else f"{json.dumps(value)[:40]}"
        raise Fault(
            f"{field}: expected a text or number to group by, found {found}",
            where=record.row.source or str(file),
            fix="Give every row the field, or name another --group-field.",
            code=ExitCode.BAD_DATA,
        )
    return replace(record.row, group=str(value))


def _divided(
    rows: Sequence[Row],
    fractions: tuple[float, float, float] | None,
    sizes: Mapping[str, int] | None,
    seed: int,
) -> Split:
    if sizes:
        rest = len(rows) - sum(sizes.values())
        train = sizes.get("train", max(0, rest))
        return split_by_size(rows, (train, sizes.get("dev", 0), sizes.get("test", 0)), seed=seed)
    if fractions:
        return split_rows(rows, seed=seed, fractions=fractions, min_test=1)
    return split_rows(rows, seed=seed)


def parsed_fractions(text: str) -> tuple[float, float, float]:
    """Read `0.7,0.1,0.2`.

    Raises:
        Fault: not three shares of train, dev and test that add up to 1, or nothing for train.
    """
    try:
        shares = [float(part) for part in text.split(",")]
    except ValueError:
        shares = []
    if len(shares) != 3 or not all(0 <= share <= 1 for share in shares) or abs(sum(shares) - 1) > 1e-6:
        what = f"expected shares of train, dev and test that add up to 1, found {text!r}"
        raise Fault(what, where="--fractions", fix="Write them as 0.7,0.1,0.2; dev or test may be 0.")
    if not shares[0] or not any(shares[1:]):
        raise Fault("leaves nothing to divide", where="--fractions", fix="Give train and one other a share.")
    return shares[0], shares[1], shares[2]
