"""What kind of mistakes the prompted model makes, from wrong answers that a person has tagged.

A score says how many answers are wrong, never why; and the why decides what helps. Missing facts are looked up,
formats are enforced, wrong labels are mended, and only a wrong pattern is trained away. Thirty tags tell which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Literal

from rubrics.logic import over
from rubrics.phrases import percent
from rubrics.reading import Field
from rubrics.rulebook import Limits
from rubrics.statistics import wilson

TAGS = ("format", "missing_fact", "wrong_pattern", "bad_label")
Tag = Literal["format", "missing_fact", "wrong_pattern", "bad_label", "other"]

WORDS = {
    "format": "failures of format",
    "missing_fact": "missing facts",
    "wrong_pattern": "wrong patterns",
    "bad_label": "wrong reference answers",
    "other": "of another kind",
}


@dataclass(frozen=True, slots=True)
class Failures:
    """How many wrong answers were tagged as what; an answer without a tag is in none of the counts."""

    format: int = 0
    missing_fact: int = 0
    wrong_pattern: int = 0
    bad_label: int = 0
    other: int = 0

    @property
    def tagged(self) -> int:
        """All tagged failures."""
        return sum(getattr(self, part.name) for part in fields(self))

    def share(self, tag: Tag) -> float:
        """Return the share of the tagged failures with this tag, 0..1."""
        return getattr(self, tag) / self.tagged if self.tagged else 0.0

    def mostly(self, tag: Tag, limits: Limits) -> bool | None:
        """Say whether most are of this kind; None where too few are tagged to say (S10, R4).

        Tagged failures are a sample of the failures, so that the lower limit of their share must lie over the limit.
        """
        if self.tagged < limits.tagged_failures:
            return None
        limit = limits.missing_facts_share if tag == "missing_fact" else limits.majority_share
        return most_are(getattr(self, tag), self.tagged, limit)

    def in_words(self) -> str:
        """Say the counts, the commonest kind first."""
        counts = sorted(
            ((getattr(self, part.name), WORDS[part.name]) for part in fields(self)), key=lambda pair: -pair[0]
        )
        named = ", ".join(f"{count} {words}" for count, words in counts if count)
        return f"{self.tagged} failures are tagged: {named}"


def answer_from_tags(failures: Failures | None, limits: Limits) -> str | None:
    """Answer S10 by counting: yes if most failures are of pattern or format, no if most are missing facts.

    Returns:
        None where too few are tagged, or where neither kind is more than half.
    """
    if failures is None or failures.tagged < limits.tagged_failures:
        return None
    if failures.mostly("missing_fact", limits):
        return "no"
    patterns = failures.format + failures.wrong_pattern
    return "yes" if most_are(patterns, failures.tagged, limits.majority_share) else None


def most_are(number: int, tagged: int, limit: float) -> bool:
    """Say whether the share of one kind surely lies over a limit: by the lower end of its 95% interval (Wilson)."""
    return over(wilson(number, tagged).low, limit)


def label_error_from_tags(failures: Failures | None, score: float | None, limits: Limits) -> float | None:
    """Estimate the share of all rows whose reference is wrong: wrong answers times those tagged bad_label.

    Returns:
        None without a score, or where too few failures are tagged. A lower bound, since rows answered right
        can have a wrong reference too.
    """
    if failures is None or score is None or failures.tagged < limits.tagged_failures:
        return None
    return (1 - score) * failures.share("bad_label")


def counted_tags(tags: Iterable[str | None]) -> Failures:
    """Count tags; None is a failure that nobody has tagged."""
    return Failures(**Counter(tag for tag in tags if tag is not None))


def read_failures(failures: Field) -> Failures | None:
    """Read tagged failures: a list of `{id, tag}`, counts by tag, or `{tagged, missing_facts}`.

    Raises:
        Fault: a tag that does not exist, or more missing facts than tagged failures; exit code 2.
    """
    if failures.absent:
        return None
    if isinstance(failures.value, list):
        found = counted_tags(entry["tag"].choice(*TAGS) for entry in failures.each())
    elif not failures["tagged"].absent:
        found = _facts_of(failures)
    else:
        for name in failures.mapping():
            if name not in TAGS:
                raise failures[name].wrong(f"one of the tags {', '.join(TAGS)}")
        found = Failures(**{tag: failures[tag].count() or 0 for tag in TAGS})
    return found if found.tagged else None


def _facts_of(failures: Field) -> Failures:
    tagged, facts = failures["tagged"].count() or 0, failures["missing_facts"].count()
    if facts is None:
        return Failures()
    if facts > tagged:
        raise failures["missing_facts"].wrong(f"at most the {tagged} tagged failures")
    return Failures(missing_fact=facts, other=tagged - facts)


def shares_in_words(failures: Failures, tag: Tag) -> str:
    """Say the share of one kind: 70% of the 30 tagged failures are missing facts."""
    return f"{percent(failures.share(tag))} of the {failures.tagged} tagged failures are {WORDS[tag]}"
