"""What a person types into a field of the plan, as the plan's value and back, and what is wrong with it in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advisor.core_texts import told
from advisor.draft import Draft
from advisor.further_settings import FURTHER_SETTINGS
from advisor.plan import flag_of
from advisor.prices import MONEY_FIELDS, TokenPrice, read_token_price
from advisor.texts import N_, _
from rubrics.errors import Fault

_TOKEN_PRICES = ("price", "tuned_price")
PATHS = ("data", "train", "dev", "test", "production", "schema_file", "prompt_file")
_SHARES = ("target", "min_gain", "margin")
_SUMS = (*(field for field in MONEY_FIELDS if field not in _TOKEN_PRICES),)
_NUMBERS = ("max_minutes", "seed", *_SUMS)
_LISTS = ("slices",)
_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}(,\d{3})+")

_WRONG: Mapping[str, str] = {
    "target": N_("Give a score from 0 to 1, such as 0.9 or 90%."),
    "min_gain": N_("Give a gain over 0 and up to 1, such as 0.05 or 5%."),
    "max_minutes": N_("Give a number of minutes over 0."),
    "tolerance": N_("Give a distance such as 0.5, or a share such as 1%."),
    "margin": N_("Give a loss over 0 and up to 1, such as 0.02 or 2%."),
    "seed": N_("Give a whole number, 0 or more."),
    "tuned_price": N_("Give two prices of a million tokens, read and written, such as 0.15,0.60."),
    "horizon_months": N_("Give a number of months over 0."),
    "requests_per_month": N_("Give a number of answers over 0."),
    **dict.fromkeys(
        (
            "training_cost",
            "labelling_cost",
            "hosting_per_month",
            "retraining_per_month",
            "value_per_correct",
        ),
        N_("Give an amount of money, 0 or more; empty where it is not known."),
    ),
}
_LABELS: Mapping[str, str] = {
    "target": N_("Target"),
    "min_gain": N_("Smallest gain"),
    "max_minutes": N_("Time limit, minutes"),
    "tolerance": N_("Tolerance"),
}
_TOGETHER: Mapping[str, str] = {
    "no rows: give --data FILE, or --train FILE and --test FILE": N_("No rows yet: choose a data file."),
    "--data is one file to split; it does not go with --train, --dev or --test": N_(
        "Give either one data file or separate files, not both."
    ),
    "--endpoint and --endpoint-model go together": N_(
        "An endpoint needs its address and the name of the model there."
    ),
    "--metric schema_validity needs --schema": N_("This metric needs a JSON Schema file."),
    "--metric format_adherence needs --pattern": N_("This metric needs a pattern."),
    "--learning-curve trains, and --no-train forbids it": N_(
        "A learning curve trains, and the plan says not to train: leave one of the two out."
    ),
    "--guard-margin needs a guard: give --guard FILE, or --guard default": N_(
        "A guard margin needs guard rows: give a file of yours, or default."
    ),
    "--require target needs a --target": N_("The target is required, and there is none: give one."),
}
"""What does not go together (`advisor.plan.contradictions`), said without flags."""


def value_of(field: str, text: str) -> Any:
    """Return what a text means for a field; None where it is empty, and the text itself where it means nothing.

    A share may be written as 0.9, 0,9 or 90%.
    """
    text = text.strip()
    if not text:
        return None
    if field in PATHS:
        return Path(text).expanduser()
    if field in _LISTS:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if field in _TOKEN_PRICES:
        return _token_price(text)
    if field in _SHARES or field in _NUMBERS:
        return _number(text, share=field in _SHARES)
    return text


def _token_price(text: str) -> TokenPrice | str:
    try:
        return read_token_price(text)
    except Fault:
        return text


def _number(text: str, *, share: bool) -> float | str:
    if _THOUSANDS.fullmatch(text.rstrip("%")):
        # 100,000 is a hundred thousand to one person and a hundred to another: it is refused, not guessed.
        return text
    plain = text.replace(",", ".")
    is_percent = share and plain.endswith("%")
    try:
        number = float(plain.removesuffix("%") if is_percent else plain)
    except ValueError:
        return text
    return round(number / 100, 10) if is_percent else number


def text_of(value: Any) -> str:
    """Return a value as a person would type it; empty for none."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(map(text_of, value))
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def wrong_in(draft: Draft, field: str) -> str:
    """Say what is wrong with a field's value; empty where nothing is."""
    problem = draft.problem_of(field)
    return _(_WRONG[field]) if problem and field in _WRONG else told(problem)


def label_of(field: str) -> str:
    """What a field of the forms is called, translated."""
    further = {one.field: one.label for _group, settings in FURTHER_SETTINGS for one in settings}
    return _(_LABELS.get(field) or further[field])


def still_wrong(draft: Draft) -> tuple[str, ...]:
    """Say all that keeps the draft from being a plan, in the words of a form and not of flags."""
    of_fields = {
        f"{flag_of(name)}: {draft.problem_of(name)}": name for name in _WRONG if draft.problem_of(name)
    }
    found = []
    for problem in draft.problems():
        if problem in of_fields:
            field = of_fields[problem]
            found.append(f"{label_of(field)}: {wrong_in(draft, field)}")
        else:
            found.append(_(_TOGETHER[problem]) if problem in _TOGETHER else told(problem))
    return tuple(found)
