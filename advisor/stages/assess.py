"""Does the task suit fine-tuning? Answers to S1 to S10, weighed by the rubric."""

from __future__ import annotations

from typing import Any

from advisor.stage import Artefact, Context, Stage
from rubrics.suitability import Answer, assess


class Assessment(Artefact):
    """The contract's `suitability` object."""

    outcome: str
    score: float
    criteria: list[dict[str, Any]]
    parts: dict[str, float]


def _make(context: Context) -> Assessment:
    answers = {key: Answer(value) for key, value in context.plan.answers.items()}
    return Assessment(**assess(answers).to_dict())


def _summary(found: Assessment) -> str:
    unknown = sum(item["answer"] == "unknown" for item in found.criteria)
    left = f", {unknown} of {len(found.criteria)} questions open" if unknown else ""
    return f"{found.outcome} (score {found.score:+g}{left})"


ASSESS = Stage(
    name="assess",
    file="assessment.json",
    artefact=Assessment,
    make=_make,
    fields=("answers",),
    summary=_summary,
)
