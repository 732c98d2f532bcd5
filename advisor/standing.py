"""How a task stands while the questions of suitability are being answered: the score so far, and what decides it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from advisor.texts import _
from rubrics.hints import Hint, accepted
from rubrics.suitability import Answer, Criterion, Rubric, Suitability, assess, load_rubric


@dataclass(frozen=True)
class Standing:
    """The assessment of the answers so far, with the rubric they were weighed by.

    Attributes:
        answers: by criterion key; those left open are not in it.
    """

    answers: Mapping[str, str]
    rubric: Rubric
    suitability: Suitability

    @property
    def open(self) -> tuple[int, ...]:
        """Indices of the questions that have no answer."""
        return tuple(
            at for at, criterion in enumerate(self.rubric.criteria) if criterion.key not in self.answers
        )

    def next_open(self, at: int) -> int:
        """Return the index of the next open question after one, from the first again; the same where none is."""
        later = [index for index in self.open if index > at]
        return later[0] if later else self.open[0] if self.open else at


def standing(answers: Mapping[str, str], language: str) -> Standing:
    """Weigh the answers so far.

    Raises:
        Fault: a key, a value or the language does not exist.
    """
    rubric = load_rubric(language)
    given = {key: Answer(value) for key, value in answers.items()}
    return Standing(dict(answers), rubric, assess(given, rubric))


def suggested(hints: Sequence[Hint], key: str) -> str:
    """Return the answer that the hints to a question suggest; empty where they suggest none or contradict."""
    found = accepted([hint for hint in hints if hint.key == key], {})
    return found[key].value if key in found else ""


def weight_of(criterion: Criterion, answer: str) -> float:
    """Return what an answer adds to the score."""
    return {"yes": criterion.yes.weight, "no": criterion.no.weight}.get(answer, 0)


def reason_of(criterion: Criterion, answer: str) -> str:
    """Return why an answer counts as it does; empty for one that does not count."""
    return {"yes": criterion.yes.reason, "no": criterion.no.reason}.get(answer, "")


def outcome_in_words(found: Standing) -> str:
    """Say where the task stands, and what that hangs on, in the words of the rubric's rule."""
    outcome, score = found.suitability.outcome, found.suitability.score
    if outcome == "unsuited":
        text = _("✗ Not suited: a yes to question {numbers} rules it out, whatever the score.")
        return text.format(numbers=", ".join(_numbers(found, found.rubric.blockers, "yes")))
    if outcome == "suited":
        return _("✓ Suited so far, with a score of {score}.").format(score=signed(score))
    return "○ " + " ".join([_("Unclear so far."), *_missing(found)])


def _missing(found: Standing) -> list[str]:
    """What keeps an unclear task from being suited."""
    rubric, said = found.rubric, []
    refused = _numbers(found, rubric.readiness, "no")
    if refused:
        said.append(_("It needs a yes to question {numbers}.").format(numbers=", ".join(refused)))
    if not _numbers(found, rubric.patterns, "yes"):
        numbers = ", ".join(str(_number(found, key)) for key in rubric.patterns)
        said.append(_("It needs a yes to one of the questions {numbers}.").format(numbers=numbers))
    if found.suitability.score < rubric.suited_at:
        text = _("It is suited from a score of {least} on.")
        said.append(text.format(least=signed(rubric.suited_at)))
    return said


def _numbers(found: Standing, keys: Sequence[str], answer: str) -> list[str]:
    return [str(_number(found, key)) for key in keys if found.answers.get(key) == answer]


def _number(found: Standing, key: str) -> int:
    return [criterion.key for criterion in found.rubric.criteria].index(key) + 1


def signed(value: float) -> str:
    """Write a score with its sign, a real minus: +3, −2.5, 0."""
    return f"{value:+g}".replace("-", "−") if value else "0"
