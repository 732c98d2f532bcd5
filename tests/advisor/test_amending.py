"""A plan that changes after it began: what may change, what is written, what stays measured."""

from __future__ import annotations

import json
import os
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from advisor.amending import amend, propose, resume_command, taken_back
from advisor.interrupt import StopSignal
from advisor.plan import Plan, read_plan
from advisor.run_directory import RunDirectory, create_run
from advisor.walk import walk
from advisor.watching import RunWatch
from rubrics.errors import ExitCode, Fault
from trainer.events import EventWriter, StageFinished
from trainer.job import read_json_lines

REASON = "the rows are ours and the model must run offline"


@pytest.fixture
def run(rows_file: Path, tmp_path: Path) -> RunDirectory:
    return create_run(Plan(data=rows_file, rungs=("classifier", "zero_shot")), tmp_path / "runs/one")


def verdict(run: RunDirectory, outcome: str) -> None:
    (run.path / "verdict.json").write_text(json.dumps({"outcome": outcome}), encoding="utf-8")


def test_the_former_plan_is_kept_and_the_run_keeps_its_age(run):
    os.utime(run.plan_file, (1e9, 1e9))
    before = run.plan()

    amend(run, {"epochs": 3.0})
    amend(run, {"rank": 4})

    assert (run.plan().epochs, run.plan().rank) == (3.0, 4)
    assert read_plan(run.path / "plan.1.toml") == before
    assert read_plan(run.path / "plan.2.toml").epochs == 3.0
    assert run.created() == 1e9


def test_a_limit_that_the_run_has_used_up_already_is_refused(run):
    writer = EventWriter(run.events_file)
    for stage, seconds, reused in (
        ("measure", 300.0, False),
        ("baseline", 400.0, False),
        ("baseline", 9e9, True),
    ):
        writer(StageFinished(stage=stage, seconds=seconds, reused=reused, summary=""))
    writer.close()

    with pytest.raises(Fault, match=r"has worked for 11\.7 min already, so a limit of 5 min leaves nothing"):
        propose(run, {"max_minutes": 5.0})

    assert propose(run, {"max_minutes": 20.0}).plan.max_minutes == 20
    assert propose(run, {"max_minutes": None}).plan.max_minutes is None


def test_a_margin_is_declared_before_the_tuned_model_is_scored(run):
    assert propose(run, {"margin": 0.02}).changed == ("margin",)
    (run.path / "comparison.json").write_text("{}", encoding="utf-8")

    with pytest.raises(Fault, match="must be declared before the tuned model is scored"):
        propose(run, {"margin": 0.02})


def test_a_proposal_writes_nothing(run):
    before = run.plan_file.read_bytes()

    found = propose(run, {"epochs": 3.0})

    assert (found.changed, found.plan.epochs) == (("epochs",), 3.0)
    assert run.plan_file.read_bytes() == before
    assert list(run.path.glob("plan.*.toml")) == []


def test_what_changes_nothing_writes_nothing(run):
    assert amend(run, {"rank": run.plan().rank}).changed == ()
    assert list(run.path.glob("plan.*.toml")) == []


@pytest.mark.parametrize("changes", [{"metric": "token_f1"}, {"seed": 3}, {"target": 0.1, "rank": 2}])
def test_what_a_result_is_measured_by_cannot_change(changes, run):
    with pytest.raises(Fault, match="cannot change once a run has begun") as raised:
        amend(run, changes)

    assert raised.value.code == ExitCode.WRONG_USE
    assert run.plan() == propose(run, {}).plan


def test_a_guard_is_declared_before_the_tuned_model_is_scored(run):
    assert propose(run, {"guard": "none"}).changed == ("guard",)
    (run.path / "comparison.json").write_text("{}", encoding="utf-8")

    with pytest.raises(Fault, match="must be declared before"):
        amend(run, {"guard": "none"})


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"rank": 0}, "--rank"), ({"rungs": ("nonsense",)}, "no such rung"), ({"prompt_file": Path("absent.txt")}, "no such file")],
)  # fmt: skip
def test_a_wrong_value_is_named_and_leaves_the_plan(changes, said, run):
    before = run.plan_file.read_bytes()

    with pytest.raises(Fault) as raised:
        amend(run, changes)

    assert said in str(raised.value)
    assert run.plan_file.read_bytes() == before


def test_training_against_the_verdict_needs_a_reason(run):
    verdict(run, "PROMPT_IS_ENOUGH")

    with pytest.raises(Fault, match="needs a reason") as raised:
        amend(run, {"force_train": True})
    assert raised.value.where == "--because"

    found = amend(run, {"force_train": True}, because=f"  {REASON}\n")
    assert (found.overrules, run.plan().overruled, run.plan().force_train) == (True, REASON, True)


def test_training_as_the_verdict_says_needs_none(run):
    verdict(run, "FINE_TUNE")

    assert not amend(run, {"force_train": True}).overrules


def test_a_reason_without_a_decision_is_wrong_use(run):
    with pytest.raises(Fault, match="--because"):
        amend(run, {}, because=REASON)


def test_to_train_after_all_takes_back_that_nothing_was_to_be_trained(rows_file, tmp_path):
    run = create_run(Plan(data=rows_file, no_train=True), tmp_path / "run")

    amend(run, {"force_train": True})

    assert (run.plan().force_train, run.plan().no_train) == (True, False)


def test_a_prompt_that_is_added_is_a_rung(run, tmp_path):
    (tmp_path / "prompt.txt").write_text("Sort it.", encoding="utf-8")

    amend(run, {"prompt_file": tmp_path / "prompt.txt"})

    assert run.plan().rungs == ("classifier", "zero_shot", "prompt_file")


def test_a_run_that_is_worked_on_is_left_alone(run):
    with run.held(), pytest.raises(Fault, match="another advisor works on this run"):
        amend(run, {"rank": 4})


def test_the_changed_plan_is_the_one_that_its_command_gives(run, advisor, monkeypatch, tmp_path):
    verdict(run, "PROMPT_IS_ENOUGH")
    amend(run, {"force_train": True, "rungs": ("classifier",), "epochs": 1.5}, because=REASON)
    seen: list[Plan] = []
    monkeypatch.setattr("advisor.walk.walk", lambda plan, *rest, **more: seen.append(plan))
    words = shlex.split(run.plan().command())[1:]

    advisor(*words, "--out", tmp_path / "again")

    assert seen == [run.plan()]


def report_of(run: RunDirectory, until: str = "") -> Any:
    return walk(run.plan(), run, lambda event: None, StopSignal(), until=until).to_json()


def test_the_command_of_a_changed_plan_gives_the_same_splits_and_verdict(rows_file, tmp_path, advisor):
    run = create_run(Plan(data=rows_file, rungs=("classifier", "zero_shot"), no_train=True), tmp_path / "run")
    amend(run, {"rungs": ("classifier",), "rank": 4})
    report_of(run)

    ran = advisor(*shlex.split(run.plan().command())[1:], "--out", tmp_path / "again", "--quiet")

    assert ran.code == 0, ran.err
    again = RunDirectory(tmp_path / "again")
    assert again.plan() == run.plan()
    for name in ("train", "dev", "test"):
        file = f"{name}.jsonl"
        assert (again.splits / file).read_bytes() == (run.splits / file).read_bytes()
    verdicts = [json.loads((one.path / "verdict.json").read_text(encoding="utf-8")) for one in (run, again)]
    assert verdicts[0] == verdicts[1]


def test_a_measured_ladder_is_seen_with_its_first_answers(rows_file, tmp_path):
    run = create_run(Plan(data=rows_file, rungs=("classifier",), no_train=True), tmp_path / "run")

    report_of(run)
    watched = RunWatch(run.path).poll()

    assert [(rung.rung, rung.split) for rung in watched.rungs] == [
        ("classifier", "dev"),
        ("classifier", "test"),
    ]
    assert len(watched.rungs[0].answers) == 5
    assert watched.life == "finished"


@pytest.mark.timeout(900)
@pytest.mark.journey
def test_a_run_is_paused_amended_overruled_and_trained_again(tiny_model, tmp_path, rows_file):
    # given a run that ends at the verdict, with the forecast of a training
    rungs = ("classifier", "zero_shot")
    plan = Plan(
        data=rows_file, model=str(tiny_model), rungs=rungs, target=0.01, epochs=1.0, batch_size=4, guard="none",
        precision="fp32", task="Sort it",
    )  # fmt: skip
    run = create_run(plan, tmp_path / "run")
    first = report_of(run, until="forecast")
    assert (first["training"], first["comparison"]) == (None, None)
    assert first["forecast"]["method"] == "lora"

    # when a prompt is added
    (tmp_path / "prompt.txt").write_text("Name the queue.", encoding="utf-8")
    asked = run.jobs / "baseline-dev/completions.jsonl"
    before = {row["id"]: row for row in read_json_lines(asked)}
    amend(run, {"prompt_file": tmp_path / "prompt.txt"})
    second = report_of(run, until="forecast")

    # then it is measured beside the others, whose answers (with the time that they took) are those of before
    after = {row["id"]: row for row in read_json_lines(asked)}
    assert {entry["rung"] for entry in second["baselines"]} == {*rungs, "prompt_file"}
    assert {name: after[name] for name in before} == before
    assert Counter(name.split("/")[0] for name in after) == {"zero_shot": 6, "prompt_file": 6}
    known = [entry for entry in first["ledger"] if entry not in second["ledger"]]
    assert known == []

    # when the verdict is overruled
    outcome = second["verdict"]["outcome"]
    assert outcome != "FINE_TUNE"
    amend(run, {"force_train": True}, because=REASON)
    third = report_of(run)

    # then the model is trained, and the reason stands in the report
    assert third["training"]["steps"] > 0
    assert third["overruled"] == {"outcome": outcome, "choice": "train", "reason": REASON}
    page = (run.path / "report.md").read_text(encoding="utf-8")
    assert f"{outcome} was overruled by the user, who asked for training all the same: {REASON}" in page
    state = RunWatch(run.path).poll()
    assert (state.life, state.training.status) == ("finished", "done")
    assert {"loss", "grad_norm", "learning_rate", "tokens_per_second", "memory_bytes", "eval_loss"} <= set(
        state.training.series
    )
    assert state.training.scores
    assert state.training.samples

    # when more epochs are asked for
    steps = third["training"]["steps"]
    amended = amend(run, {"epochs": 2.0})
    assert set(amended.redone) >= {"forecast", "train", "evaluate", "compare"}
    assert "baseline" not in amended.redone
    fourth = report_of(run)

    # then it is another training from its start, the former one lies aside, and the ledger counts a second look
    assert fourth["training"]["steps"] == 2 * steps
    former = json.loads((run.path / "earlier-1/training/result.json").read_text(encoding="utf-8"))
    assert former["steps"] == steps
    assert (run.path / "earlier-1/jobs/tuned-test/completions.jsonl").exists()
    assert json.loads((run.path / "earlier-1/report.json").read_text())["training"]["steps"] == steps
    assert fourth["baselines"] == third["baselines"]
    tuned = [entry for entry in fourth["ledger"] if entry["system"] == "tuned"]
    assert 1 <= len(tuned) == fourth["comparison"]["looks"]
    watched = RunWatch(run.path).poll()
    assert watched.training.step == fourth["training"]["steps"]
    assert watched.training.series["loss"].points[0][0] == 1


def test_none_leaves_a_choice_to_the_program_again(run):
    amend(run, {"rank": 4, "learning_curve": True, "epochs": 3.0})

    amend(run, {"rank": None, "learning_curve": None, "epochs": None})

    assert (run.plan().rank, run.plan().learning_curve, run.plan().epochs) == (16, False, None)


def test_the_printed_command_makes_the_same_changes(run):
    # Given a run whose plan has settled some choices
    amend(run, {"epochs": 3.0, "learning_curve": True, "rank": 4})
    changes = {"epochs": None, "learning_curve": None, "rank": 8, "force_train": True}

    command = resume_command(run.path, changes, because=REASON)

    words = shlex.split(command)
    assert words[:3] == ["advisor", "resume", str(run.path)]
    assert words[3:] == [
        "--rank",
        "8",
        "--force-train",
        "--reset",
        "epochs,learning-curve",
        "--because",
        REASON,
    ]
    # And the words are read back as those changes
    assert taken_back("epochs,learning-curve") == {"epochs": None, "learning_curve": None}


def test_only_what_may_change_is_taken_back():
    with pytest.raises(Fault, match="seed cannot be taken back"):
        taken_back("rank, seed")
