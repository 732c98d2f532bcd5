"""Is the data fit? The checks D1 to D12 over the rows as given."""

from __future__ import annotations

from typing import Any

from advisor.data.checks import inspect
from advisor.data.rows import Row
from advisor.data.structure import structure_findings
from advisor.models.resolve import count_tokens
from advisor.rungs.prompts import zero_shot
from advisor.stage import Artefact, Context, Stage
from rubrics.errors import ExitCode, Fault

_LENGTH_STEP = 32


class DataReport(Artefact):
    """What the checks found.

    Attributes:
        rows: of all files together.
        checked: rows of the file that the findings count: train's, where several files were given.
        format: of the training rows' file.
        max_length: tokens a row may have: the plan's, or the longest row rounded up.
        tokens: mean and longest tokens of a row as it is trained on, and of its answer; empty without a model.
        leaked_exact, leaked_near: ids of test rows that stand in the training rows.
    """

    rows: int
    format: str
    evidence: str
    findings: list[dict[str, Any]]
    statistics: dict[str, Any]
    leaked_exact: list[str]
    leaked_near: list[str]
    max_length: int
    tokens: dict[str, float]
    checked: int | None = None


def _make(context: Context) -> DataReport:
    files = context.files
    first = files.get("data") or files["train"]
    test = files["test"].rows if "test" in files else None
    everything = [row for file in files.values() for row in file.rows]
    lengths = _lengths(context, everything)
    max_length = _max_length(context, lengths)
    _refuse_overlong(context, everything, lengths, max_length)
    known = dict(zip((row.id for row in everything), lengths, strict=True))
    found = inspect(
        first.rows,
        against=test,
        production=context.production.rows if context.production else None,
        seed=context.plan.seed,
        count_tokens=(lambda rows: [known[row.id] for row in rows]) if context.model else None,
        max_length=max_length if context.model else None,
    )
    return DataReport(
        rows=len(everything),
        format=first.format,
        evidence=first.evidence,
        findings=[finding.to_dict() for finding in (*found.findings, *structure_findings(first.warnings))],
        statistics=dict(found.statistics),
        leaked_exact=list(found.leaked_exact),
        leaked_near=list(found.leaked_near),
        max_length=max_length,
        tokens=_token_facts(lengths) if context.model else {},
        checked=len(first.rows),
    )


def _lengths(context: Context, rows: list[Row]) -> list[tuple[int, int]]:
    """Prompt and answer tokens of each row as the tuned model will see it; characters without a model."""
    if context.model is None:
        return [(len(row.prompt), len(row.answer)) for row in rows]
    prompt = zero_shot(context.plan.task)
    asked = [Row(row.id, prompt(row), row.answer, row.source) for row in rows]
    return count_tokens(context.model)(asked)


def _max_length(context: Context, lengths: list[tuple[int, int]]) -> int:
    if context.plan.max_length is not None:
        return context.plan.max_length
    longest = max(prompt + answer for prompt, answer in lengths)
    return -(-longest // _LENGTH_STEP) * _LENGTH_STEP


def _refuse_overlong(
    context: Context, rows: list[Row], lengths: list[tuple[int, int]], max_length: int
) -> None:
    """Nothing is ever cut silently: rows over the limit are named before anything is spent."""
    if context.model is None:
        return
    window = context.model.context_length or max_length
    limit = min(max_length, window) if context.plan.max_length is not None else window
    problems = [
        f"{row.source or row.id}: {prompt + answer} tokens (answer {answer}), the limit is {limit}"
        for row, (prompt, answer) in zip(rows, lengths, strict=True)
        if prompt + answer > limit
    ]
    if problems:
        flag = (
            "--max-length" if context.plan.max_length is not None else f"the context of {context.model.name}"
        )
        raise Fault(
            f"{len(problems)} of {len(rows)} rows are longer than {flag} ({limit} tokens)",
            fix="Shorten or remove these rows, raise --max-length, or choose a model with a longer context.",
            code=ExitCode.BAD_DATA,
            problems=problems,
        )


def _token_facts(lengths: list[tuple[int, int]]) -> dict[str, float]:
    totals = [prompt + answer for prompt, answer in lengths]
    return {
        "mean": sum(totals) / len(totals),
        "longest": max(totals),
        "mean_answer": sum(answer for _, answer in lengths) / len(lengths),
        "longest_answer": max(answer for _, answer in lengths),
    }


def _summary(found: DataReport) -> str:
    counts = {
        severity: sum(item["severity"] == severity for item in found.findings)
        for severity in ("error", "warning")
    }
    words = [f"{count} {name}{'s' if count > 1 else ''}" for name, count in counts.items() if count]
    return f"{found.rows:,} rows, {', '.join(words) if words else 'no warnings'}"


INSPECT = Stage(
    name="inspect",
    file="inspection.json",
    artefact=DataReport,
    make=_make,
    fields=("task", "max_length", "seed"),
    content=lambda context: {
        **context.data_digests(),
        **context.model_digest(),
        **({"production": context.production.bytes_sha256} if context.production else {}),
    },
    summary=_summary,
)
