"""The data files of a plan: read as a run reads them, and divided as it divides them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from advisor.data.named_fields import check_fields, keep_fields
from advisor.data.reading import DataFile, read_plain_file
from advisor.data.rows import Row
from advisor.data.splitting import Split, carve_dev, split_rows
from advisor.plan import Plan

DEV_SHARE = 0.1
"""Of given training rows, for dev where no file of it is given."""


def read_files(plan: Plan) -> Mapping[str, DataFile]:
    """Read every data file; the ids of rows name their file by its flag where files are several.

    Raises:
        Fault: rows cannot be used, or hold tools, calls or images; exit code 3. A field that the plan names is in none
            of the rows to be scored; exit code 2.
    """
    wanted = dict.fromkeys(plan.slices, "--slice")
    if plan.cluster_field:
        wanted[plan.cluster_field] = "--cluster-field"
    files = {
        name: read_plain_file(path, name="" if name == "data" else name, with_fields=bool(wanted))
        for name, path in plan.files().items()
    }
    if not wanted:
        return files
    scored = files.get("test") or files.get("data") or files["train"]
    check_fields([dict(row.fields) for row in scored.rows], wanted, str(scored.path))
    return {
        name: replace(file, rows=keep_fields(file.rows, plan.cluster_field, plan.slices))
        for name, file in files.items()
    }


def divided(files: Mapping[str, DataFile], seed: int) -> Split:
    """Divide one file, or take the parts as given and carve dev out of train where it is missing.

    Raises:
        Fault: the rows are too few, or too alike, to be divided; exit code 3.
    """
    if "data" in files:
        return split_rows(files["data"].rows, seed=seed)
    train: tuple[Row, ...] = files["train"].rows
    test: tuple[Row, ...] = files["test"].rows if "test" in files else ()
    if "dev" in files:
        return Split(train, files["dev"].rows, test)
    train, dev = carve_dev(train, seed, max(1, round(DEV_SHARE * len(train))))
    return Split(train, dev, test)
