"""The Cheap options step: what is chosen and forecast, how it is started, and every state of a ladder on a real run."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from ladder_runs import DEV, a_run, decided, ended, measuring, scored
from steps_on_screen import all_steps, too_wide
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, TextArea
from training_runs import LONG, NOW, Doors, screen_text
from training_runs import until as until_of

from advisor.draft import Draft
from advisor.plan import RUNGS, Plan
from advisor.run_directory import RunDirectory, create_run
from advisor.tui.app import AdvisorApp
from advisor.tui.dialogs import AskText, Explain
from advisor.tui.services import Services
from advisor.tui.steps.options import OptionsStep, own_prompt
from advisor.tui.steps.options.own_prompt import TypedPrompt
from advisor.tui.steps.options.words import money
from advisor.tui.walk import WalkScreen
from advisor.watching import RunState
from rubrics.errors import Fault
from trainer.events import EventWriter, Progress, RunStarted, StageStarted
from trainer.job import hold

SIZE, WIDE = (80, 24), (140, 40)
PATIENCE = 30.0
"""Seconds, on a machine that does much else."""


async def until(pilot: Pilot[Any], condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    await until_of(pilot, condition, seconds)


@pytest.fixture(autouse=True)
def stable(monkeypatch: pytest.MonkeyPatch) -> None:
    all_steps(monkeypatch)


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    """Sixty rows, and a model whose tokenizer is not at hand."""
    rows = tmp_path / "rows.jsonl"
    lines = [{"question": f"w{n * 7919} hello there {n}", "answer": f"q{n % 3}"} for n in range(60)]
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return Draft().changed(data=rows, task="Sort the messages", model="org/not-fetched")


@dataclass
class Launches:
    """Stands in for starting a process: notes the plan, makes the run directory."""

    folder: Path
    plans: list[tuple[Plan, Path | None, str]] = field(default_factory=list)
    refuse: Fault | None = None

    def __call__(self, plan: Plan, out: Path | None = None, *, until: str = "") -> RunDirectory:
        if self.refuse is not None:
            raise self.refuse
        self.plans.append((plan, out, until))
        return create_run(plan, self.folder / "launched")


@pytest.fixture
def launches(tmp_path: Path) -> Launches:
    return Launches(tmp_path)


def app_of(
    *,
    draft: Draft | None = None,
    run: RunDirectory | None = None,
    doors: Doors | None = None,
    launch: Any = None,
) -> AdvisorApp:
    services: Services = replace((doors or Doors()).services(), runs=Path("no-such-folder"))
    if launch is not None:
        services = replace(services, launch=launch)
    return AdvisorApp(services, draft=draft, run=run.path if run else None, step="options")


def step_of(app: AdvisorApp) -> OptionsStep:
    screen = next(screen for screen in app.screen_stack if isinstance(screen, WalkScreen))
    assert isinstance(screen.step, OptionsStep)
    return screen.step


def draft_of(app: AdvisorApp) -> Draft:
    return step_of(app).state.draft


def shows(app: AdvisorApp, *texts: str) -> Callable[[], bool]:
    return lambda: all(text in " ".join(screen_text(app).split()) for text in texts)


async def watched(pilot: Pilot[Any]) -> None:
    """Wait until the run is read and shown."""
    app = pilot.app
    assert isinstance(app, AdvisorApp)
    await until(pilot, lambda: isinstance(app.screen, WalkScreen) and app.screen.step is not None)
    await until(pilot, lambda: step_of(app).state.run is not None)
    await pilot.pause()


# Before anything is asked --------------------------------------------------------------------------------------------


async def test_the_forecast_is_there_before_anything_is_asked(draft):
    app = app_of(draft=draft)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, shows(app, "In all 30–42 calls"))

        assert shows(app, "plain prompt 18 calls", "better instruction 6 calls", "+12 if it is the best")()
        assert shows(
            app, "the speed is measured first", "cost: none, it runs on this machine", "6 dev rows choose"
        )()
        assert shows(app, "linear classifier no calls", "[–] your own prompt left out until you add it (p)")()


async def test_at_an_endpoint_calls_are_not_said_to_be_free(draft):
    app = app_of(draft=draft.changed(endpoint="http://127.0.0.1:9/v1", endpoint_model="m"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, shows(app, "In all 30–42 calls", "cost: no price given"))


async def test_a_rung_that_is_left_out_is_not_forecast(draft):
    app = app_of(draft=draft)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, shows(app, "In all 30–42 calls"))

        # when the cursor goes to the prompt with examples and it is left out
        await pilot.press("down", "down", "down", "down", "space")

        await until(pilot, shows(app, "[ ] prompt with examples", "In all 24–36 calls"))
        assert draft_of(app).get("rungs") == RUNGS[:-1]
        # and taken again with enter
        await pilot.press("enter")
        await until(pilot, shows(app, "[x] prompt with examples", "In all 30–42 calls"))
        assert draft_of(app).get("rungs") == RUNGS


async def test_without_any_rung_there_is_nothing_to_measure(draft):
    app = app_of(draft=draft.changed(rungs=("zero_shot",)))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, shows(app, "In all 18 calls"))

        await pilot.press("down", "space")

        await until(pilot, shows(app, "Before anything can be measured", "--rungs"))


async def test_a_price_gives_a_cost_and_a_slip_is_told(draft):
    app = app_of(draft=draft)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, shows(app, "In all 30–42 calls"))
        step = step_of(app)
        step.query_one("#price-read", Input).focus()

        await pilot.press(*"x")
        await until(pilot, shows(app, "✗ two numbers"))
        assert draft_of(app).get("price") is None

        await pilot.press("backspace", *"1000", "tab", *"2000")
        await until(pilot, lambda: draft_of(app).get("price") == (1000.0, 2000.0))
        assert "✗" not in screen_text(app)
        # 192 prompt and 36 answer tokens of the plain prompt
        await until(pilot, shows(app, "cost 0.26", "cost 0.98–2.02"))


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0.00"), (12.345, "12.35"), (0.5, "0.50"), (0.000049, "0.000049"), (1234.5, "1,234.50")],
)
def test_small_amounts_keep_two_digits(amount, text):
    assert money(amount) == text


async def test_a_price_that_was_given_stands_in_its_fields(draft):
    app = app_of(draft=draft.changed(price=(0.15, 0.6)))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.screen.query("#price-read"))
        await until(pilot, lambda: step_of(app).query_one("#price-read", Input).value == "0.15")

        assert step_of(app).query_one("#price-written", Input).value == "0.6"


async def test_without_rows_it_says_what_is_missing_and_starts_nothing(launches):
    app = app_of(draft=Draft(), launch=launches)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, shows(app, "Before anything can be measured", "No rows yet"))

        await pilot.press("m")

        await until(pilot, lambda: isinstance(app.screen, Explain))
        assert launches.plans == []


async def test_rows_that_cannot_be_used_are_told_here_already(draft, tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"question": "q", "answer": "a"}\n{oops\n')
    app = app_of(draft=draft.changed(data=bad))
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, shows(app, "bad.jsonl:2"))
        # when the file is mended, the forecast comes by itself
        bad.write_text((tmp_path / "rows.jsonl").read_text())
        step = step_of(app)
        step.show(step.state)
        await until(pilot, shows(app, "In all 30–42 calls"))


# Starting -------------------------------------------------------------------------------------------------------------


async def test_m_starts_the_plan_and_watches_the_run(draft, launches):
    app = app_of(draft=draft, launch=launches)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, shows(app, "press m"))

        await pilot.press("m")
        await until(pilot, lambda: step_of(app).state.run_path is not None)

        ((plan, out, last),) = launches.plans
        assert (plan, out, last) == (draft.plan(), None, "forecast")
        assert step_of(app).state.run_path == (launches.folder / "launched").resolve()
        await until(pilot, shows(app, "The run is starting."))


async def test_a_start_that_is_refused_can_be_tried_again(draft, launches):
    launches.refuse = Fault(
        "cannot be made: Read-only file system", where="runs", fix="Choose another --out."
    )
    app = app_of(draft=draft, launch=launches)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, shows(app, "press m"))
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, Explain))
        assert shows(app, "Read-only file system", "Choose another --out.")()

        launches.refuse = None
        await pilot.press("escape", "m")

        await until(pilot, lambda: bool(launches.plans))


async def test_a_run_of_its_own_goes_from_here_to_its_verdict(draft, tmp_path, monkeypatch):
    from advisor.launching import launch

    monkeypatch.chdir(tmp_path)
    app = app_of(draft=draft.changed(rungs=("classifier",), no_train=True), launch=launch)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, shows(app, "press m"))

        await pilot.press("m")

        await until(pilot, shows(app, "The cheap options are measured.", "★ linear classifier"), seconds=90)
        (run,) = (tmp_path / "runs").iterdir()
        assert json.loads((run / "verdict.json").read_text())["outcome"]


# While it is measured ------------------------------------------------------------------------------------------------


@pytest.fixture
def live(tmp_path: Path):
    """A run whose ladder is being measured by a living process."""
    run = a_run(tmp_path, measuring())
    with hold(run.path / "lock"):
        yield run


async def test_the_table_fills_in_as_the_run_tells(live):
    app = app_of(run=live)
    async with app.run_test(size=SIZE) as pilot:
        await watched(pilot)
        await until(pilot, shows(app, "Now the cheap options are measured."))
        assert shows(app, "plain prompt 0.20 [0.12, 0.32]", "60 of 200 dev")()
        assert "your own prompt" not in screen_text(app)
        assert "█" in screen_text(app)
        assert shows(app, "30%", "180 / 600", "3.0 a second", "2 min 43 s left")() or shows(app, "left")()

        # when more is answered
        writer = EventWriter(live.events_file)
        for event in (
            scored("zero_shot", "dev", 160, DEV),
            Progress(time=NOW + 80, task="generate", done=400, total=600),
        ):
            writer(event)
        writer.close()

        await until(pilot, shows(app, "plain prompt 0.20 [0.15, 0.27]", "160 of 200 dev", "400 / 600"))


async def test_a_stage_that_counts_nothing_shows_for_how_long_it_has_been_at_it(tmp_path):
    # given a run that measures the machine, of which nothing is heard meanwhile
    run = a_run(tmp_path, [RunStarted(time=NOW, pid=1), StageStarted(time=NOW + 5, stage="measure")])
    with hold(run.path / "lock"):
        app, now = app_of(run=run), NOW + 47
        app.services = replace(app.services, now=lambda: now)
        async with app.run_test(size=SIZE) as pilot:
            await watched(pilot)
            await until(pilot, shows(app, "Now the speed of this machine is measured.", "for 42 s"))
            # when a minute goes by, then the clock has gone on
            now += 60
            await until(pilot, shows(app, "for 1 min 42 s"))


async def test_answers_are_those_of_the_rung_that_is_looked_at_and_hostile_ones_are_harmless(live):
    app = app_of(run=live)
    async with app.run_test(size=SIZE) as pilot:
        await watched(pilot)
        await until(pilot, shows(app, "Sample answers on dev"))
        assert shows(app, "✓ right delivery", "✗ wrong 카드 배송", "(nothing)", "�[31m[bold]")()

        await pilot.press("up")  # the classifier has told no answers

        await until(pilot, lambda: "Sample answers" not in screen_text(app))
        await pilot.press("v")
        await pilot.pause()
        assert isinstance(app.screen, WalkScreen)


async def test_the_prompt_is_shown_whole_as_it_lies_in_the_run(live):
    (live.path / "baselines").mkdir()
    prompt = [
        {"role": "system", "content": "Route it."},
        {"role": "user", "content": "x" * 5_000 + "THE END"},
    ]
    line = {"id": "r1", "prompt": prompt, "reference": "delivery", "prediction": "delivery", "scores": {}}
    (live.path / "baselines" / "zero_shot.dev.jsonl").write_text(json.dumps(line) + "\n")
    app = app_of(run=live)
    async with app.run_test(size=SIZE) as pilot:
        await watched(pilot)
        await until(pilot, shows(app, "Sample answers on dev"))

        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, Explain))
        await until(pilot, shows(app, "plain prompt, dev row r1", "Route it."))
        await pilot.press("end")
        await until(pilot, shows(app, "THE END", "Wanted"))

        # and of the answer that is chosen in the list
        await pilot.press("escape")
        step_of(app).query_one("#answers", OptionList).focus()
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, Explain))
        await until(pilot, shows(app, "dev row r2", "내 카드가 아직 오지 않았어요"))


async def test_stopping_asks_the_run_once_and_loses_nothing(live):
    doors = Doors()
    app = app_of(run=live, doors=doors)
    async with app.run_test(size=SIZE) as pilot:
        await watched(pilot)
        await until(pilot, shows(app, "s Stop here"))

        await pilot.press("s")
        await until(pilot, lambda: bool(doors.asked_to_stop))

        assert doors.asked_to_stop == [live.path]
        # the run has been asked: it cannot be asked again
        live.stop_file.touch()
        await until(pilot, shows(app, "The run saves what it has and stops."))
        await pilot.press("s")
        await pilot.pause(0.1)
        assert doors.asked_to_stop == [live.path]


async def test_it_can_be_left_running(live):
    app = app_of(run=live)
    async with app.run_test(size=SIZE) as pilot:
        await watched(pilot)
        await until(pilot, lambda: step_of(app).state.run.is_live)
        await pilot.press("d")
        await pilot.pause()
    assert app.return_value == f"The run goes on. Watch it again: advisor attach {live.path}"


# Where it ended too early ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "says"),
    [
        ([], "The run ended without a word."),
        ([ended("stopped")], "Stopped. Every answer so far is kept"),
        (
            [
                ended(
                    "failed",
                    what="cannot be written: No space left on device",
                    where="/runs/one",
                    fix="Free some space.",
                    code=5,
                )
            ],
            "No space left on device /runs/one What to do: Free some space.",
        ),
    ],
    ids=["killed", "stopped", "disk full"],
)
async def test_what_ended_too_early_says_so_and_goes_on(last, says, tmp_path):
    run, doors = a_run(tmp_path, [*measuring(), *last]), Doors()
    app = app_of(run=run, doors=doors)
    async with app.run_test(size=SIZE) as pilot:
        await watched(pilot)
        await until(pilot, shows(app, says, "c goes on."))
        assert shows(app, "plain prompt 0.20")()

        await pilot.press("c")
        await until(pilot, lambda: bool(doors.relaunched))

        assert doors.relaunched == [(run.path, {}, "")]
        assert doors.until == ["forecast"]


async def test_going_on_that_is_refused_is_told(tmp_path):
    run = a_run(tmp_path, [*measuring(), ended("stopped")])
    doors = Doors(refuse=Fault("another advisor works on this run (process 7)", where=str(run.path)))
    app = app_of(run=run, doors=doors)
    async with app.run_test(size=SIZE) as pilot:
        await watched(pilot)
        await until(pilot, shows(app, "c goes on."))
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, Explain))
        assert shows(app, "another advisor works on this run")()
        await pilot.press("escape")
        await until(pilot, shows(app, "c Go on"))


@dataclass
class Watching:
    """A watch that shows one state."""

    state: RunState

    def poll(self) -> RunState:
        return self.state


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"is_writable": False}, "! The run directory cannot be written: what is done from now on is lost."),
        ({"disk_free": 9 * 2**20}, "9 MiB are free"),
    ],
)
async def test_a_folder_or_disk_that_cannot_take_more_is_told_while_it_goes_on(changes, says, live):
    from advisor.watching import RunWatch

    state = replace(RunWatch(live.path).poll(), **changes)
    app = app_of(run=live)
    app.services = replace(app.services, watch=lambda path: Watching(state))
    async with app.run_test(size=SIZE) as pilot:
        await watched(pilot)
        await until(pilot, shows(app, says))


# The person's own prompt ------------------------------------------------------------------------------------------------


async def test_a_prompt_from_a_file_is_an_option_of_its_own(draft, tmp_path):
    prompt = tmp_path / "today.txt"
    prompt.write_text("Name the queue of this message.")
    app = app_of(draft=draft.changed(rungs=("zero_shot",)))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, shows(app, "In all 18 calls"))
        await pilot.press("p", "f")
        await until(pilot, lambda: isinstance(app.screen, AskText))
        # a file that is none is told, and asked for again
        app.screen.query_one(Input).value = str(tmp_path / "absent.txt")
        await pilot.press("enter")
        await until(pilot, shows(app, "the prompt cannot be read"))
        app.screen.query_one(Input).value = str(prompt)
        await pilot.press("enter")

        await until(pilot, shows(app, "[x] your own prompt 6 calls"))
        assert draft_of(app).get("prompt_file") == prompt
        assert draft_of(app).get("rungs") == ("zero_shot", "prompt_file")

        # and can be taken away
        await pilot.press("p", "r")
        await until(pilot, lambda: draft_of(app).get("prompt_file") is None)


async def test_a_typed_prompt_is_saved_and_overwrites_nothing(draft, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prompt.txt").write_text("mine")
    app = app_of(draft=draft)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, shows(app, "In all"))
        await pilot.press("p", "t")
        await until(pilot, lambda: isinstance(app.screen, TypedPrompt))
        await pilot.press("ctrl+s")
        await until(pilot, shows(app, "✗ the prompt is empty"))
        app.screen.query_one(TextArea).text = "Sort it.\nBe brief."
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, AskText))

        # when it would take the place of a file
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Explain))
        assert (tmp_path / "prompt.txt").read_text() == "mine"
        assert draft_of(app).get("prompt_file") is None

        # when it has a name of its own
        await pilot.press("escape", "p", "t")
        await until(pilot, lambda: isinstance(app.screen, TypedPrompt))
        app.screen.query_one(TextArea).text = "Sort it.\nBe brief."
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, AskText))
        app.screen.query_one(Input).value = "mine.txt"
        await pilot.press("enter")
        await until(pilot, lambda: draft_of(app).get("prompt_file") == Path("mine.txt"))
        assert (tmp_path / "mine.txt").read_text() == "Sort it.\nBe brief.\n"


async def test_what_is_added_to_a_measured_ladder_is_measured_and_the_rest_kept(tmp_path):
    run, doors = decided(tmp_path), Doors()
    prompt = tmp_path / "today.txt"
    prompt.write_text("Name the queue.")
    app = app_of(run=run, doors=doors)
    async with app.run_test(size=SIZE) as pilot:
        await watched(pilot)
        await until(
            pilot, shows(app, "The cheap options are measured.", "★ prompt with examples 0.60 [0.53, 0.67]")
        )
        assert "m Measure" not in screen_text(app)
        await pilot.press("p", "f")
        await until(pilot, lambda: isinstance(app.screen, AskText))
        app.screen.query_one(Input).value = str(prompt)
        await pilot.press("enter")
        await until(pilot, shows(app, "m measures what was added"))
        assert isinstance(app.screen, WalkScreen)

        await pilot.press("m")
        await until(pilot, lambda: bool(doors.relaunched))

        assert doors.relaunched == [(run.path, {"prompt_file": prompt}, "")]
        assert doors.until == ["forecast"]


async def test_a_file_of_data_named_as_the_prompt_is_refused_while_keys_are_answered(
    draft, tmp_path, monkeypatch
):
    read, may_end = own_prompt.read_prompt, threading.Event()
    monkeypatch.setattr(own_prompt, "read_prompt", lambda path: (may_end.wait(10), read(path))[1])
    file = tmp_path / "rows.bin"
    with file.open("wb") as made:
        made.truncate(8 * 2**30)
    app = app_of(draft=draft)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, shows(app, "In all"))
        await pilot.press("p", "f")
        await until(pilot, lambda: isinstance(app.screen, AskText))
        app.screen.query_one(Input).value = str(file)
        # when it is taken, and the disk is slow
        await pilot.press("enter", "end", "x")
        # then keys are answered meanwhile
        assert app.screen.query_one(Input).value == f"{file}x"
        may_end.set()
        await until(pilot, shows(app, "is longer than a prompt can be"))
        assert isinstance(app.screen, AskText)


async def test_e_shows_the_choice_and_the_ladder_in_turn(tmp_path):
    app = app_of(run=decided(tmp_path))
    async with app.run_test(size=SIZE) as pilot:
        await watched(pilot)
        await until(pilot, shows(app, "★ prompt with examples"))
        await pilot.press("e")
        await until(pilot, shows(app, "[x] plain prompt"))
        # the price is fixed once a run has begun
        assert not step_of(app).query_one("#price").display
        await pilot.press("e")
        await until(pilot, shows(app, "★ prompt with examples 0.60"))


async def test_a_long_model_name_and_task_do_not_break_the_layout(draft):
    app = app_of(draft=draft.changed(task=LONG, model="org/" + "m" * 200))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, shows(app, "In all"))
        assert not too_wide(app)


async def test_a_million_rows_are_counted_while_keys_are_answered(draft, tmp_path):
    rows = tmp_path / "many.jsonl"
    block = "".join(json.dumps({"question": f"w{n}", "answer": f"q{n % 3}"}) + "\n" for n in range(10_000))
    with rows.open("w") as file:
        for _ in range(100):
            file.write(block)
    app = app_of(draft=draft.changed(data=rows))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, shows(app, "Calls and tokens are counted."))
        await pilot.press("down", "down", "space")
        await until(pilot, shows(app, "[ ] better instruction"))

        # the counting, which takes seconds, goes on; leaving ends it
        assert shows(app, "Calls and tokens are counted.")()
        left = time.monotonic()
    assert time.monotonic() - left < 10


# Looks ----------------------------------------------------------------------------------------------------------------


def test_the_choice_looks(draft, as_pictured):
    app = app_of(draft=draft.changed(price=(0.15, 0.6)))

    async def show(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "–42" in screen_text(app))

    assert as_pictured(app, show)


def test_the_ladder_looks(tmp_path, as_pictured):
    run = a_run(tmp_path, measuring())
    app = app_of(run=run)
    app.services = replace(app.services, now=lambda: NOW + 70)

    async def show(pilot: Pilot[Any]) -> None:
        await watched(pilot)
        await until(pilot, lambda: "180 / 600" in screen_text(app))

    with hold(run.path / "lock"):
        assert as_pictured(app, show)
