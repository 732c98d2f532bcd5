"""Train, dev and test: split here with groups kept together, or taken as given."""

from __future__ import annotations

from pathlib import Path

from advisor.data.rows import Row, as_json_lines, read_rows
from advisor.data.splitting import carve_dev, split_rows
from advisor.stage import Artefact, Context, Stage
from advisor.stages.inspect import INSPECT
from trainer.job import write_json_lines

DEV_SHARE = 0.1


class SplitReport(Artefact):
    """Sizes of the splits.

    Attributes:
        leaked: ids of test rows that stand in train, exactly or nearly: kept out of the score (D4).
        reasons: why sizes differ from what was asked.
    """

    train: int
    dev: int
    test: int
    leaked: list[str]
    reasons: list[str]


def rows_of(context: Context, split: str) -> list[Row]:
    """Read the rows of a split."""
    return read_rows(_path(context, split))


def _path(context: Context, split: str) -> Path:
    return context.run.splits / f"{split}.jsonl"


def _make(context: Context) -> SplitReport:
    plan, files = context.plan, context.files
    reasons: tuple[str, ...] = ()
    train: tuple[Row, ...]
    dev: tuple[Row, ...]
    if "data" in files:
        split = split_rows(files["data"].rows, seed=plan.seed)
        train, dev, test, reasons = split.train, split.dev, split.test, split.reasons
    else:
        train = files["train"].rows
        test = files["test"].rows if "test" in files else ()
        if "dev" in files:
            dev = files["dev"].rows
        else:
            train, dev = carve_dev(train, plan.seed, max(1, round(DEV_SHARE * len(train))))
    for name, rows in (("train", train), ("dev", dev), ("test", test)):
        write_json_lines(_path(context, name), as_json_lines(rows))
    found = context.get(INSPECT)
    return SplitReport(
        train=len(train),
        dev=len(dev),
        test=len(test),
        leaked=[*found.leaked_exact, *found.leaked_near],
        reasons=list(reasons),
    )


def _summary(split: SplitReport) -> str:
    leaked = f", {len(split.leaked)} test rows left out of the score (in train)" if split.leaked else ""
    return f"train {split.train:,}, dev {split.dev:,}, test {split.test:,}{leaked}"


SPLIT = Stage(
    name="split",
    file="split.json",
    artefact=SplitReport,
    make=_make,
    fields=("seed", "group_field"),
    reads=("inspect",),
    summary=_summary,
)
