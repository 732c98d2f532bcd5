"""How questions, answers and the score look as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from advisor.standing import Standing, outcome_in_words, reason_of, signed, suggested, weight_of
from advisor.texts import N_, _
from rubrics.hints import Hint
from rubrics.suitability import Criterion

GLYPHS: Mapping[str, str] = {"yes": "✓", "no": "✗", "unknown": "?", "": "○"}
WORDS: Mapping[str, str] = {"yes": N_("yes"), "no": N_("no"), "unknown": N_("don't know"), "": N_("open")}


def strip_of(found: Standing, at: int) -> Text:
    """All questions in one line: number and glyph of the answer, the one on the screen marked."""
    text = Text()
    for index, criterion in enumerate(found.rubric.criteria):
        glyph = GLYPHS[found.answers.get(criterion.key, "")]
        text.append(f" {index + 1}{glyph} ", "reverse bold" if index == at else "")
    return text.append("  ← →", "dim")


def entry_of(found: Standing, index: int) -> Text:
    """A question in the list: its number, the answer in glyph and word, its beginning."""
    criterion = found.rubric.criteria[index]
    answer = found.answers.get(criterion.key, "")
    line = f"{index + 1:>2} {GLYPHS[answer]} {_(WORDS[answer])} · {criterion.question}"
    return Text(line)


def question_of(found: Standing, at: int) -> Text:
    """The question with its help, its source, and why the answer counts as it does."""
    criterion = found.rubric.criteria[at]
    text = Text(f"{at + 1}. {criterion.question}\n", "bold")
    text.append(criterion.help + "\n", "not bold")
    text.append(_("Source: {source}").format(source=criterion.source), "not bold dim italic")
    return text


def answer_of(criterion: Criterion, answer: str) -> str:
    """The answer to a question, what it counts and why."""
    if not answer:
        return _("No answer yet.")
    said = f"{GLYPHS[answer]} {_(WORDS[answer])} ({signed(weight_of(criterion, answer))})"
    return f"{said}: {reason_of(criterion, answer)}" if reason_of(criterion, answer) else said


def hint_of(hints: Sequence[Hint], key: str) -> str:
    """What the rows say to a question, and whether that suggests an answer."""
    here = [hint for hint in hints if hint.key == key]
    if not here:
        return _("Your rows say nothing to this question.")
    said = _("Your rows: {facts}").format(facts=" ".join(hint.text for hint in here))
    answer = suggested(here, key)
    if answer:
        said += " " + _("This suggests {answer}; h takes it.").format(answer=_(WORDS[answer]))
    return said


def score_of(found: Standing, width: int) -> Text:
    """Where the task stands: in words, as a bar, and in its parts."""
    parts, score = found.suitability.parts, found.suitability.score
    text = Text(outcome_in_words(found) + "\n", "bold")
    text.append(bar(score, parts["least"], parts["most"], parts["suited_at"], width) + "\n", "not bold")
    said = _("score {score}: for {plus}, against {minus} · {n} of {all} questions open")
    text.append(
        said.format(
            score=signed(score),
            plus=signed(parts["for"]),
            minus=signed(parts["against"]),
            n=len(found.open),
            all=len(found.rubric.criteria),
        ),
        "not bold",
    )
    return text


def bar(score: float, least: float, most: float, suited_at: float, width: int) -> str:
    """Draw the score between the least and the most there is: filled from 0, with a mark where suited begins.

    Args:
        width: columns of the bar with its two end numbers, at least 20.
    """
    left, right = signed(least), signed(most)
    cells = max(8, width - len(left) - len(right) - 2)
    zero, end, mark = (round((value - least) / (most - least) * cells) for value in (0, score, suited_at))
    drawn = []
    for at in range(cells):
        filled = zero <= at < end or end <= at < zero
        body = ("█" if score > 0 else "▒") if filled else "·"
        drawn.append("│" if at == zero and not filled else "┊" if at == mark and not filled else body)
    return f"{left} {''.join(drawn)} {right}"
