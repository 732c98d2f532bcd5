"""How sure a measured number is: intervals, the one paired test that decides, and what repeats would show.

`intervals` holds the 95% intervals of scores, `clusters` what changes where rows belong together, `paired` the
comparison of two systems on the same rows, `resampling` the same for scores of a whole set such as macro-F1,
`repeats` what happens when something is tested or measured more than once. Nothing here loads numpy or scipy
before a function needs it, and nothing computes power after the fact: see `rubrics.power` for plans.
"""

from __future__ import annotations

from rubrics.statistics.clusters import ALPHA, Z, cautions, independent_share, label_cautions, mean_variance
from rubrics.statistics.intervals import Interval, mean_interval, score_interval, wilson
from rubrics.statistics.paired import (
    FlipTable,
    PairedComparison,
    compare_paired,
    flip_table,
    mcnemar_exact,
    paired_mean_difference,
    paired_share_difference,
    sign_flip_test,
)
from rubrics.statistics.repeats import (
    NoiseFloor,
    false_alarm_rate,
    holm,
    noise_floor,
    set_noise_floor,
    simultaneous,
)
from rubrics.statistics.resampling import set_score_difference, set_score_interval
from rubrics.statistics.totals import errors_between, ratio_difference, ratio_interval, standard_errors

__all__ = [
    "ALPHA",
    "FlipTable",
    "Interval",
    "NoiseFloor",
    "PairedComparison",
    "Z",
    "cautions",
    "compare_paired",
    "errors_between",
    "false_alarm_rate",
    "flip_table",
    "holm",
    "independent_share",
    "label_cautions",
    "mcnemar_exact",
    "mean_interval",
    "mean_variance",
    "noise_floor",
    "paired_mean_difference",
    "paired_share_difference",
    "ratio_difference",
    "ratio_interval",
    "score_interval",
    "set_noise_floor",
    "set_score_difference",
    "set_score_interval",
    "sign_flip_test",
    "simultaneous",
    "standard_errors",
    "wilson",
]
