"""What a run is doing at each of its stages, in words for a person."""

from __future__ import annotations

from advisor.texts import N_

STAGE_WORDS = {
    "assess": N_("the suitability of the task is assessed"),
    "inspect": N_("the rows are checked"),
    "split": N_("the rows are divided"),
    "measure": N_("the speed of this machine is measured"),
    "budget": N_("the time is divided"),
    "baseline": N_("the cheap options are measured"),
    "decide": N_("the verdict is computed"),
    "forecast": N_("the training is forecast"),
    "train": N_("the model is trained"),
    "evaluate": N_("the tuned model answers the test rows"),
    "compare": N_("the tuned model is compared"),
    "curve": N_("the learning curve is measured"),
    "report": N_("the report is written"),
}
