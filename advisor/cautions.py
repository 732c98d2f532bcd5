"""What to beware of in the intervals of scores, metric by metric."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from rubrics.scoring import get_metric
from rubrics.statistics import cautions, label_cautions


def cautions_by_metric(
    scores: Mapping[str, float],
    references: Iterable[str],
    clusters: int | None = None,
    *,
    averaged: bool = False,
) -> dict[str, list[str]]:
    """Say of each metric where its interval may claim more than it holds; metrics without a caution are left out.

    Args:
        scores: values 0..1 by metric.
        references: the right answer of each row that was scored; for a metric over all rows they are the labels.
        clusters: groups that the rows belong to; None where every row stands alone.
        averaged: a row's score is the mean of several, and so graded whatever the metric.
    """
    rows_by_label = Counter(references)
    n = rows_by_label.total()
    found = {}
    for name, value in scores.items():
        metric = get_metric(name)
        found[name] = (
            cautions(n, graded=averaged or not metric.binary, clusters=clusters, mean=value)
            if metric.per_row
            else label_cautions(rows_by_label)
        )
    return {name: said for name, said in found.items() if said}
