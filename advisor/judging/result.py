"""The result of a judgement, computed from what was kept: wins or scores, biases, agreement, standing, cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from advisor.judging.asking import Caps, spent_on
from advisor.judging.inputs import Judged
from advisor.judging.kept import Call, Judgement
from rubrics.judging.agreement import Agreement, measure_agreement, standing
from rubrics.judging.rubric import Rubric
from rubrics.judging.tally import (
    UNDECIDED,
    count_wins,
    length_correlation,
    longer_share,
    mean_of_scores,
    position_bias,
)
from rubrics.judging.verdicts import PairVerdict, Preferred, parse_score, parse_verdict


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked and answered.

    Attributes:
        groups: the calls of each of `rows`; none where there was nothing to ask.
        human: people's labels by row id; None without a file.
    """

    rows: Sequence[Judged]
    groups: Sequence[Sequence[Call]]
    kept: Mapping[str, Judgement]
    caps: Caps
    human: Mapping[str, str] | None
    rubric: Rubric

    def reached(self) -> list[tuple[Judged, list[str]]]:
        """The rows before the first that still lacks a reply, with their replies.

        What comes after is left out even where there was nothing to ask: taking only those in would tilt the result.
        """
        found = []
        for row, group in zip(self.rows, self.groups, strict=True):
            if any(call.key not in self.kept for call in group):
                break
            found.append((row, [self.kept[call.key].reply for call in group]))
        return found


def result_of(asked: Asked, *, pairwise: bool) -> dict[str, Any]:
    """The object that `advisor judge --json` prints, without what only the files tell."""
    reached = asked.reached()
    found = _pairs(asked, reached) if pairwise else _scores(asked, reached)
    agreement: Agreement | None = found.pop("measured")
    judged = sum(bool(replies) for _, replies in reached)
    stands = standing(agreement, found["invalid"], judged, asked.rubric.limits)
    outcome = found.pop("better")
    return {
        "kind": "pairwise" if pairwise else "pointwise",
        "rows": len(asked.rows),
        "n": len(reached),
        **found,
        "agreement": agreement.to_json() if agreement else None,
        "may_decide": stands.may_decide,
        "reason": stands.reason,
        "outcome": outcome if stands.may_decide or not pairwise else UNDECIDED,
        "thresholds": {
            name: {"value": limit.value, "source": limit.source}
            for name, limit in asked.rubric.limits.items()
        },
        **_spent(asked),
    }


def _spent(asked: Asked) -> dict[str, Any]:
    calls, cost = spent_on(asked.groups, asked.kept, asked.caps)
    keys = {call.key for group in asked.groups for call in group} & asked.kept.keys()
    return {
        "calls": calls,
        "prompt_tokens": sum(asked.kept[key].prompt_tokens for key in keys),
        "completion_tokens": sum(asked.kept[key].completion_tokens for key in keys),
        "cost": cost if asked.caps.price else None,
    }


def _pairs(asked: Asked, reached: Sequence[tuple[Judged, list[str]]]) -> dict[str, Any]:
    preferred: list[Preferred] = []
    verdicts: list[PairVerdict] = []
    read: list[tuple[Judged, Preferred]] = []
    for row, replies in reached:
        if not replies:
            preferred.append(_unasked(row))
            continue
        verdict = PairVerdict(*(parse_verdict(reply) for reply in replies))
        verdicts.append(verdict)
        if verdict.preferred is not None:
            preferred.append(verdict.preferred)
            read.append((row, verdict.preferred))
    wins = count_wins(preferred) if preferred else None
    human = asked.human or {}
    both = [(row, ours, Preferred(human[row.id])) for row, ours in read if row.id in human]
    return {
        "wins": wins.to_json() if wins else None,
        "better": wins.better if wins else UNDECIDED,
        "invalid": sum(not verdict.valid for verdict in verdicts),
        "identical": sum(row.a == row.b is not None for row, _ in reached),
        "missing": {name: sum(getattr(row, name) is None for row, _ in reached) for name in ("a", "b")},
        "position": position_bias(verdicts),
        "length": {
            "judge": longer_share([ours for _, ours in read], [_lengths(row) for row, _ in read]),
            "human": longer_share([theirs for *_, theirs in both], [_lengths(row) for row, *_ in both]),
        },
        "measured": measure_agreement(
            [ours for _, ours, _ in both], [theirs for *_, theirs in both], tuple(Preferred)
        )
        if both
        else None,
    }


def _unasked(row: Judged) -> Preferred:
    """A missing answer loses, as it scores 0 elsewhere; the same text, or none at all, is a tie."""
    if row.a is None and row.b is not None:
        return Preferred.B
    if row.b is None and row.a is not None:
        return Preferred.A
    return Preferred.TIE


def _lengths(row: Judged) -> tuple[int, int]:
    return len((row.a or "").strip()), len((row.b or "").strip())


def _scores(asked: Asked, reached: Sequence[tuple[Judged, list[str]]]) -> dict[str, Any]:
    levels = asked.rubric.levels
    read: list[tuple[Judged, int]] = []
    for row, replies in reached:
        score = parse_score(replies[0], levels) if replies else None
        if score is not None:
            read.append((row, score))
    missing = sum(not replies for _, replies in reached)
    # A missing answer scores lowest, as it scores 0 elsewhere.
    scores = [score for _, score in read] + [levels[0]] * missing
    unit, scaled = mean_of_scores(scores, levels) if scores else (None, None)
    human = asked.human or {}
    both = [(str(score), human[row.id]) for row, score in read if row.id in human]
    return {
        "score": vars(unit) if unit else None,
        "mean": vars(scaled) if scaled else None,
        "scale": [levels[0], levels[-1]],
        "counts": {str(level): scores.count(level) for level in levels},
        "better": None,
        "invalid": len(reached) - missing - len(read),
        "missing": {"a": missing},
        "length": {
            "correlation": length_correlation(
                [score for _, score in read], [_lengths(row)[0] for row, _ in read]
            )
        },
        "measured": measure_agreement(
            [ours for ours, _ in both], [theirs for _, theirs in both], tuple(map(str, levels)), "quadratic"
        )
        if both
        else None,
    }
