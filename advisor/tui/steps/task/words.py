"""What the step says about metrics, models and the size of the test set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from advisor.texts import N_, _, ngettext
from rubrics.phrases import percent

if TYPE_CHECKING:
    from advisor.detecting import Detectable
    from advisor.models.naming import Kind
    from advisor.proposals import MetricProposal

METRIC_WORDS: Mapping[str, str] = {
    "exact_match": N_("The answer is the expected one, character for character."),
    "squad_exact_match": N_("The answer is the expected one, whatever its case and punctuation."),
    "token_f1": N_("Share of words in common, with partial credit."),
    "char_f1": N_("Share of characters in common, for scripts without spaces and for Korean."),
    "mixed_f1": N_("Words or characters in common, whichever fits the script of a row."),
    "accuracy": N_("The answer is the right label of a closed set, and nothing else."),
    "label_match": N_("The answer names exactly one label, the right one, whatever stands around it."),
    "json_validity": N_("The answer is valid JSON; what it says does not count."),
    "schema_validity": N_("The answer is JSON that obeys your JSON Schema."),
    "json_equality": N_("The same JSON document, whatever the order of its fields."),
    "json_inside": N_("The same JSON document, even within other text."),
    "field_f1": N_("Share of JSON fields that are right, with partial credit."),
    "field_precision": N_("Share of the answer's JSON fields that are right."),
    "field_recall": N_("Share of the expected JSON fields that were found."),
    "call_match": N_("The right functions are called with the right arguments."),
    "numeric_match": N_("The number in the answer is the expected one, within the tolerance."),
    "rouge_1": N_("Words in common with the expected text, for summaries."),
    "rouge_2": N_("Pairs of words in common with the expected text, for summaries."),
    "rouge_l": N_("Longest sequence of words in common, for summaries."),
    "chrf": N_("Runs of characters in common, for translations."),
    "length_ratio": N_("How close the answer's length is to the expected one."),
    "refusal_match": N_("The answer refuses where it should, and only there."),
    "format_adherence": N_("The whole answer fits your pattern."),
}
DECIDING = tuple(METRIC_WORDS)
"""Metrics that a run can conclude by, in the order of `rubrics.scoring`; asked of it they would hold up the screen."""

_WHY: Mapping[str, str] = {
    "calls": N_("Every answer is a function call, so the function and its arguments count."),
    "json": N_("Every answer is a JSON document, so its content counts and not its spelling."),
    "labels": N_("The answers come from {seen} labels, and a label is right or wrong."),
    "numbers": N_("Every answer is one number, so its value counts."),
    "forms": N_("The answers keep a fixed form such as {seen}, so every character counts."),
    "spans": N_("The answers are short, and right whatever their case and punctuation."),
    "texts": N_("The answers are longer texts with many right wordings, so only overlap can be counted."),
}
_WARNING = N_("It rewards wording: read some answers yourself, or let a judge grade them.")
_KINDS: Mapping[Kind | None, str] = {
    "embedded": N_("✓ a small model that needs no model hub; fetched once where it is not here yet"),
    "folder": N_("✓ a folder with a model"),
    "gguf": N_("✓ a GGUF file"),
    "hub": N_("✓ a model of the Hugging Face hub; fetched when the run begins"),
    None: N_("Give smollm2-135m, a folder, a .gguf file, or a hub name such as ORGANISATION/NAME."),
}


def why_proposed(proposal: MetricProposal) -> str:
    """Say which metric suits the answers, and why."""
    why = _(_WHY[proposal.kind]).format(
        seen=f"“{proposal.seen}”" if proposal.kind == "forms" else proposal.seen
    )
    said = _("Proposed: {metric}.").format(metric=proposal.metric) + " " + why
    return f"{said} {_(_WARNING)}" if proposal.kind == "texts" else said


def metric_note(chosen: str, proposal: MetricProposal | None) -> str:
    """Say what the chosen metric counts, and which one the answers suggest."""
    own = _(METRIC_WORDS[chosen]) if chosen in METRIC_WORDS else ""
    if proposal is None:
        return own or _("It is proposed from the answers once there is a data file.")
    return own if chosen == proposal.metric else "\n".join(filter(None, (own, why_proposed(proposal))))


def promise_words(endpoint: str) -> str:
    """Say where the rows go and who is paid, before a person gives them away.

    Args:
        endpoint: as it stands in the form; empty where the model runs here.
    """
    if not endpoint:
        return _("Everything runs on this machine: no row is sent away, nothing to pay.")
    text = _("▲ Your rows will be sent to {endpoint}, which may charge for it; the cost is told before.")
    return text.format(endpoint=endpoint)


def model_words(kind: Kind | None) -> str:
    """Say what kind of model a name stands for."""
    return _(_KINDS[kind])


def detect_words(rows: int | None, found: Detectable | None, *, limited: bool) -> str:
    """Say what the test set can show, in a few lines.

    Args:
        rows: in the one data file, where that is split; None where a test file is given.
        limited: the plan has a time limit, which may take fewer test rows.
    """
    if found is None:
        return _("How small a gain the test rows can show is told here once there is a data file.")
    return "\n".join([_test_rows(rows, found, limited=limited), _enough(found), *_by_baseline(found)])


def _test_rows(rows: int | None, found: Detectable, *, limited: bool) -> str:
    n = f"{found.rows:,}"
    if rows is None:
        text = ngettext("{n} test row.", "{n} test rows.", found.rows).format(n=n)
    else:
        text = _("About {n} of {all} rows are kept for the test.").format(n=n, all=f"{rows:,}")
    return text + " " + _("A time limit may use fewer of them.") if limited else text


def _enough(found: Detectable) -> str:
    words = {
        "gain": percent(found.min_gain),
        "power": percent(round(found.power, 2)),
        "wanted": percent(found.wanted),
    }
    if found.is_enough:
        text = _("✓ Enough to see a gain of {gain}: it would show with a chance of {power}.")
        return text.format(**words)
    if found.needed is None:
        text = _("▲ A gain of {gain} would show with a chance of {power} only; it is too small for any test.")
        return text.format(**words)
    text = _(
        "▲ A gain of {gain} would show with a chance of {power} only. "
        "{needed} test rows would show it with {wanted}."
    )
    return text.format(needed=f"{found.needed:,}", **words)


def _by_baseline(found: Detectable) -> list[str]:
    known = [
        _("{gain} over a score of {score}").format(gain=percent(round(gain, 3)), score=percent(score))
        for score, gain in found.smallest
        if gain is not None
    ]
    said = []
    if known:
        said.append(_("Smallest gain that shows: {list}.").format(list=" · ".join(known)))
    blind = [percent(score) for score, gain in found.smallest if gain is None]
    if blind:
        text = _("Over a score of {score} not even a perfect model would show.")
        said.append(text.format(score=blind[0]))
    if found.graded:
        said.append(_("This metric gives partial credit, which often shows smaller gains."))
    return said
