"""Which fields of a plan may still change once a run has begun; apart, since screens ask it before anything else."""

AMENDABLE = (
    "rungs",
    "prompt_file",
    "method",
    "epochs",
    "rank",
    "learning_rate",
    "max_length",
    "batch_size",
    "precision",
    "max_minutes",
    "learning_curve",
    "guard",
    "guard_margin",
    "margin",
    "force_train",
    "no_train",
)
"""Plan fields that may change. Not what a result is measured by (rows, metric, target, smallest gain, seed):
chosen after the numbers are known, it would prove nothing. Margin and guard are chosen before the tuned model is
scored (`advisor.amending`)."""
