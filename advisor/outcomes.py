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


CASES: Mapping[tuple[str, str], OutcomeWords] = MappingProxyType(
    {
        ("R2", "agreement"): OutcomeWords(
            N_("Agree on what is right first"),
            N_("Without a measure on which people agree nothing can be shown."),
        ),
        ("R2", "skew"): OutcomeWords(
            N_("Vary the test rows first"),
            N_("Always giving the commonest answer may score as much as the best cheap option."),
        ),
        ("R3", ""): OutcomeWords(
            N_("Fine-tuning is worth a try, to save"),
            N_("A cheap option is good enough, and a tuned model would do it for less."),
        ),
        ("R5", "format"): OutcomeWords(
            N_("A cheap option is enough, its form cured"),
            N_("Its answers are right and fail by their form alone; do not fine-tune."),
        ),
        ("R7", ""): OutcomeWords(
            N_("There is too little left to gain"),
            N_("The best cheap option is nearly as good as any system can be; do not fine-tune."),
        ),
        ("R7", "format"): OutcomeWords(
            N_("Cure the form of the answers first"),
            N_("Most of what is wrong is their form, which takes no training; measure again after that."),
        ),
        ("R11", ""): OutcomeWords(
            N_("Training would gain too little"),
            N_("A short training on part of the rows promises less than is worth it."),
        ),
        ("R12", ""): OutcomeWords(
            N_("Training would not pay"),
            N_("It costs more than the gain is worth; do not fine-tune."),
        ),
        ("R13", ""): OutcomeWords(
            N_("Fine-tuning is worth a try, with retrieval"),
            N_("Retrieved context helps most; train with it in the prompt."),
        ),
        ("T1", ""): OutcomeWords(
            N_("The two were not measured alike"),
            N_("More differs between them than the model, so their difference says nothing."),
        ),
        ("T1", "cut"): OutcomeWords(
            N_("The training was cut short"),
            N_(
                "The time limit ended it before half of its steps; this says little of what training would bring."
            ),
        ),
        ("T2", "guard"): OutcomeWords(
            N_("Keep the cheap option"),
            N_("Training harmed what was declared as not to be harmed."),
        ),
        ("T4", ""): OutcomeWords(
            N_("Ship the tuned model"),
            N_("It saves, and is not worse by more than was declared before training."),
        ),
        ("T5", "some"): OutcomeWords(
            N_("Keep the cheap option"),
            N_("The tuned model is better, but by less than is worth it."),
        ),
        ("T5", "others"): OutcomeWords(
            N_("Keep a cheap option"),
            N_("The tuned model beats the chosen one, and another that may be the best by too little."),
        ),
        ("T6", "some"): OutcomeWords(
            N_("The gain may be too small"),
            N_("The tuned model is better; that it is by as much as is worth it is not shown."),
        ),
        ("T6", "others"): OutcomeWords(
            N_("The test cannot tell"),
            N_("The tuned model beats the chosen option, and perhaps not another that may be the best."),
        ),
    }
)
"""Where a rule, or one of its cases, is something else than its outcome says in general."""


def outcome_words(outcome: str, rule: str = "", case: str = "") -> OutcomeWords:
    """What an outcome is called by the rule that decided; an outcome that is not known stands for itself."""
    return CASES.get((rule, case)) or OUTCOMES.get(outcome) or OutcomeWords(outcome, "")


def outcome_headline(outcome: str, rule: str = "", case: str = "") -> str:
    """An outcome's few words in the person's language."""
    return _(outcome_words(outcome, rule, case).headline)


def outcome_meaning(outcome: str, rule: str = "", case: str = "") -> str:
    """One sentence on an outcome in the person's language; empty for one that is not known."""
    meaning = outcome_words(outcome, rule, case).meaning
    return _(meaning) if meaning else ""


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
