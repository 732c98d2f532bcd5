"""The rules on rows and measure: may they be believed (R1, R2), learned from (R8, R9)?"""

from __future__ import annotations

from rubrics.failures import label_error_from_tags, shares_in_words
from rubrics.judged import Judged, Part, any_part
from rubrics.logic import over, under
from rubrics.measurements import Measurements
from rubrics.phrases import counted, percent, rows, score, sentence
from rubrics.rulebook import Outcome, load_rulebook


def leaking_rows(m: Measurements) -> Judged:
    """R1."""
    share, limit = m.data.leak_share, m.limits.leak_share
    if share is None:
        return Judged(None, Outcome.FIX_DATA, "Whether test rows also stand in train was not checked.")
    seen = f"{percent(share)} of the test rows also stand in train, where at most {percent(limit)} may"
    held = over(share, limit)
    return Judged(held, Outcome.FIX_DATA, seen + (": a score on them shows memory." if held else "."))


def no_measure(m: Measurements) -> Judged:
    """R2."""
    disagree, fewest = m.answered("agreement", "no"), m.limits.test_rows
    unanswered = "Whether there is a metric on which two people agree was not answered"
    parts = [
        Part(None, unanswered)
        if disagree is None
        else Part(disagree, "There is no metric on which two people agree", "agreement")
    ]
    parts += _agreement(m)
    if m.n is None:
        parts.append(Part(None, "The number of test rows is not known"))
    else:
        seen = f"There are {rows(m.n)} of clean test data, and nothing is decided on fewer than {fewest:.0f}"
        parts.append(Part(m.n < fewest, seen, "rows"))
    parts += _constant_answer(m)
    return any_part(parts, Outcome.COLLECT_EVAL_DATA, "Metric and number of test rows raise no doubt.")


def _agreement(m: Measurements) -> list[Part]:
    """The parts of R2 on those who judge answers.

    The threshold is one of Cohen's kappa. Where of people only their agreement is known, that is an upper limit of
    kappa: under the threshold it settles the rule, over it it does not speak.
    """
    least, parts = m.limits.judge_agreement, []
    if m.agreement.judge is not None:
        seen = f"Judge and people agree with a kappa of {score(m.agreement.judge)}, and a metric needs {score(least)}"
        parts.append(Part(under(m.agreement.judge, least), seen, "agreement"))
    if m.agreement.people is not None:
        seen = (
            f"People agree on {percent(m.agreement.people)} of the answers, so with a kappa of no more than "
            f"{score(m.agreement.people)}, and a metric needs {score(least)}"
        )
        parts.append(Part(under(m.agreement.people, least), seen, "agreement"))
    return parts


def _constant_answer(m: Measurements) -> list[Part]:
    """The part of R2 on skew; said only where a check told the share and the metric rewards a constant.

    It takes the lower limit of the score: an option that may score no more than a constant is not shown to have
    learned anything.
    """
    share, best = m.data.top_answer_share, m.chosen.dev if m.chosen else None
    if share is None or best is None or m.metric not in load_rulebook().constant_answer:
        return []
    surely = best.value if best.low is None else best.low
    skewed = over(share, m.limits.constant_share) and not over(surely, share)
    limit = "" if best.low is None else f" (lower limit {score(best.low)})"
    seen = (
        f"{percent(share)} of the rows have one and the same answer, and always giving it may score as much as the "
        f"best cheap option at {score(best.value)}{limit}: add test rows with the other answers, or judge by a metric "
        f"that counts each label alike"
    )
    return [Part(skewed, seen, "skew")]


def few_training_rows(m: Measurements) -> Judged:
    """R8."""
    data, least, label = m.data, m.limits.train_rows, m.limits.rows_per_label
    parts = [Part(bool(data.coverage_error), sentence(data.coverage_error).rstrip("."))]
    if data.train_rows is None:
        parts.append(Part(None, "The number of training rows is not known"))
    else:
        different = data.different_rows or 0
        seen = f"There are {rows(data.train_rows)} to train on, and {least:.0f} are the least"
        if different < data.train_rows:
            seen = (
                f"There are about {rows(different)} to train on once copies are counted once (of "
                f"{rows(data.train_rows)}), and {least:.0f} are the least"
            )
        parts.append(Part(different < least, seen))
    if data.smallest_label is not None:
        seen = f"The rarest label has {rows(data.smallest_label)} in train, and {label:.0f} are the least"
        parts.append(Part(data.smallest_label < label, seen))
    if data.missing_labels is not None:
        lacking = counted(data.missing_labels, "label")
        parts.append(Part(data.missing_labels > 0, f"Train lacks {lacking} of the test rows"))
    known = "" if data.train_rows is None else f": {rows(data.train_rows)}"
    return any_part(parts, Outcome.COLLECT_TRAIN_DATA, f"There is enough to train on{known}.")


def faulty_rows(m: Measurements) -> Judged:
    """R9."""
    data, limit = m.data, m.limits.conflict_share
    errors = {
        "overlong row": data.overlong,
        "structure error": data.structure_errors,
        "placeholder error": data.placeholder_errors,
    }
    parts = [
        Part(number > 0, f"The data has {counted(number, noun)}")
        for noun, number in errors.items()
        if number is not None
    ]
    if data.conflict_share is None:
        parts.append(Part(None, "Whether the rows are sound was not checked"))
    else:
        seen = f"{percent(data.conflict_share)} of the rows give one prompt different answers"
        parts.append(Part(over(data.conflict_share, limit), f"{seen}, where at most {percent(limit)} may"))
    if data.one_answer:
        parts.append(Part(True, "Every row has the same answer, so there is nothing to learn"))
    parts += _wrong_labels(m)
    return any_part(parts, Outcome.FIX_DATA, "The rows have no fault that keeps them from being trained on.")


def _wrong_labels(m: Measurements) -> list[Part]:
    """The parts of R9 on references: an audit of the labels, or tags on failures, where there are any."""
    parts = []
    audited, limit = m.agreement.label_error, m.limits.conflict_share
    if audited is not None:
        seen = f"{percent(audited)} of the labels are wrong by an audit, where at most {percent(limit)} may"
        parts.append(Part(over(audited, limit), seen))
    if m.failures and (mostly := m.failures.mostly("bad_label", m.limits)):
        share = label_error_from_tags(m.failures, m.b, m.limits)
        least = "" if share is None else f", which is at least {percent(share)} of all rows"
        parts.append(Part(mostly, f"{shares_in_words(m.failures, 'bad_label')}{least}"))
    return parts
