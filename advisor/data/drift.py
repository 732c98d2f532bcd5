"""Do the rows look like what will be asked? (rule D8)

"The examples in your datasets should match your expected production traffic" (Google's Gemini tuning guide). The
question has two answers here: whether a classifier can tell production from the rows at all, with an interval, and
what differs, in words. "No drift seen" is never "the same": with few rows only a large difference can be seen, and
the finding says how large.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from advisor.data.findings import Finding, quote
from advisor.data.rows import Row
from rubrics.data_rules import Severity, severity, threshold
from rubrics.text import norm

if TYPE_CHECKING:
    from advisor.data.contrast import Difference
    from advisor.data.two_sample import TwoSample

_COLLECT = "collect rows like these"


@dataclass(frozen=True, slots=True)
class _Side:
    """One sample: how many rows the file has, those drawn, and of these the ones with different prompts."""

    total: int
    drawn: list[Row]
    distinct: list[Row]

    @property
    def prompts(self) -> list[str]:
        """Of the different rows, normalised."""
        return [norm(row.prompt) for row in self.distinct]

    def to_dict(self) -> dict[str, int]:
        return {"total": self.total, "drawn": len(self.drawn), "distinct": len(self.distinct)}


def drift_findings(rows: Sequence[Row], production: Sequence[Row] | None, seed: int) -> Iterator[Finding]:
    """Compare rows with a sample of production; nothing where there is none.

    Args:
        rows: the dataset.
        production: rows of real use, whose answers may be empty.
        seed: draws rows where a file has many, and makes the folds.
    Raises:
        Fault: scikit-learn is not installed; exit code 5.
    """
    if production is None:
        return
    # numpy and scipy load only where there is something to compare.
    from advisor.data.contrast import differences, repeats
    from advisor.data.properties import marks
    from advisor.data.similarity import near_groups
    from advisor.data.two_sample import smallest_auc, tell_apart

    here, there = _side(rows, seed), _side(production, seed)
    groups = near_groups([*here.prompts, *there.prompts]).labels.tolist()
    ours, theirs = set(groups[: len(here.distinct)]), set(groups[len(here.distinct) :])
    details = _details(here, there, seed)
    details["smallest_auc"] = smallest_auc(len(ours), len(theirs))
    if min(len(ours), len(theirs)) < threshold("D8", "least_rows"):
        yield _too_small(len(ours), len(theirs), details)
        return
    written = [[row.prompt for row in side.distinct] for side in (here, there)]
    plain = [marks(row) for side in (here, there) for row in side.distinct]
    told = tell_apart(written[0], written[1], plain, groups, seed)
    named = differences(here.distinct, there.distinct)
    again = repeats(*([norm(row.prompt) for row in side.drawn] for side in (here, there)))
    named += [again] if again else []
    yield _judged(told, here, there, details, bool(named))
    for aspect in dict.fromkeys(difference.aspect for difference in named):
        yield _named(aspect, [item for item in named if item.aspect == aspect], there)


def _side(rows: Sequence[Row], seed: int) -> _Side:
    most = int(threshold("D8", "most_rows"))
    drawn = list(rows)
    if len(rows) > most:
        drawn = [rows[at] for at in sorted(random.Random(seed).sample(range(len(rows)), most))]  # noqa: S311
    distinct = {(norm(row.prompt)): row for row in reversed(drawn)}
    return _Side(len(rows), drawn, list(reversed(distinct.values())))


def _details(here: _Side, there: _Side, seed: int) -> dict[str, Any]:
    known = set(here.prompts)
    return {
        "kind": "two-sample",
        "rows": here.to_dict(),
        "production": there.to_dict(),
        "seed": seed,
        "shared": sum(prompt in known for prompt in there.prompts),
    }


def _too_small(ours: int, theirs: int, details: dict[str, Any]) -> Finding:
    few, side = (theirs, "production") if theirs <= ours else (ours, "these")
    seen = details["smallest_auc"]
    least = int(threshold("D8", "least_rows"))
    message = (
        f"{few} different {side} rows are too few to tell whether production differs ({least} needed): "
        + (f"only an AUC of {seen:.2f} or more could be seen" if seen < 1 else "no difference could be seen")
    )
    details["kind"] = "too small"
    return Finding("D8", "info", few, message, "give more rows of real use", (), details)


def _judged(told: TwoSample, here: _Side, there: _Side, details: dict[str, Any], explained: bool) -> Finding:
    auc = told.auc
    details |= {"auc": auc.value, "low": auc.low, "high": auc.high}
    sizes = f"{_size(there)} production rows against {_size(here)} of these"
    shared = details["shared"]
    twice = f"; {shared} production prompts stand in these rows too" if shared else ""
    places = 2 if abs(auc.low - 0.5) >= 0.005 else 3
    shown = f"AUC {auc.value:.{places}f} [{auc.low:.{places}f}, {auc.high:.{places}f}]"
    if auc.low <= 0.5:
        message = (
            f"no drift seen ({shown}, 0.5 is chance; {sizes}{twice}); "
            f"an AUC of {details['smallest_auc']:.2f} or more would have been"
            + ("; what differs all the same is named apart" if explained else "")
        )
        return Finding("D8", "info", len(there.distinct), message, "", (), details)
    order = sorted(range(len(told.scores)), key=lambda at: -told.scores[at])[
        : int(threshold("D8", "examples"))
    ]
    unlike = [there.distinct[at] for at in order]
    details["unlike"] = [{"row": row.id, "prompt": quote(row.prompt)} for row in unlike]
    is_large = auc.value >= threshold("D8", "auc_warning")
    message = (
        f"production differs from these rows{'' if is_large else ' a little'} ({shown}, 0.5 is chance; {sizes}{twice})"
        + ("" if explained else "; no single word or mark accounts for it")
    )
    fix = f"{_COLLECT}: {' / '.join(quote(row.prompt) for row in unlike)}"
    level: Severity = severity("D8") if is_large else "info"
    return Finding("D8", level, len(there.distinct), message, fix, (), details, quote(unlike[0].prompt))


def _size(side: _Side) -> str:
    drawn = f" (of {side.total:,}, drawn by the seed)" if len(side.drawn) < side.total else ""
    return f"{len(side.distinct):,} different{drawn}"


def _named(aspect: str, found: Sequence[Difference], there: _Side) -> Finding:
    shown = _chosen(found) if aspect == "words" else list(found)
    said = shown if aspect == "words" else shown[: int(threshold("D8", "words_named"))]
    details = {
        "kind": aspect,
        "differences": [difference.to_dict() for difference in shown],
        "found": len(found),
        "alpha": threshold("D8", "alpha") / 2,
    }
    message = f"{_TITLES[aspect]}: " + "; ".join(_said(difference) for difference in said)
    example = "" if aspect == "length" else _example(shown[0], there)
    return Finding("D8", _level(aspect, found), len(shown), message, _FIXES[aspect], (), details, example)


def _chosen(found: Sequence[Difference]) -> list[Difference]:
    most = int(threshold("D8", "words_named"))
    more = [difference for difference in found if difference.there > difference.here][:most]
    fewer = [difference for difference in found if difference.there < difference.here][:most]
    return [*more, *fewer]


def _said(difference: Difference) -> str:
    if difference.aspect == "length":
        return f"{difference.there:.0f} characters in the median, {difference.here:.0f} here"
    name = f'"{difference.name}"' if difference.aspect == "words" else difference.name
    return f"{name} in {_percent(difference.there)} of production, {_percent(difference.here)} here"


def _percent(share: float) -> str:
    return f"{share:.1%}" if 0 < share < 0.01 or 0.99 < share < 1 else f"{share:.0%}"


def _level(aspect: str, found: Sequence[Difference]) -> Severity:
    """Words only explain; the others are a warning where the difference is large."""
    if aspect == "words":
        return "info"
    if aspect == "length":
        low, high = sorted((max(found[0].here, 1.0), max(found[0].there, 1.0)))
        return severity("D8") if high / low >= threshold("D8", "length_warning") else "info"
    large = max(abs(difference.there - difference.here) for difference in found)
    return severity("D8") if large >= threshold("D8", "share_warning") else "info"


def _example(difference: Difference, there: _Side) -> str:
    """Quote a production row that has the word that production uses more."""
    if difference.aspect == "repeats":
        prompt, count = Counter(norm(row.prompt) for row in there.drawn).most_common(1)[0]
        return f"{quote(prompt)} ({count} times)" if count > 1 else ""
    if difference.aspect != "words" or difference.there < difference.here:
        return ""
    return next(
        (quote(row.prompt) for row in there.distinct if difference.name in row.prompt.casefold().split()), ""
    )


_TITLES = {
    "marks": "production prompts are written in another way",
    "system prompt": "system prompts differ",
    "language": "languages differ",
    "repeats": "prompts recur in another measure",
    "refusals": "answers refuse in another measure",
    "words": "words that tell production apart",
    "length": "production prompts have another length",
}
_FIXES = {
    "marks": "collect rows as people write them, or write these in that way",
    "system prompt": "train with the system prompt that will be served: another one undoes part of the training",
    "language": "collect rows in the languages that are asked in",
    "repeats": "weigh rows by how often they are asked, or judge frequent ones apart",
    "refusals": "let the answers refuse where, and only where, they should in production",
    "words": "look whether these are subjects that the rows lack",
    "length": "collect rows of the length that is asked",
}
