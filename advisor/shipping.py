"""What a run leaves to be used: what won, where it lies, the code to use it, what to check before relying on it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from advisor.core_texts import told
from advisor.data.rows import Row, read_rows
from advisor.plan import Plan
from advisor.results import Results, SystemResult, read_results
from advisor.run_directory import RunDirectory, open_run
from advisor.run_files import read_each, unfit, unreadable
from advisor.rungs.names import system_name
from advisor.side_by_side import System
from advisor.texts import _
from advisor.usage_code import Opening, classifier_code, endpoint_code, local_code
from rubrics.errors import Fault
from trainer.job import JOB_FILE, GenerateJob, read_json_lines

Kind = Literal["adapter", "prompt", "classifier"]

_JOINING = ("instruction", "few_shot")
"""Rungs whose instruction is added to a row's own system turn (`advisor.rungs.prompts`)."""
_WINNERS: dict[str, System] = {
    "SHIP_TUNED": "tuned",
    "KEEP_BASELINE": "best_baseline",
    "PROMPT_IS_ENOUGH": "best_baseline",
}


@dataclass(frozen=True)
class Offer:
    """A system that can be put to use.

    Attributes:
        name: in the language in use.
        kind: an adapter folder; a prompt for a model, as it stands in each line of `place`; the training rows of the
            classifier.
        place: where it lies, absolute.
        code: a Python program that answers with it, exactly as it was measured.
        packages: what the code imports, as pip names them.
        commands: what else can be done with it, as command lines.
    """

    system: System
    name: str
    kind: Kind
    place: Path
    code: str
    packages: tuple[str, ...]
    commands: tuple[str, ...]


@dataclass(frozen=True)
class Shipment:
    """What there is to be used.

    Attributes:
        why: outcome, rule and case of the last word of the run.
        worth: whether something was shown to be worth using; else the offers are what there is meanwhile.
        offers: what won first.
        lacking: what to collect or mend where nothing is worth shipping, sentences.
    """

    why: tuple[str, str, str]
    worth: bool
    offers: tuple[Offer, ...]
    lacking: tuple[str, ...]


def read_shipment(path: Path) -> Shipment:
    """Read from a run what can be put to use.

    Raises:
        Fault: no such run, it has no verdict yet, or the model's folder is gone.
    """
    run, results = open_run(path), read_results(path)
    if results is None:
        raise Fault("has no verdict yet", where=str(path), fix=f"Let the run go on: advisor resume {path}")
    winner = None if _fails_by_form(results) else _WINNERS.get(results.outcome)
    return Shipment(
        results.deciding, winner is not None, tuple(_offers(run, results, winner)), _lacking(results)
    )


def _offers(run: RunDirectory, results: Results, winner: System | None) -> Iterator[Offer]:
    """What won first, else the cheap option; what cannot be used any more is left out, unless it won."""
    systems: tuple[System, ...] = (
        ("tuned", "best_baseline") if winner == "tuned" else ("best_baseline", "tuned")
    )
    for system in systems:
        found = results.of(system)
        if found is None:
            continue
        if system == "best_baseline" and results.comparison is None and results.verdict.rule == "R5":
            # The cheapest that is enough, which need not be the one that scores best.
            found = replace(found, rung=results.verdict.rung or found.rung)
        try:
            offer = _offer(run, results, found)
        except Fault:
            if system == systems[0]:
                raise
            continue
        if offer is not None:
            yield offer


def _offer(run: RunDirectory, results: Results, found: SystemResult) -> Offer | None:
    plan, name = run.plan(), system_name(found.system, found.rung)
    if found.system == "tuned":
        return _adapter(run, plan, results.metric, name)
    if found.rung == "classifier":
        train = run.splits / "train.jsonl"
        title = _title(name, plan)
        return Offer(
            "best_baseline",
            name,
            "classifier",
            train,
            classifier_code(title, train, plan.seed),
            ("scikit-learn",),
            (_report_command(run),),
        )
    return _prompt(run, plan, found.rung, name)


def _adapter(run: RunDirectory, plan: Plan, metric: str, name: str) -> Offer | None:
    job = run.jobs / "tuned-test"
    spec = _model_of(job).model
    if spec.adapter is None:
        return None
    opening = _opening(run, run.path / "evaluation" / "tuned.test.jsonl", joins=False)
    code = local_code(_title(name, plan), spec, opening, _room(job))
    adapter = spec.adapter.resolve()
    words = [
        "advisor",
        "evaluate",
        "--data",
        "new-rows.jsonl",
        "--model",
        plan.model,
        "--adapter",
        str(adapter),
    ]
    words += ["--task", opening.system, "--metric", metric]
    packages = ("torch", "transformers", "peft", *(("bitsandbytes",) if spec.quantisation else ()))
    return Offer("tuned", name, "adapter", adapter, code, packages, (shlex.join(words), _report_command(run)))


def _prompt(run: RunDirectory, plan: Plan, rung: str, name: str) -> Offer:
    place, job = run.path / "baselines" / f"{rung}.test.jsonl", run.jobs / "baseline-test"
    opening = _opening(run, place, joins=rung in _JOINING)
    title = _title(name, plan)
    asked = _first(job)
    if plan.endpoint:
        code = endpoint_code(title, asked["endpoint"], asked["model"], opening, _room(job))
        packages: tuple[str, ...] = ("openai",)
    else:
        spec = _model_of(job).model
        code = local_code(title, spec, opening, _room(job))
        packages = ("torch", "transformers", *(("bitsandbytes",) if spec.quantisation else ()))
    return Offer("best_baseline", name, "prompt", place, code, packages, (_report_command(run),))


def _report_command(run: RunDirectory) -> str:
    return shlex.join(["advisor", "report", str(run.path), "--format", "html", "-o", "report.html"])


def _title(name: str, plan: Plan) -> str:
    task = plan.task.strip().splitlines()
    return f"{name}: {task[0]}" if task else name


def _opening(run: RunDirectory, answers: Path, *, joins: bool) -> Opening:
    """What was put before a row's own turns, read off what was asked, so that it is what was measured."""
    prompts = dict(read_each(answers, lambda entry: (entry["id"], entry["prompt"])))
    rows = [row for row in read_rows(run.splits / "test.jsonl") if row.id in prompts]
    # A row with a system turn of its own tells less: some prompts leave it as it is.
    row = next((row for row in rows if not row.system), rows[0])
    return _before(row, prompts[row.id], joins=joins)


def _before(row: Row, prompt: list[Any], *, joins: bool) -> Opening:
    own = [turn for turn in row.messages if turn["role"] != "system"]
    before = prompt[: len(prompt) - len(own)]
    system = before[0]["content"] if before else ""
    if row.system:
        system = system.removeprefix(row.system).removeprefix("\n\n")
    return Opening(system, tuple(before[1:]), joins)


def _model_of(job: Path) -> GenerateJob:
    try:
        return GenerateJob.model_validate_json((job / JOB_FILE).read_bytes())
    except FileNotFoundError:
        raise _gone(job / JOB_FILE) from None
    except OSError as error:
        raise unreadable(error, job / JOB_FILE) from None
    except ValueError as error:
        raise unfit(error, str(job / JOB_FILE)) from error


def _gone(file: Path) -> Fault:
    return Fault(
        "is gone, and with it which model answered",
        where=str(file),
        fix="Put the run directory back as it was, or measure again in a new run.",
    )


def _first(job: Path) -> dict[str, Any]:
    file = job / "requests.jsonl"
    found = next(iter(read_json_lines(file)), None)
    if found is None:
        raise _gone(file)
    return found


def _room(job: Path) -> int:
    """Tokens that an answer may have, as it was measured."""
    return int(_first(job)["max_new_tokens"])


def _fails_by_form(results: Results) -> bool:
    """Answers that fail by their form alone are nobody's to use before it is cured."""
    return results.deciding[1:] == ("R7", "format")


def _lacking(results: Results) -> tuple[str, ...]:
    comparison = results.comparison
    if _fails_by_form(results):
        return tuple(map(told, results.verdict.reasons))
    if results.outcome == "INCONCLUSIVE" and comparison is not None:
        return (*_more_rows(comparison.n, comparison.rows_needed), *_curve(results))
    if results.outcome == "KEEP_BASELINE":
        return _curve(results)
    if comparison is not None or results.outcome == "PROMPT_IS_ENOUGH":
        return ()
    if results.outcome == "FINE_TUNE":
        return (_("Nothing was trained yet: the next thing to do is in the step Plan."),)
    return tuple(map(told, results.verdict.reasons))


def _more_rows(now: int, needed: int | None) -> tuple[str, ...]:
    if needed is None:
        return (_("No number of test rows up to 100,000 would surely settle it."),)
    return (
        _("{more} more test rows, {needed} in all, would settle it with 80% chance.").format(
            more=f"{max(0, needed - now):,}", needed=f"{needed:,}"
        ),
    )


def _curve(results: Results) -> tuple[str, ...]:
    return (told(results.curve.text),) if results.curve and results.curve.text else ()
