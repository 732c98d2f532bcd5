"""What each outcome is called and means in a person's words; the names are the contract's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from advisor.texts import N_, _


@dataclass(frozen=True)
class OutcomeWords:
    """An outcome in words, untranslated.

    Attributes:
        headline: a few words.
        meaning: one sentence.
    """

    headline: str
    meaning: str


OUTCOMES: Mapping[str, OutcomeWords] = MappingProxyType(
    {
        "FINE_TUNE": OutcomeWords(
            N_("Fine-tuning is worth a try"),
            N_("No cheap option is good enough at its price, and nothing known speaks against training."),
        ),
        "PROMPT_IS_ENOUGH": OutcomeWords(
            N_("A cheap option is enough"),
            N_("It does what is needed, or training would not pay; do not fine-tune."),
        ),
        "USE_RETRIEVAL": OutcomeWords(
            N_("Use retrieval"),
            N_("The model lacks facts, not skill: look them up and put them into the prompt."),
        ),
        "COLLECT_EVAL_DATA": OutcomeWords(
            N_("Collect test rows first"),
            N_("The test rows cannot show yet whether training would help."),
        ),
        "COLLECT_TRAIN_DATA": OutcomeWords(
            N_("Collect training rows first"),
            N_("There are too few rows to learn this task from."),
        ),
        "FIX_DATA": OutcomeWords(
            N_("Mend the data first"),
            N_("What is wrong in the rows would spoil the training or its measurement."),
        ),
        "NOT_SUITED": OutcomeWords(
            N_("Fine-tuning does not suit this task"),
            N_("By your answers another way serves this task better."),
        ),
        "SHIP_TUNED": OutcomeWords(
            N_("Ship the tuned model"),
            N_("It beats the best cheap option on the same test rows."),
        ),
        "KEEP_BASELINE": OutcomeWords(
            N_("Keep the cheap option"),
            N_("The tuned model is not the better answer to this task."),
        ),
        "INCONCLUSIVE": OutcomeWords(
            N_("The test cannot tell"),
            N_("The test rows do not show which of the two is better."),
        ),
    }
)


def outcome_headline(outcome: str) -> str:
    """An outcome's few words in the person's language; a name that is not known stands for itself."""
    words = OUTCOMES.get(outcome)
    return _(words.headline) if words is not None else outcome


GLYPHS: Mapping[str, str] = MappingProxyType(
    {
        "FINE_TUNE": "▲",
        "PROMPT_IS_ENOUGH": "✓",
        "USE_RETRIEVAL": "◆",
        "COLLECT_EVAL_DATA": "+",
        "COLLECT_TRAIN_DATA": "+",
        "FIX_DATA": "!",
        "NOT_SUITED": "✗",
        "SHIP_TUNED": "✓",
        "KEEP_BASELINE": "■",
        "INCONCLUSIVE": "?",
    }
)
"""A sign that goes with the words of an outcome, never without them."""
