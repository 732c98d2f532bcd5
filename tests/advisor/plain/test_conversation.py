"""The wizard by plain questions: what is said, what is asked, and that every step is reached without a screen."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from advisor.data.checking import check_file
from advisor.interrupt import StopSignal
from advisor.plain import converse
from advisor.plan import Plan, read_plan
from advisor.run_directory import RunDirectory, create_run
from advisor.texts import use_language
from advisor.tui.services import Services
from advisor.tui.steps import ALL_STEPS
from advisor.walk import walk
from trainer.events import EventWriter, Metric, Progress, RunEnded, RunStarted, StageStarted

SKIP_TASK = [""] * 7
"""Production, metric, target, gain, model, minutes and further settings as they are."""


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("en")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_file: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclass
class Core:
    """Doors to the core: runs are carried out here, by the classifier alone and without a training."""

    relaunched: list[tuple[Path, dict[str, Any], str]] = field(default_factory=list)
    launched: list[Plan] = field(default_factory=list)

    def services(self) -> Services:
        return Services(launch=self._launch, relaunch=self._relaunch)

    def _launch(self, plan: Plan, out: Path | None, *, until: str) -> RunDirectory:
        self.launched.append(plan)
        plan = plan.model_copy(update={"no_train": True})
        run = create_run(plan, out)
        walk(plan, run, lambda event: None, StopSignal(), until=until)
        return run

    def _relaunch(self, path: Path, changes: dict[str, Any], *, because: str, until: str) -> RunDirectory:
        self.relaunched.append((path, changes, because))
        return RunDirectory(path)


@pytest.fixture
def core() -> Core:
    return Core()


Talked = Callable[..., str]


@pytest.fixture
def talked(core: Core) -> Talked:
    """What is said to somebody who answers this and then has gone."""

    def call(*answers: str) -> str:
        voice = io.StringIO()
        code = converse(io.StringIO("".join(answer + "\n" for answer in answers)), voice, core.services())
        assert code == 0
        return voice.getvalue()

    return call


def steps_in(text: str) -> list[str]:
    return re.findall(r"Step \d of 9: (.+)", text)


def test_every_step_is_reached_in_order(talked, core):
    said = talked(
        "n", "Sort it", "rows.jsonl", *SKIP_TASK,  # task
        "y",  # suitability skipped
        "g",  # data
        "1", "", "", "y", "n",  # the classifier alone; no prompt, no price; start; no answers to read
        "o", "I want to see it",  # verdict overruled
        "l",  # plan: not now
    )  # fmt: skip
    assert steps_in(said) == ["Task", "Suitability", "Data", "Cheap options", "Verdict", "Plan", "Results"]
    assert "60 rows, question-answer" in said
    assert "linear classifier on test: " in said
    assert "In all 0 calls" in said
    assert "Collect test rows first (COLLECT_EVAL_DATA)" in said
    assert core.launched[0].task == "Sort it"
    assert core.launched[0].rungs == ("classifier",)
    assert "\x1b" not in said
    assert "\r" not in said

    [run] = Path("runs").iterdir()
    ended = talked("r", "1", "steps", "8", "s", "mine.md", "g", "g", "q")
    assert steps_in(ended) == ["Verdict", "Results", "Ship"]
    assert "best cheap option (linear classifier)" in ended
    assert Path("mine.md").read_text(encoding="utf-8").startswith("# Sort it")
    assert str(run.resolve() / "splits/train.jsonl") in ended


def test_the_steps_are_those_of_the_screen(talked):
    said = talked("n", "steps")

    assert re.findall(r"  \d\. (.+)", said)[-9:] == [entry.title for entry in ALL_STEPS]


def test_the_run_is_that_of_the_printed_command(talked, core):
    said = talked("n", "Sort it", "rows.jsonl", "", "", "90%", *[""] * 4, "y", "g", "1", "", "", "y")

    assert core.launched[0] == Plan(
        data=Path("rows.jsonl"), task="Sort it", target=0.9, rungs=("classifier",)
    )
    assert f"The equivalent command: {core.launched[0].command()}" in said


def test_a_training_is_started_with_the_changes_and_the_reason(talked, core):
    talked("n", "", "rows.jsonl", *SKIP_TASK, "y", "g", "1", "", "", "y", "n")
    [run] = Path("runs").iterdir()

    said = talked("r", "1", "o", "", "just because", "s", "1", "2", "c", "t")

    assert "a reason is needed" in said
    assert re.search(
        r"advisor resume \S+ --epochs 2.0 --force-train --reset no-train --because 'just because'", said
    )
    [(path, changes, because)] = core.relaunched
    assert (path, because) == (run.resolve(), "just because")
    assert {name: value for name, value in changes.items() if value} == {"epochs": 2.0, "force_train": True}
    assert "Changed: --epochs" in said


def test_wrong_answers_are_told_and_asked_again(talked):
    said = talked("9", "n", "Sort it", "absent.jsonl", "rows.jsonl", "", "rouge_9", "", "140%", "lots", "0.8")

    assert "Type a number from 1 to 8." in said
    assert "This cannot be taken: there is no such file" in said
    assert said.count("Give a score from 0 to 1") == 2
    assert said.endswith("(or not): ") or "Smallest gain" in said.splitlines()[-1]


def test_a_file_whose_rows_cannot_be_used_is_told_line_by_line(talked):
    Path("bad.jsonl").write_text('{"question": "q", "answer": "a"}\n{oops\n', encoding="utf-8")

    said = talked("n", "Sort it", "bad.jsonl")

    assert "Rows that cannot be used: 1" in said
    assert "line 2: " in said
    assert "Go on with a copy without these rows?" in said


def test_rows_that_cannot_be_used_are_left_out_of_a_copy_that_is_gone_on_with(talked, core):
    sound = Path("rows.jsonl").read_text(encoding="utf-8")
    Path("bad.jsonl").write_text(sound + '{"question": "q"}\n', encoding="utf-8")

    said = talked("n", "Sort it", "bad.jsonl", "y", *SKIP_TASK, "y", "g", "1", "", "", "y")

    assert core.launched, said[-1500:]
    assert core.launched[0].data == Path("bad.usable.jsonl")
    assert "your file stays as it is" in said


def test_a_file_without_a_row_that_can_be_used_is_asked_for_again(talked):
    Path("bad.jsonl").write_text('{"question": "q"}\n{"question": "r"}\n', encoding="utf-8")

    said = talked("n", "Sort it", "bad.jsonl", "rows.jsonl")

    assert "none of its rows can be used" in said
    assert "60 rows, question-answer" in said


def test_a_question_mark_explains_each_question_of_the_task(talked):
    said = talked(
        "n", "?", "Sort it", "?", "rows.jsonl", "?", "", "", "?", "", "?", "", "?", "", "?", "", "?", ""
    )

    for explained in (
        "the instruction that the plain prompt gives", "is divided into rows to train, choose and test by",
        "Questions as they come in", "Empty: no target", "0.05 means five more", "the one that would be trained",
        "as long as it takes", "serves most tasks",
    ):  # fmt: skip
        assert explained in said, explained


def test_what_is_no_data_file_is_a_fault_and_asked_again(talked):
    Path("bad.parquet").write_bytes(b"PAR1 and nothing else")

    said = talked("n", "Sort it", "bad.parquet", "rows.jsonl")

    assert "error: bad.parquet" in said
    assert "What to do: " in said
    assert "60 rows, question-answer" in said


def test_back_goes_a_question_back_and_a_value_can_be_emptied(talked, core):
    talked(
        "n", "first", "back", "second", "rows.jsonl", "", "", "0.9", "back", "-", "", "", "", "",
        "y", "g", "1", "", "", "y",
    )  # fmt: skip

    assert core.launched[0].task == "second"
    assert core.launched[0].target is None


def test_further_settings_are_asked_group_by_group(talked, core):
    said = talked(
        "n", "Sort it", "rows.jsonl", *[""] * 6,
        "4", "2%", "", "", "7",  # comparison
        "5", "1000", "half", "0.5", "0.1,0.2", *[""] * 5,  # money and volume
        "", "y", "g", "1", "", "", "y",
    )  # fmt: skip

    assert core.launched, said[-1500:]
    plan = core.launched[0]
    assert (plan.margin, plan.seed) == (0.02, 7)
    assert (plan.requests_per_month, plan.value_per_correct) == (1000, 0.5)
    assert plan.tuned_price == (0.1, 0.2)
    assert said.count("Give an amount of money") == 1


def test_files_that_are_divided_already_can_be_named(talked, core):
    lines = Path("rows.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    Path("train.jsonl").write_text("".join(lines[:40]), encoding="utf-8")
    Path("test.jsonl").write_text("".join(lines[40:]), encoding="utf-8")

    talked("n", "Sort it", "", "y", "train.jsonl", "test.jsonl", "", *SKIP_TASK, "y", "g", "1", "", "", "y")

    plan = core.launched[0]
    assert (plan.data, plan.train, plan.test) == (None, Path("train.jsonl"), Path("test.jsonl"))


def test_two_runs_are_compared_in_lines(talked):
    for _ in range(2):
        talked("n", "", "rows.jsonl", *SKIP_TASK, "y", "g", "1", "", "", "y", "n")

    said = talked("c", "1", "2")

    assert "On the same" in said
    assert re.search(r"linear classifier \(test\): both 0\.", said)
    assert "Both were asked the same." in said


def test_a_run_is_copied_to_where_it_can_go_on(talked):
    talked("n", "", "rows.jsonl", *SKIP_TASK, "y", "g", "1", "", "", "y", "n")

    said = talked("y", "1", "elsewhere")

    assert RunDirectory(Path("elsewhere")).plan().rungs == ("classifier",)
    assert "Step 5 of 9: Verdict" in said


def test_a_value_that_is_taken_back_is_reset_by_the_printed_command(talked, core):
    talked("n", "", "rows.jsonl", *SKIP_TASK, "y", "g", "1", "", "", "y", "n")
    [run] = Path("runs").iterdir()
    plan = RunDirectory(run).plan().model_copy(update={"epochs": 4.0})
    (run / "plan.toml").write_text(plan.to_toml(), encoding="utf-8")

    said = talked("r", "1", "o", "just because", "s", "1", "-", "c", "l")

    assert re.search(r"advisor resume \S+ --force-train --reset epochs,no-train", said)


def test_a_question_mark_explains_and_asks_again(talked):
    said = talked("?", "n", "Sort it", "rows.jsonl", "", "", "?")

    assert said.count("quit leaves") >= 3
    assert "a fine-tuned model is compared with the best cheap option alone" in said


def test_each_answer_to_suitability_moves_the_score(talked):
    said = talked("n", "Sort it", "rows.jsonl", *SKIP_TASK, "n", "y", "y", "?")

    scores = re.findall(r"Score so far (\S+);", said)
    assert len(scores) == 2
    assert scores[0] != scores[1]
    assert "1. " in said


def test_what_the_rows_suggest_is_taken_only_when_asked_for(talked):
    unhinted = talked("n", "", "rows.jsonl", *SKIP_TASK, "n", *["u"] * 10)
    hinted = talked("n", "", "rows.jsonl", *SKIP_TASK, "n", *["h", "u"] * 10)

    assert "The rows say: " in unhinted
    assert "take what the rows suggest" in unhinted
    assert set(re.findall(r"Score so far (\S+);", unhinted)) == {"0"}
    assert set(re.findall(r"Score so far (\S+);", hinted)) > {"0"}


def test_rows_are_mended_in_a_copy_that_is_then_used(talked, core):
    lines = Path("rows.jsonl").read_text(encoding="utf-8").splitlines()
    before = "".join(line + "\n" for line in [*lines, lines[0], lines[1]])
    Path("rows.jsonl").write_text(before, encoding="utf-8")

    said = talked("n", "", "rows.jsonl", *SKIP_TASK, "y", "1", "m", "", "", "y", "g", "1", "", "", "y")

    assert "D1" in said
    assert "2 dropped" in said
    assert Path("rows.jsonl").read_text(encoding="utf-8") == before
    assert len(Path("rows.fixed.jsonl").read_text(encoding="utf-8").splitlines()) == 60
    assert core.launched[0].data == Path("rows.fixed.jsonl")


def test_answers_are_saved_when_the_person_quits(talked):
    said = talked("n", "Sort it", "rows.jsonl", "quit", "y", "mine.toml")

    assert "advisor run --config mine.toml" in said
    assert read_plan(Path("mine.toml")).task == "Sort it"
    assert "not saved" not in talked("p", "mine.toml", "quit")


def test_a_change_of_what_a_run_is_measured_by_begins_a_new_walk(talked, core):
    talked("n", "", "rows.jsonl", *SKIP_TASK, "y", "g", "1", "", "", "y")
    kept = talked("r", "1", "steps", "1", "another task", "n")
    new = talked("r", "1", "steps", "1", "another task", "y", "", *SKIP_TASK, "y", "g", "1", "", "", "y")

    assert "cannot change once a run has begun" in kept
    assert [plan.task for plan in core.launched] == ["", "another task"]
    assert len(list(Path("runs").iterdir())) == 2
    assert "Start measuring now" in new


def run_with(name: str, *events: Any) -> RunDirectory:
    run = create_run(Plan(data=Path("rows.jsonl"), task=name), Path("runs") / name)
    writer = EventWriter(run.events_file)
    for event in events:
        writer(event)
    writer.close()
    return run


def test_a_training_that_failed_says_why_and_is_gone_on_with(talked, core):
    run = run_with("one", RunStarted(pid=1), StageStarted(stage="train"))
    run.training.mkdir()
    writer = EventWriter(run.training / "events.jsonl")
    writer(Progress(task="train", done=3, total=12, unit="steps"))
    writer(Metric(step=3, epoch=0.1, values={"loss": 0.5}))
    writer.close()
    ended = RunEnded(outcome="failed", what="out of memory", fix="Lower --batch-size.", code=5)
    EventWriter(run.events_file)(ended)

    said = talked("r", "1", "steps", "7", "y")

    assert "out of memory" in said
    assert "Lower --batch-size." in said
    assert [path for path, _changes, _because in core.relaunched] == [run.path]


def test_runs_are_listed_opened_and_deleted(talked):
    for name in ("one", "two"):
        run_with(name, RunStarted(pid=1), RunEnded(outcome="stopped"))
        os.utime(f"runs/{name}/plan.toml", (1e9 + len(list(Path("runs").iterdir())),) * 2)

    said = talked("d", "1", "y", "d", "1", "n", "q")

    assert "two; two; interrupted" in said
    assert [path.name for path in Path("runs").iterdir()] == ["one"]
    assert "there are no runs in" in (talked("d", "1", "y", "r"))


def test_a_run_that_cannot_be_opened_is_told_and_the_talk_goes_on(talked):
    run_with("one", RunStarted(pid=1))
    Path("runs/one/plan.toml").write_text("not toml", encoding="utf-8")

    said = talked("r", "1", "q")

    assert "error: " in said
    assert said.count("What would you like to do?") == 2


def test_ctrl_c_while_rows_are_checked_keeps_the_answers(talked, core, monkeypatch):
    pressed = iter([True])

    def interrupted(*arguments: Any, **more: Any) -> Any:
        if next(pressed, False):
            raise KeyboardInterrupt
        return check_file(*arguments, **more)

    monkeypatch.setattr("advisor.plain.rows.check_file", interrupted)
    said = talked("n", "Sort it", "rows.jsonl", *SKIP_TASK, "y", "a", "g", "quit", "y", "mine.toml")

    assert steps_in(said) == ["Task", "Suitability", "Data", "Data", "Cheap options"]
    assert "try this step again" in said


def test_a_step_that_has_nothing_to_show_says_which_one_makes_it(talked):
    said = talked("n", "", "rows.jsonl", "steps", "5", "b", "steps", "8", "b")

    assert said.count("there is nothing to show here yet") == 2
    assert "The step Cheap options makes it." in said


def test_model_output_steers_no_terminal(talked):
    rows = [{"question": f"q{at} \x1b[31m\x07", "answer": "a\x1b]0;x\x07"} for at in range(20)]
    Path("evil.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    said = talked("n", "\x1b[2J", "evil.jsonl", "back", "back")

    assert "\x1b" not in said
    assert "\x07" not in said
    assert "�" in said


def test_it_is_led_in_korean(talked):
    use_language("ko")
    said = talked("1", "분류", "rows.jsonl", *SKIP_TASK, "뒤로", "단계", "3", "종료", "n")

    assert "9단계 중 1단계: 과제" in said
    assert "무엇을 하시겠습니까?" in said
    assert re.findall(r"9단계 중 (\d)단계", said) == ["1", "2", "1", "3"]
    assert "행 60개" in said
    assert not re.search(r"[a-z]{4,} [a-z]{3,} [a-z]{3,}", said.partition("지표")[0])


def test_it_ends_when_the_input_ends(talked):
    assert talked().endswith("[1]: \n")
    assert "Your answers are not saved" not in talked("n", "Sort it")
