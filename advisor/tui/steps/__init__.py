"""The walk's steps in their order, each in a folder of its own that is imported when the step is first shown."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from advisor.texts import N_

if TYPE_CHECKING:
    from advisor.tui.step import Step


@dataclass(frozen=True)
class StepEntry:
    """A step in the rail.

    Attributes:
        key: name of its folder.
        class_name: of its widget there.
        title: a word or two, untranslated.
        why: why it is asked, one line, untranslated.
    """

    key: str
    class_name: str
    title: str
    why: str

    def load(self) -> type[Step]:
        """The widget's class."""
        found: type[Step] = getattr(import_module(f"{__name__}.{self.key}"), self.class_name)
        return found


ALL_STEPS = (
    StepEntry(
        "task", "TaskStep", N_("Task"), N_("What should the model do, and how will you know that it does?")
    ),
    StepEntry(
        "suitability",
        "SuitabilityStep",
        N_("Suitability"),
        N_("Some tasks gain from fine-tuning and some never do: ten questions tell which."),
    ),
    StepEntry(
        "data",
        "DataStep",
        N_("Data"),
        N_("A model learns what is in the rows, mistakes and repeats included."),
    ),
    StepEntry(
        "options",
        "OptionsStep",
        N_("Cheap options"),
        N_("A better prompt may be enough; it is measured before anything is trained."),
    ),
    StepEntry(
        "verdict", "VerdictStep", N_("Verdict"), N_("Whether to fine-tune, computed from what was measured.")
    ),
    StepEntry(
        "plan", "PlanStep", N_("Plan"), N_("What training takes on this machine, before it costs anything.")
    ),
    StepEntry("training", "TrainingStep", N_("Training"), N_("Is it learning, and when is it time to stop?")),
    StepEntry(
        "results", "ResultsStep", N_("Results"), N_("The same test rows again: is the tuned model better?")
    ),
    StepEntry("ship", "ShipStep", N_("Ship"), N_("Where the winner lies, and the code to use it.")),
)

STEPS = tuple(entry for entry in ALL_STEPS if find_spec(f"{__name__}.{entry.key}") is not None)
