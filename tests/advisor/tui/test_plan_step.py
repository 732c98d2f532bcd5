"""The Plan step: methods, settings, what a change makes anew, the command, the start; on real run directories."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Collapsible, Input, OptionList, Static
from training_runs import (
    AGAINST,
    FORECAST,
    GIB,
    LONG,
    NOW,
    Doors,
    a_run,
    application,
    done,
    paused,
    screen_text,
    until,
)

from advisor.draft import Draft
from advisor.run_directory import RunDirectory
from advisor.run_names import PLAN_FILE
from advisor.training_settings import settings_of
from advisor.tui.app import AdvisorApp
from advisor.tui.dialogs import Explain
from advisor.tui.steps.plan import PlanStep, step
from advisor.tui.walk import WalkScreen
from rubrics.errors import Fault
from trainer.events import EventWriter, Progress
from trainer.job import hold

SIZE = (80, 24)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return a_run(tmp_path, paused())


def step_of(app: AdvisorApp) -> PlanStep:
    screen = app.screen_stack[-1] if isinstance(app.screen_stack[-1], WalkScreen) else app.screen_stack[-2]
    assert isinstance(screen, WalkScreen)
    assert isinstance(screen.step, PlanStep)
    return screen.step


def says(app: AdvisorApp, key: str) -> str:
    said = step_of(app).query_one(f"#{key}").said
    return said.plain if said is not None else ""


@contextmanager
def in_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.chdir(folder)
        yield


async def ready(pilot: Any) -> None:
    """The run was read and shown."""
    await until(
        pilot, lambda: pilot.app.screen.step is not None and "verdict is" in says(pilot.app, "advice")
    )


async def test_methods_stand_side_by_side_with_what_they_take(run):
    app = application(run, "plan")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)

        text = screen_text(app)

    assert "lora  ██░░░░░░░░ 3.50 GiB  22%  13 min 0 s  ★ recommended" in text
    assert "qlora █░░░░░░░░░ 2.00 GiB  12%  time: not tried" in text
    assert "● auto  the program chooses: lora" in text


async def test_a_page_of_the_step_is_turned_from_the_list_of_methods(run):
    app = application(run, "plan")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        step = step_of(app)
        assert step.query_one("#methods").has_focus
        await until(pilot, lambda: step.max_scroll_y > 0)

        await pilot.press("pagedown")
        await until(pilot, lambda: step.scroll_y > 0)
        await pilot.press("pageup")
        await until(pilot, lambda: step.scroll_y == 0)


async def test_a_run_that_goes_on_does_not_have_the_plan_read_at_each_word_of_it(run, monkeypatch):
    read = []
    monkeypatch.setattr(step, "settings_of", lambda *a: read.append(a) or settings_of(*a))
    app = application(run, "plan")
    with hold(run.path / "lock"):
        writer = EventWriter(run.events_file)
        async with app.run_test(size=SIZE) as pilot:
            await ready(pilot)
            await pilot.pause(0.3)
            before = len(read)
            updated = []
            monkeypatch.setattr(Static, "update", lambda self, *a, **k: updated.append(self))
            # when the run says something else ten times
            for number in range(10):
                writer(Progress(time=NOW + number, task="generate", done=number, total=10, unit="answers"))
                await pilot.pause(0.15)
            seen = step_of(app).state.run
            assert seen is not None
            assert seen.activity is not None
            assert seen.activity.done == 9
        writer.close()
    # then it is neither read nor shown anew
    assert before >= 1
    assert len(read) == before
    assert not [note for note in updated if note.has_class("note")]


@pytest.mark.parametrize("lacks", ["memory_bytes", "alternatives", "hyperparameters", "train_rows"])
async def test_a_forecast_of_another_version_is_told_and_the_wizard_goes_on(lacks, tmp_path):
    other = {name: value for name, value in FORECAST.items() if name != lacks}
    app = application(a_run(tmp_path, paused(), artefacts={"forecast": other}), "plan")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "✗ forecast.json: " in says(app, "facts"))
        assert lacks in says(app, "facts")
        await pilot.press("8", "6")
        assert "✗ forecast.json: " in says(app, "facts")


async def test_a_method_that_does_not_fit_says_so_in_words(tmp_path):
    large = {**FORECAST, "memory_bytes": 20 * GIB, "memory_measured_bytes": None}
    app = application(a_run(tmp_path, paused(), artefacts={"forecast": large}), "plan")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)

        text = screen_text(app)

    assert "✗ does not fit" in text
    assert "★ qlora: it is the only one that fits into the memory." in text


async def test_a_change_says_what_is_made_anew_and_the_command_makes_it(run, monkeypatch):
    app = application(run, "plan")
    with in_folder(run.path.parent, monkeypatch):
        async with app.run_test(size=SIZE) as pilot:
            await ready(pilot)
            app.screen.step.query_one(OptionList).focus()
            await pilot.press("end", "enter")
            await until(pilot, lambda: "Changed" in says(app, "changes"))
            changes, command = says(app, "changes"), says(app, "command")
            await pilot.press("c")
            await pilot.pause()
            copied = app.clipboard
            await pilot.press("z")
            await until(pilot, lambda: not says(app, "changes"))

    assert changes.startswith(
        "Changed: --method. Made again for it: speed of this machine, verdict, forecast."
    )
    assert copied == "advisor resume run --method qlora"
    assert copied in command
    assert run.plan().method == "auto"


async def test_what_is_copied_is_the_command_letter_by_letter(tmp_path):
    task = "Route the message.\nOne word,\tno more. " + 20 * "long "
    run = a_run(tmp_path, paused())
    plan = run.plan().model_copy(update={"task": task})
    (run.path / PLAN_FILE).write_text(plan.to_toml(), encoding="utf-8")
    app = application(run, "plan")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await pilot.press("w")
        await pilot.pause()
        copied, looked_at = app.clipboard, says(app, "command")

    assert copied == plan.command()
    assert task in shlex.split(copied)
    assert "Route the message.⏎One word" in looked_at
    assert task not in looked_at


async def test_starting_makes_the_changes_and_goes_to_the_training(run):
    doors = Doors()
    app = application(run, "plan", doors)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        step_of(app).change(rank=4)
        await until(pilot, lambda: "--rank" in says(app, "changes"))
        await pilot.press("t")
        await until(pilot, lambda: app.screen.here == "training")

    assert doors.relaunched == [(run.path, {"rank": 4}, "")]


async def test_a_choice_can_be_measured_before_it_is_trained(run):
    doors = Doors()
    app = application(run, "plan", doors)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        assert not app.screen.active_bindings.get("f")
        step_of(app).change(method="qlora")
        await until(pilot, lambda: "--method" in says(app, "changes"))
        await pilot.press("f")
        await until(pilot, lambda: doors.relaunched)

        assert app.screen.here == "plan"
    assert doors.until == ["forecast"]


async def test_a_refused_start_is_told_and_can_be_tried_again(run):
    doors = Doors(refuse=Fault("no space left", where="/runs", fix="Free some space."))
    app = application(run, "plan", doors)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, Explain))
        text = screen_text(app)
        await pilot.press("escape")
        await pilot.pause()

        assert app.screen.active_bindings["t"].enabled
    assert "no space left" in text
    assert "What to do: Free some space." in text


async def test_against_the_verdict_nothing_starts_until_it_is_overruled_with_a_reason(tmp_path):
    doors = Doors()
    run = a_run(tmp_path, paused(), artefacts={"verdict": AGAINST})
    app = application(run, "plan", doors)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        assert "training is not advised" in says(app, "advice")
        await pilot.press("t")
        await pilot.pause()
        assert doors.relaunched == []

        step_of(app).change(force_train=True, overruled="it must run offline")
        await until(pilot, lambda: "you overrule it: it must run offline" in says(app, "advice"))
        await until(pilot, lambda: "--because 'it must run offline'" in says(app, "command"))
        await until(pilot, lambda: "t" in app.screen.active_bindings)
        await pilot.press("t")
        await until(pilot, lambda: doors.relaunched)

    assert doors.relaunched == [(run.path, {"force_train": True}, "it must run offline")]


async def test_while_somebody_works_on_the_run_nothing_is_started(run):
    doors = Doors()
    app = application(run, "plan", doors)
    with hold(run.path / "lock"):
        async with app.run_test(size=SIZE) as pilot:
            await ready(pilot)
            await pilot.press("t")
            await pilot.pause()

    assert doors.relaunched == []


async def test_a_training_that_is_done_is_started_again_only_for_a_change(tmp_path):
    app = application(a_run(tmp_path, done(), artefacts={"comparison": {"outcome": "SHIP_TUNED"}}), "plan")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        assert "t" not in app.screen.active_bindings

        step_of(app).change(epochs=5.0)
        await until(pilot, lambda: "t" in app.screen.active_bindings)


async def test_the_key_of_the_settings_goes_to_them_whether_they_are_folded_or_not(run):
    app = application(run, "plan")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        for _time in range(2):
            step_of(app).query_one("#methods").focus()
            await pilot.press("e")

            await until(pilot, lambda: app.focused is step_of(app).query("SettingRow Input").first())

        await pilot.press("2")
        assert step_of(app).query("SettingRow Input").first().value.endswith("2")


async def test_settings_show_what_is_proposed_and_tell_a_wrong_value_beside_its_field(run):
    app = application(run, "plan")
    async with app.run_test(size=(100, 50)) as pilot:
        await ready(pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.focused, Input))
        epochs = app.focused
        assert epochs.placeholder == "3"
        await pilot.press("9", "0", "0")
        await until(pilot, lambda: "✗ Input should be less than or" in screen_text(app))
        assert says(app, "changes") == "✗ --epochs cannot be taken as written; the settings say why."
        assert epochs.value == "900"

        await pilot.press("backspace")
        await until(pilot, lambda: "--epochs 90" in says(app, "command"))
        # And what was written stands in the plan only once it is started.
        assert run.plan().epochs is None


async def test_settings_of_a_changed_run_are_filled_in_and_not_called_proposals(tmp_path):
    app = application(a_run(tmp_path, paused(), epochs=2.5, precision="fp32"), "plan")
    async with app.run_test(size=(100, 50)) as pilot:
        await ready(pilot)
        await pilot.press("e")
        await until(pilot, lambda: not app.screen.step.query_one(Collapsible).collapsed)
        await pilot.pause(0.2)

        fields = app.screen.step
        assert fields.query_one("#setting-epochs Input").value == "2.5"
        assert fields.query_one("#setting-precision Select").value == "fp32"
        # And showing them changed nothing.
        assert app.screen.walk_state.changes() == {}


async def test_without_a_run_the_way_is_told_and_choices_are_kept(tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"question": "a", "answer": "b"}\n')
    app = AdvisorApp(Doors().services(), draft=Draft().changed(data=rows), step="plan")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.screen.step is not None and says(app, "advice"))
        assert "the cheap options (4) come first" in says(app, "advice")
        step_of(app).query_one(OptionList).focus()
        await pilot.press("end", "enter")
        await until(pilot, lambda: "--method qlora" in says(app, "command"))


async def test_a_long_reason_and_device_leave_the_layout_whole(tmp_path):
    measured = {"measurement": {"device": LONG, "device_memory_bytes": None, "precision": "bf16"}}
    run = a_run(
        tmp_path,
        paused(),
        artefacts={"verdict": AGAINST, "measurement": measured},
        force_train=True,
        overruled=LONG.strip(),
    )
    app = application(run, "plan")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)

        step = step_of(app)
        assert all(widget.region.right <= SIZE[0] for widget in step.query("Words, OptionList"))
        assert "the memory of this device is not known" in says(app, "facts").replace("\n", " ")


@pytest.mark.parametrize("is_unfolded", [False, True], ids=["folded", "settings"])
def test_looks(is_unfolded, run, monkeypatch, as_pictured):
    folder = run.path.parent
    monkeypatch.chdir(folder)
    # The command names the rows by their whole path: another person's, the same everywhere.
    run.plan_file.write_text(run.plan_file.read_text().replace(str(folder), "/home/ada/messages"))
    app = application(run, "plan")

    async def show(pilot: Any) -> None:
        await until(pilot, lambda: app.screen.step is not None and says(app, "facts").count("\n") > 3)
        if is_unfolded:
            await pilot.press("e")
            await until(pilot, lambda: not step_of(app).query_one(Collapsible).collapsed)

    assert as_pictured(app, show)
