"""What the program proposes where the plan leaves a choice open; each with its source (KNOWLEDGE.md section 1)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

from advisor.data.findings import label_set
from rubrics.scoring import is_quantity, json_validity
from rubrics.text import mostly_unspaced
from trainer.job import Method

if TYPE_CHECKING:
    from advisor.models.facts import ModelFacts

_LLAMA_POWER, _QWEN_POWER = 0.781, 0.0775
_LORA_FACTOR = 10
_FULL_RATE = 5e-5
_REFERENCE_WIDTH = 2000

LEAST_UPDATES = 100

_MOST_FORMS, _ROWS_PER_FORM, _FORM_SHARE, _LONGEST_FORM = 10, 10, 0.9, 40
"""Answers keep a fixed form where ten short forms, or one for ten rows, cover nine in ten of them (ours)."""
_PROSE = re.compile(r"[aA\s.,;:!?'\"]*")
"""The form of ordinary wording, which may be worded otherwise."""
_SENTENCE = re.compile(r"\s.*[.!?。…~]\W*$", re.DOTALL)
_SHORT_WORDS = 8
_SHORT_CHARACTERS = 24
"""Of the 90th percentile of the answers: a span and not a text (ours; SQuAD's answers have 3 words on average)."""


def learning_rate(facts: ModelFacts) -> tuple[float, str]:
    """LoRA learning rate and where it comes from.

    5e-5 x 10 x (2000 / hidden size)^p with p of the model's family, from the cookbook of the authors of "LoRA
    Without Regret"; outside the Llama and Qwen families and widths of 2,048 to 8,192 it is an extrapolation.
    """
    family = facts.model_type.lower()
    power = _QWEN_POWER if family.startswith("qwen") else _LLAMA_POWER
    rate = _FULL_RATE * _LORA_FACTOR * (_REFERENCE_WIDTH / facts.hidden_size) ** power
    known = family.startswith(("llama", "qwen")) and 2048 <= facts.hidden_size <= 8192
    source = "LoRA Without Regret's rate by width" + (
        "" if known else ", extrapolated beyond its families and widths"
    )
    return float(f"{rate:.2g}"), source


def method_of(choice: str) -> Method:
    """The method that a plan's choice means: LoRA unless 4-bit weights are asked for (KNOWLEDGE.md section 1)."""
    return "qlora" if choice == "qlora" else "lora"


def epochs(rows: int, batch_size: int) -> float:
    """Epochs by rows: few rows need more passes, and at least 100 updates are made where rows are few."""
    usual = 4.0 if rows < 100 else 3.0 if rows < 500 else 2.0 if rows < 2000 else 1.0
    updates = usual * rows / batch_size
    if updates >= LEAST_UPDATES or rows >= 2000:
        return usual
    return min(5.0, float(-(-LEAST_UPDATES * batch_size // rows)))


AnswerKind = Literal["calls", "json", "labels", "numbers", "forms", "spans", "texts"]


@dataclass(frozen=True)
class MetricProposal:
    """The metric that suits given answers.

    Attributes:
        metric: the one to decide by.
        beside: those that tell more about the same answers.
        reason: what was seen in the answers, and why that asks for this metric.
        warning: what the metric cannot see; empty where nothing is to be said.
        kind: what the answers were taken for.
        seen: what that rests on where it can be named: the number of labels, or an answer of the commonest form.
    """

    metric: str
    beside: tuple[str, ...]
    reason: str
    warning: str = ""
    kind: AnswerKind = "texts"
    seen: str = ""


def propose_metric(answers: Sequence[str]) -> MetricProposal:
    """Propose the metric that suits the accepted answers (KNOWLEDGE.md section 4).

    Args:
        answers: one a row, at least one.
    """
    for propose in (_for_json, _for_labels, _for_numbers, _for_forms, _for_spans):
        found = propose(answers)
        if found is not None:
            return found
    return _for_texts(answers)


def _for_json(answers: Sequence[str]) -> MetricProposal | None:
    if not all(answer.lstrip().startswith(("{", "[")) and json_validity(answer) for answer in answers):
        return None
    values = [json.loads(answer) for answer in answers]
    if any(values) and all(map(_is_call, values)):
        return MetricProposal(
            "call_match",
            ("json_equality", "json_validity"),
            "every answer is a function call in JSON, so the function and its arguments count",
            kind="calls",
        )
    return MetricProposal(
        "json_equality",
        ("json_inside", "field_f1", "json_validity"),
        "every answer is a JSON document, so its content counts and not its spelling; field_f1 gives partial credit",
        kind="json",
    )


def _is_call(value: Any) -> bool:
    entries = value if isinstance(value, list) else [value]
    return all(
        isinstance(entry, dict) and ({"name", "arguments"} <= entry.keys() or "function" in entry)
        for entry in entries
    )


def _for_labels(answers: Sequence[str]) -> MetricProposal | None:
    labels = label_set(answers)
    if labels is None:
        return None
    return MetricProposal(
        "exact_match",
        ("label_match", "macro_f1") if len(labels) > 1 else ("label_match",),
        f"the answers are a closed set of labels ({len(labels)}), and a label is right or wrong; label_match shows "
        "right choices in a wrong form, macro_f1 weighs rare labels as much as common ones",
        kind="labels",
        seen=str(len(labels)),
    )


def _for_numbers(answers: Sequence[str]) -> MetricProposal | None:
    if not all(map(is_quantity, answers)):
        return None
    return MetricProposal(
        "numeric_match",
        (),
        "every answer is one number, so its value counts; --tolerance allows a distance",
        kind="numbers",
    )


def _for_forms(answers: Sequence[str]) -> MetricProposal | None:
    forms = Counter(map(_form, answers))
    most = min(_MOST_FORMS, len(answers) // _ROWS_PER_FORM)
    covered = sum(count for _, count in forms.most_common(most)) / len(answers)
    usual = forms.most_common(1)[0][0]
    if covered < _FORM_SHARE or len(usual) > _LONGEST_FORM or _PROSE.fullmatch(usual):
        return None
    return MetricProposal(
        "exact_match",
        (),
        f"the answers keep a fixed form (such as {usual!r}, with a and A for letters and 9 for digits), so every "
        "character counts",
        kind="forms",
        seen=next(answer.strip() for answer in answers if _form(answer) == usual),
    )


def _form(answer: str) -> str:
    """The answer with runs of letters and of digits folded: "SK-48213" has the form "A-9"."""
    folded = re.sub(r"[^\W\d_]+", lambda run: "A" if run[0].isupper() else "a", answer.strip())
    return re.sub(r"\d+", "9", folded)


def _for_spans(answers: Sequence[str]) -> MetricProposal | None:
    unspaced = _unspaced(answers)
    lengths = sorted(len(answer) if unspaced else len(answer.split()) for answer in answers)
    sentences = sum(_SENTENCE.search(answer) is not None for answer in answers)
    longest = _SHORT_CHARACTERS if unspaced else _SHORT_WORDS
    if lengths[int(0.9 * (len(lengths) - 1))] > longest or 2 * sentences > len(answers):
        return None
    unit = "characters" if unspaced else "words"
    return MetricProposal(
        "squad_exact_match",
        ("mixed_f1",) if unspaced else (),
        "the answers are short spans, right whatever their case and punctuation; "
        f"{'mixed_f1' if unspaced else 'token_f1'} gives partial credit by {unit}",
        kind="spans",
    )


def _for_texts(answers: Sequence[str]) -> MetricProposal:
    warning = (
        "this metric rewards wording: a right answer in other words scores low, a fluent wrong one may score high; "
        "read some answers, or have a judge grade them by a written rubric"
    )
    seen = "the answers are longer texts with many right wordings"
    if find_spec("rouge_score") and find_spec("sacrebleu"):
        return MetricProposal(
            "rouge_l", ("chrf", "length_ratio"), f"{seen}, so overlap is all that can be counted", warning
        )
    name = "mixed_f1" if _unspaced(answers) else "token_f1"
    return MetricProposal(
        name,
        ("length_ratio",),
        f"{seen}; rouge_l would suit better and needs the extra [metrics] (rouge-score, sacrebleu)",
        warning,
    )


def _unspaced(answers: Sequence[str]) -> bool:
    return 2 * sum(map(mostly_unspaced, answers)) > len(answers)
