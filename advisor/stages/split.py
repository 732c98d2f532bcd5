"""Train, dev and test: split here with groups kept together, or taken as given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from advisor.clusters import cluster_of_each, shared_clusters
from advisor.data.findings import Sheet
from advisor.data.rows import Row, as_json_lines, read_rows
from advisor.plan_files import divided
from advisor.stage import Artefact, Context, Stage
from advisor.stages.inspect import INSPECT
from trainer.job import write_json_lines


class SplitReport(Artefact):
    """Sizes of the splits.

    Attributes:
        leaked: ids of test rows that stand in train, exactly or nearly: kept out of the score (D4).
        reasons: why sizes differ from what was asked.
        rarest_label: training rows of the rarest label; None where answers are open.
        missing_labels: labels of the test rows that no training row has; None where answers are open.
        clusters: the cluster of each dev and test row that shares one: the plan's cluster field, else near duplicates.
    """

    train: int
    dev: int
    test: int
    leaked: list[str]
    reasons: list[str]
    clusters: dict[str, str] = Field(default_factory=dict)
    rarest_label: int | None = None
    missing_labels: int | None = None


def rows_of(context: Context, split: str) -> list[Row]:
    """Read the rows of a split."""
    return read_rows(_path(context, split))


def _path(context: Context, split: str) -> Path:
    return context.run.splits / f"{split}.jsonl"


def _make(context: Context) -> SplitReport:
    split = divided(context.files, context.plan.seed)
    train, dev, test = split.train, split.dev, split.test
    for name, rows in (("train", train), ("dev", dev), ("test", test)):
        write_json_lines(_path(context, name), as_json_lines(rows))
    found = context.get(INSPECT)
    return SplitReport(
        train=len(train),
        dev=len(dev),
        test=len(test),
        leaked=[*found.leaked_exact, *found.leaked_near],
        reasons=list(split.reasons),
        clusters={**shared_clusters(dev), **shared_clusters(test)},
        **_labels(train, test),
    )


def _labels(train: Sequence[Row], test: Sequence[Row]) -> dict[str, int]:
    """How well the labels are covered by the rows that are trained on; nothing where answers are open."""
    sheet = Sheet(train)
    if sheet.labels is None:
        return {}
    missing = set(Sheet(test).written) - set(sheet.labels)
    return {"rarest_label": min(sheet.label_counts.values()), "missing_labels": len(missing)}


def clusters_of(context: Context, ids: Sequence[str]) -> list[str] | None:
    """Return what each row belongs to, as the split found it; see `cluster_of_each`."""
    return cluster_of_each(ids, context.get(SPLIT).clusters)


def _summary(split: SplitReport) -> str:
    leaked = f", {len(split.leaked)} test rows left out of the score (in train)" if split.leaked else ""
    return f"train {split.train:,}, dev {split.dev:,}, test {split.test:,}{leaked}"


SPLIT = Stage(
    name="split",
    file="split.json",
    artefact=SplitReport,
    make=_make,
    fields=("seed", "cluster_field", "slices"),
    reads=("inspect",),
    summary=_summary,
)
