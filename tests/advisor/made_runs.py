"""Run directories put together from the core's own artefacts, without a model: what the screens of results read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.data.rows import Message, Row, as_json_lines
from advisor.pairing import paired
from advisor.plan import Plan
from advisor.predictions import Prediction, mean_score, write_predictions
from advisor.report.model import Report
from advisor.run_directory import create_run
from advisor.rungs.prompts import answer_facts, few_shot, pick_examples, zero_shot
from advisor.slices import slices_note, slices_of
from advisor.stages.baseline import Ladder, Rung
from advisor.stages.compare import Comparison
from advisor.stages.decide import VerdictReport
from advisor.stages.evaluate import Evaluations, SystemScores
from rubrics.outcome import PairedResult, compare_outcome
from trainer.events import EventWriter, RunEnded, RunStarted
from trainer.job import GenerateJob, ModelSpec, write_json, write_json_lines, write_text

TASK = "Route the message.\n\nAnswer with one queue."
LABELS = ("BOWLINE", "CLEAT", "FENDER")


@dataclass(frozen=True)
class Made:
    """What a run is to hold.

    Attributes:
        base, best, tuned: of each test row the score; None for no tuned model.
        message: of each row, with `{at}`.
        wrong: a wrong answer.
        selected: the rung that dev chose.
        outcome: the verdict's.
    """

    base: Sequence[float]
    best: Sequence[float]
    tuned: Sequence[float] | None = None
    message: str = "My parcel {at} has not come, where is it?"
    wrong: str = "HALYARD"
    selected: str = "few_shot"
    outcome: str = "FINE_TUNE"
    metric: str = "exact_match"
    leaked: tuple[str, ...] = ()
    rows_needed: int | None = None


def pattern(n: int, right_below: int) -> list[float]:
    """Scores of n rows, the first of them right."""
    return [float(at < right_below) for at in range(n)]


def shipping(n: int = 100) -> Made:
    """A tuned model that is right on 90% where the best option is right on 60%; two rows broke."""
    tuned = pattern(n, n * 9 // 10)
    tuned[:2] = [0.0, 0.0]
    return Made(pattern(n, n // 5), pattern(n, n * 6 // 10), tuned)


def make_run(path: Path, made: Made, *, report: Report | None = None, model: Path | None = None) -> Path:
    """Write the run directory and return it.

    Args:
        report: is written too.
        model: folder of the local model that answered; none is named where nothing loads it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    data = path.parent / f"{path.name}.jsonl"
    data.write_text('{"question": "a", "answer": "b"}\n', encoding="utf-8")
    plan = Plan(data=data, task=TASK, metric=made.metric, **({"model": str(model)} if model else {}))
    run = create_run(plan, path).path
    train, test = _rows("train", 12, made), _rows("test", len(made.best), made)
    for name, rows in (("train", train), ("dev", train[:4]), ("test", test)):
        write_json_lines(run / "splits" / f"{name}.jsonl", as_json_lines(rows))
    write_json(run / "split.json", {"leaked": list(made.leaked)})
    ladder = _write_ladder(run, made, train, test, model)
    verdict = VerdictReport(
        outcome=made.outcome,
        rule="R14",
        reasons=["30 points are left above the best cheap option."],
        evidence={},
        considered=[],
        flip=[],
        minimum_detectable_effect=0.08,
    )
    write_json(run / "verdict.json", verdict)
    if made.tuned is not None:
        _write_evaluation(run, made, train, test, ladder, model)
    if report is not None:
        write_json(run / "report.json", report.to_json())
        write_text(run / "report.md", "# Route the message\n\n**SHIP_TUNED.** Ship it.\n")
    events = EventWriter(run / "events.jsonl")
    events(RunStarted(time=1, pid=1))
    events(RunEnded(time=2, outcome="done"))
    events.close()
    return run


def _rows(split: str, count: int, made: Made) -> list[Row]:
    return [
        Row(
            f"{split}:{at}",
            (Message(role="user", content=made.message.format(at=at)),),
            LABELS[at % len(LABELS)],
        )
        for at in range(count)
    ]


def _answers(
    rows: Sequence[Row], scores: Sequence[float], prompt: Any, made: Made, cut: int = -1
) -> list[Prediction]:
    return [
        Prediction(
            id=row.id,
            prompt=list(prompt(row)),
            reference=row.answer,
            prediction=row.answer if score >= 1 else made.wrong,
            scores={"exact_match": score, "token_f1": score},
            finish_reason="length" if at == cut else "stop",
        )
        for at, (row, score) in enumerate(zip(rows, scores, strict=True))
    ]


def _counted(predictions: Sequence[Prediction], made: Made) -> list[Prediction]:
    return [prediction for prediction in predictions if prediction.id not in made.leaked]


def _scores(predictions: Sequence[Prediction], made: Made) -> dict[str, Any]:
    kept = _counted(predictions, made)
    return {name: mean_score([one.scores[name] for one in kept], name) for name in kept[0].scores}


def _write_ladder(
    run: Path, made: Made, train: Sequence[Row], test: Sequence[Row], model: Path | None
) -> dict[str, list[Prediction]]:
    facts = answer_facts(train)
    prompts: dict[str, Any] = {
        "zero_shot": zero_shot(TASK),
        "few_shot": few_shot(TASK, facts, pick_examples(train, 0)),
        "classifier": lambda row: row.messages,
    }
    asked = {"zero_shot": made.base, made.selected: made.best}
    answered = {rung: _answers(test, scores, prompts[rung], made) for rung, scores in asked.items()}
    for rung, predictions in answered.items():
        write_predictions(run / "baselines" / f"{rung}.test.jsonl", predictions)
    rungs = [
        Rung(
            rung=rung,
            model="tiny",
            split=split,
            n=len(_counted(predictions, made)),
            metrics=_scores(predictions, made),
            prompt_tokens=10,
            completion_tokens=5,
            latency_s={"p50": 0.1, "p95": 0.2},
            selected=rung == made.selected,
        )
        for rung, predictions in answered.items()
        for split in ("dev", "test")
    ]
    ladder = Ladder(rungs=rungs, selected=made.selected, skipped={}, discordance=0.2, metric=made.metric)
    write_json(run / "baselines.json", ladder)
    if model is not None:
        _write_job(
            run / "jobs" / "baseline-test", ModelSpec(path=model, precision="fp32"), answered[made.selected]
        )
    return answered


def _write_job(job: Path, spec: ModelSpec, predictions: Sequence[Prediction]) -> None:
    write_json(job / "job.json", GenerateJob(model=spec))
    requests = [{"id": one.id, "messages": one.prompt, "max_new_tokens": 8} for one in predictions]
    write_json_lines(job / "requests.jsonl", requests)


def _write_evaluation(
    run: Path,
    made: Made,
    train: Sequence[Row],
    test: Sequence[Row],
    ladder: dict[str, list[Prediction]],
    model: Path | None,
) -> None:
    assert made.tuned is not None
    tuned = _answers(test, made.tuned, zero_shot(TASK), made, cut=1)
    systems = {"base": ladder["zero_shot"], "best_baseline": ladder[made.selected], "tuned": tuned}
    for name, predictions in systems.items():
        write_predictions(run / "evaluation" / f"{name}.test.jsonl", predictions)
    write_json(
        run / "evaluation.json", Evaluations(systems=[_system(*each, made) for each in systems.items()])
    )
    write_json(run / "comparison.json", _comparison(systems, made))
    if model is not None:
        adapter = run / "training" / "adapter"
        _write_job(
            run / "jobs" / "tuned-test", ModelSpec(path=model, precision="fp32", adapter=adapter), tuned
        )


def _system(name: str, predictions: Sequence[Prediction], made: Made) -> SystemScores:
    tokens = name != "best_baseline"
    return SystemScores(
        system=name,
        split="test",
        n=len(_counted(predictions, made)),
        metrics=_scores(predictions, made),
        loss={"base": 2.5, "tuned": 0.31}[name] if tokens else None,
        next_token_accuracy={"base": 0.4, "tuned": 0.91}[name] if tokens else None,
        supervised_tokens=900 if tokens else None,
    )


def _comparison(systems: dict[str, list[Prediction]], made: Made) -> Comparison:
    before, after = (_counted(systems[name], made) for name in ("best_baseline", "tuned"))
    measured = paired(before, after, made.metric, 0)
    names = ("difference", "low", "high", "p_value", "n", "fixed", "broken")
    ruled = compare_outcome(PairedResult(**{name: measured[name] for name in names}), min_gain=0.05).to_dict()
    slices = slices_of(before, after, made.metric)
    values = {
        **measured,
        **ruled,
        "baseline": made.selected,
        "tuned": "tuned",
        "slices": slices,
        "slices_note": slices_note(len(slices)),
        "rows_needed": ruled.get("rows_needed") or made.rows_needed,
    }
    return Comparison(**{name: values[name] for name in Comparison.model_fields if name in values})


def change_artefact(run: Path, name: str, **fields: Any) -> None:
    """Write other values into an artefact of a run."""
    path = run / f"{name}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields), encoding="utf-8")


def lengthen(run: Path, times: int) -> None:
    """Repeat the test answers of a run under other ids, so that there are many without much ado."""
    for file in (*run.glob("evaluation/*.test.jsonl"), *run.glob("baselines/*.test.jsonl")):
        text = file.read_text(encoding="utf-8")
        copies = (text.replace('"id": "test:', f'"id": "test:{number}-') for number in range(1, times))
        file.write_text(text + "".join(copies), encoding="utf-8")
