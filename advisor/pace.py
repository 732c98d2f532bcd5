"""How fast a model answered before: read from earlier runs, so that a time can be told before anything is asked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from pydantic import ValidationError

from advisor.budget import START_SECONDS, Speed, seconds_per_row
from advisor.plan import Plan
from advisor.run_directory import RunDirectory
from advisor.run_names import PLAN_FILE
from advisor.stages.measure import weights_facts
from rubrics.errors import Fault
from trainer.job import Measurement

_MOST_RUNS = 50
"""Of a folder, the newest ones."""
_CONCURRENCY = 4
"""Requests that are under way at a time (`chat.endpoint`)."""
_LOCAL_STARTS = 3
"""Child processes before the verdict: the dry run, and a batch of answers on dev and on test."""


@dataclass(frozen=True)
class Pace:
    """How fast a model answers.

    Attributes:
        seconds_per_call: at the lengths asked about.
        start_seconds: before the first answer, in all.
        run: name of the run that it was measured in.
        speed: of all kinds of work, for a time limit; None of an endpoint.
    """

    seconds_per_call: float
    start_seconds: float
    run: str
    speed: Speed | None = None

    def seconds(self, calls: int) -> float:
        """Return how long so many calls take."""
        return self.start_seconds + calls * self.seconds_per_call if calls else 0.0


def known_pace(
    plan: Plan, runs: Path | None, *, prompt_tokens: float, answer_tokens: float, own: Path | None = None
) -> Pace | None:
    """Return the pace that the newest earlier run of the same model shows.

    Args:
        runs: a folder of runs; None looks into none.
        prompt_tokens, answer_tokens: mean of a call.
        own: a run to be looked at first.

    Returns:
        None where no run has measured it.
    """
    for run, before in _plans(runs, own):
        if plan.endpoint is not None:
            pace = _endpoint_pace(run) if _same_endpoint(plan, before) else None
        else:
            same = before.model == plan.model and weights_facts(before) == weights_facts(plan)
            pace = _local_pace(run, prompt_tokens, answer_tokens) if same else None
        if pace is not None:
            return pace
    return None


def _plans(runs: Path | None, own: Path | None) -> Iterator[tuple[RunDirectory, Plan]]:
    files = runs.glob(f"*/{PLAN_FILE}") if runs is not None else ()
    newest = sorted(files, key=lambda file: -file.stat().st_mtime)[:_MOST_RUNS]
    for folder in (*((own,) if own is not None else ()), *(file.parent for file in newest)):
        run = RunDirectory(folder.resolve())
        try:
            yield run, run.plan()
        except Fault:
            continue


def _same_endpoint(plan: Plan, before: Plan) -> bool:
    return (before.endpoint, before.endpoint_model) == (plan.endpoint, plan.endpoint_model)


def _local_pace(run: RunDirectory, prompt_tokens: float, answer_tokens: float) -> Pace | None:
    try:
        values = json.loads((run.path / "measurement.json").read_bytes())["measurement"]
        measured = Measurement.model_validate(values)
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return None
    speed = seconds_per_row(
        mean_tokens=prompt_tokens + answer_tokens,
        mean_answer=answer_tokens,
        prefill=measured.prefill_tokens_per_second,
        decode=measured.decode_tokens_per_second,
        tuned_prefill=measured.tuned_prefill_tokens_per_second,
        tuned_decode=measured.tuned_decode_tokens_per_second,
        evaluate=measured.evaluate_tokens_per_second,
        train=measured.train_tokens_per_second,
    )
    return Pace(speed.answer, _LOCAL_STARTS * START_SECONDS, run.path.name, speed)


def _endpoint_pace(run: RunDirectory) -> Pace | None:
    try:
        entries = json.loads((run.path / "baselines.json").read_bytes())["rungs"]
        seconds = list(_latencies(entries))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Pace(median(seconds) / _CONCURRENCY, 0.0, run.path.name) if seconds else None


def _latencies(entries: Iterable[dict[str, object]]) -> Iterator[float]:
    for entry in entries:
        latency = entry["latency_s"]
        if entry["rung"] != "classifier" and isinstance(latency, dict):
            yield float(latency["p50"])
