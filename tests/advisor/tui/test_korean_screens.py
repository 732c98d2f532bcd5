"""Every step in Korean over runs of every kind: no English sentence is left on the screen.

The runs hold real sentences of the core: those that a template does not know would be seen here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ladder_runs
import pytest
import training_runs
from desk_rows import rows, write
from english_left import english_in
from ladder_runs import a_run as ladder_run
from ladder_runs import decided, ended, measuring, outcomes, verdict_of
from made_runs import make_run, shipping
from textual.pilot import Pilot
from textual.widgets import OptionList
from training_runs import FORECAST, MEASUREMENT, NOW, a_run, done, failed, paused, screen_text, stopped
from training_runs import training as training_events

from advisor.draft import Draft
from advisor.proposals import propose_metric
from advisor.report.advice import advice
from advisor.report.model import Report
from advisor.texts import use_language
from advisor.tui.app import AdvisorApp
from advisor.tui.dialogs import tell_fault
from advisor.tui.home.comparing import CompareScreen
from advisor.tui.services import Services
from advisor.tui.steps import ALL_STEPS
from advisor.tui.steps.results.rows import RowsScreen
from advisor.tui.steps.verdict import words as verdict_words
from advisor.tui.walk import WalkScreen
from advisor.two_runs import put_side_by_side
from rubrics.errors import Fault
from trainer.events import (
    Event,
    JobStarted,
    Logged,
    Metric,
    RunEnded,
    RunStarted,
    StageFinished,
    StageStarted,
    Warned,
)

pytestmark = pytest.mark.unmeasured

SIZE = (200, 90)
_ENDLESS = ("follow", "look")
"""Work that goes on as long as the screen."""
OWN = (
    "Route the message to its queue",
    "Route the message",
    "Answer with one queue",
    "Where is my parcel?",
    "My parcel is broken",
    "the boss wants it",
)
"""What a person or a model wrote."""


@pytest.fixture(autouse=True)
def korean(english: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (ladder_runs, training_runs):
        monkeypatch.setattr(module, "LONG", "어떤 화면보다도 긴 라벨 " * 9)
    use_language("ko")


# What stands on a screen --------------------------------------------------------------------------------------------


async def settled(pilot: Pilot[Any]) -> str:
    """The text of the screen, cut lists included, once nothing is worked at and it stays the same."""
    before, same = "", 0
    for _ in range(200):
        await asyncio.sleep(0.15)
        if any(worker.is_running and worker.group not in _ENDLESS for worker in pilot.app.workers):
            continue
        text = everything(pilot.app)
        same = same + 1 if text == before else 0
        before = text
        if same == 2:
            break
    return before


def everything(app: Any) -> str:
    """What is drawn, and the options of lists that are higher than their place."""
    options = (option.prompt for listed in app.screen.query(OptionList) for option in listed.options)
    return "\n".join([screen_text(app), *map(str, options)])


async def english_on(app: AdvisorApp, *steps: str, own: Sequence[str] = ()) -> dict[str, list[str]]:
    """The English lines of these steps; of those with none nothing."""
    keys = [entry.key for entry in ALL_STEPS]
    found: dict[str, list[str]] = {}
    async with app.run_test(size=SIZE) as pilot:
        for step in steps:
            walk = pilot.app.screen
            assert isinstance(walk, WalkScreen)
            walk.action_step(keys.index(step) + 1)
            left = english_in(await settled(pilot), (*OWN, *own))
            if left:
                found[step] = left
    return found


def application(run: Path | None = None, step: str = "task", **fields: Any) -> AdvisorApp:
    draft = Draft().changed(**fields) if run is None else None
    return AdvisorApp(Services(now=lambda: NOW), draft=draft, run=run, step=step)


# Before a run -------------------------------------------------------------------------------------------------------


async def test_steps_without_a_run_and_with_mistakes(tmp_path: Path) -> None:
    mistaken = {
        "data": tmp_path / "absent.jsonl",
        "dev": tmp_path / "absent too.jsonl",
        "metric": "schema_validity",
        "target": 7.0,
        "endpoint": "http://localhost:9",
        "epochs": -1.0,
        "rank": 0,
        "precision": "half",
        "guard_margin": 0.1,
        "guard": "none",
        "learning_curve": True,
        "no_train": True,
    }

    assert await english_on(application(), *(entry.key for entry in ALL_STEPS)) == {}
    assert await english_on(application(**mistaken), "task", "data", "options", "plan") == {}


async def test_rows_with_faults(tmp_path: Path) -> None:
    data = write(tmp_path / "desk.jsonl", rows())

    left = await english_on(
        application(data=data), "task", "suitability", "data", "options", own=_texts(rows())
    )

    assert left == {}


async def test_rows_that_cannot_be_read(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"question": "q", "answer": "a"}\n{oops\n{"question": 3}\n' * 9, encoding="utf-8")
    lacking = Draft().changed(data=broken, prompt_file=tmp_path / "absent.txt", rungs=("prompt_file",))

    app = AdvisorApp(Services(now=lambda: NOW), draft=lacking, step="task")

    assert await english_on(app, "task", "suitability", "data", "options") == {}


def _texts(made: Sequence[dict[str, Any]]) -> list[str]:
    return [text for row in made for text in (row["question"], row["question"][:40]) if text]


# A ladder -----------------------------------------------------------------------------------------------------------


async def test_a_ladder_with_its_verdict(tmp_path: Path) -> None:
    run = decided(tmp_path)

    assert await english_on(application(run.path), "options", "verdict", "plan", "training", "results") == {}


async def test_a_ladder_on_its_way_and_one_that_failed(tmp_path: Path) -> None:
    fault = {
        "what": "3 things are wrong with the plan",
        "fix": "See `advisor run --help`.",
        "problems": ["--rank: Input should be greater than 0", "--endpoint and --endpoint-model go together"],
    }
    runs = {
        "measuring": measuring(),
        "failed": [*measuring(), ended("failed", code=2, **fault)],
        "stopped": [*measuring(), ended("stopped")],
    }
    for name, events in runs.items():
        (tmp_path / name).mkdir()
        run = ladder_run(tmp_path / name, events)
        assert await english_on(application(run.path), "options") == {}, name


@pytest.mark.parametrize("outcome", sorted(outcomes()))
def test_every_verdict(outcome: str) -> None:
    verdict = verdict_of(outcomes()[outcome])

    texts = [
        verdict_words.headline(verdict),
        verdict_words.meaning(verdict),
        verdict_words.what_now(verdict, ""),
        verdict_words.listed("", verdict["reasons"]),
        verdict_words.facts(verdict, 120),
        verdict_words.flips(verdict["flip"]),
        verdict_words.rules(verdict),
    ]

    assert english_in("\n".join(text.plain for text in texts)) == []


# A training ---------------------------------------------------------------------------------------------------------


SUMMARIES = {
    "assess": "suited (score +3, 2 of 10 questions open)",
    "inspect": "1,500 rows, 2 errors, 1 warning",
    "split": "train 1,050, dev 150, test 300, 2 test rows left out of the score (in train)",
    "measure": "cpu, bf16: reading 900, writing 30, training 1,200 tokens/s",
    "budget": "40 of 150 dev rows choose among the rungs (time limit)",
    "forecast": "lora, 4,884,480 trainable parameters, 3.0 GiB predicted, 3.5 GiB measured, 13.0 min for 1,050 rows "
    "x 3 epochs",
    "train": "400 steps, 3 epochs, best at step 120, stopped early",
    "evaluate": "loss 2.500 -> 0.310, next-token accuracy 0.400 -> 0.910 over 900 tokens",
    "compare": "SHIP_TUNED: +0.300 [+0.200, +0.400], p = 1e-07, n = 300",
}
SAID = (
    Warned(time=NOW, message="3 rows of desk.jsonl stand in the data too: they show no forgetting"),
    Logged(
        time=NOW,
        message=f"the metric is exact_match (proposed: {propose_metric(['a', 'b'] * 40).reason})",
    ),
    Logged(time=NOW, message="another training is asked for: the former one lies in training.1"),
)


def overfitted(events: Sequence[tuple[str, Event]]) -> list[tuple[str, Event]]:
    """The events of a training with what the core says meanwhile, and dev loss that rises: a finding."""
    kept = [one for one in events if not isinstance(one[1], Warned | Logged)]
    begun = next(at for at, (_job, event) in enumerate(kept) if isinstance(event, JobStarted))
    said: list[tuple[str, Event]] = [
        ("", StageFinished(time=NOW, stage=stage, seconds=1, summary=summary))
        for stage, summary in SUMMARIES.items()
    ]
    said += [("", event) for event in SAID]
    said.append(("training", Logged(time=NOW, message="going on from checkpoint-120")))
    return [*kept[: begun + 1], *said, *(_rising(one) for one in kept[begun + 1 :])]


def _rising(one: tuple[str, Event]) -> tuple[str, Event]:
    job, event = one
    if isinstance(event, Metric) and "eval_loss" in event.values:
        values = {**event.values, "eval_loss": 0.5 + event.step / 100}
        return job, event.model_copy(update={"values": values})
    if isinstance(event, StageFinished) and event.stage in SUMMARIES:
        return job, event.model_copy(update={"summary": SUMMARIES[event.stage]})
    return one


NOTES = {
    **FORECAST,
    "notes": [
        *FORECAST["notes"],
        "learning curve: 2 more trainings of 200 steps on 25 and 50% of the rows, about 3.0 min",
    ],
    "reductions": ["40 of 200 dev rows choose among the rungs (time limit)"],
}
FAILED = RunEnded(
    time=NOW + 301,
    outcome="failed",
    code=5,
    what="cannot be written: No space left on device",
    where="/runs/one/training/checkpoints",
    fix="Free some space or make the folder writable, then `advisor resume` the run.",
    problems=["rows.jsonl:3: question: expected text, found a number"] * 6,
)
TRAININGS: dict[str, Callable[[], list[tuple[str, Event]]]] = {
    "going on": training_events,
    "done": done,
    "stopped": stopped,
    "failed": lambda: [*failed()[:-1], ("", FAILED)],
    "paused": paused,
}


@pytest.mark.parametrize("kind", sorted(TRAININGS))
async def test_a_training(tmp_path: Path, kind: str) -> None:
    events = TRAININGS[kind]()
    run = a_run(
        tmp_path,
        overfitted(events) if kind != "paused" else events,
        artefacts={"forecast": NOTES, "measurement": MEASUREMENT},
    )

    steps = ("training", "plan") if kind in ("going on", "paused") else ("training",)

    assert await english_on(application(run.path, "training"), *steps) == {}


async def test_nothing_was_trained_since_it_was_advised_against(tmp_path: Path) -> None:
    against = {"verdict": verdict_of(outcomes()["PROMPT_IS_ENOUGH"])}
    finished = [
        ("", RunStarted(time=NOW, pid=7)),
        ("", StageStarted(time=NOW, stage="report")),
        ("", StageFinished(time=NOW, stage="report", seconds=1, summary="")),
        ("", RunEnded(time=NOW, outcome="done")),
    ]
    run = a_run(tmp_path, finished, artefacts=against)
    app = application(run.path, "training")

    async with app.run_test(size=SIZE) as pilot:
        text = await settled(pilot)

    assert "값싼 방법으로 충분합니다" in text
    assert "PROMPT_IS_ENOUGH" not in text
    assert english_in(text, OWN) == []


async def test_settings_that_cannot_be_are_told(tmp_path: Path) -> None:
    run = a_run(tmp_path, paused(), artefacts={"forecast": NOTES})
    app = application(run.path, "plan")
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        app.screen.step.action_settings()
        app.screen.step.change(epochs=-1.0, batch_size=0, max_minutes=-3.0, precision="half")
        left = english_in(await settled(pilot), OWN)

    assert left == []


# Results ------------------------------------------------------------------------------------------------------------


def core_report(make_report: Callable[..., Report]) -> Report:
    """A report whose sentences the core composed."""
    verdict = verdict_of(outcomes()["FINE_TUNE"])
    plain = make_report(verdict=verdict)
    finding = {**plain.data.findings[0].model_dump(), "message": "2 rows repeat another one", "fix": ""}
    return make_report(
        verdict=verdict,
        data={**plain.data.model_dump(), "findings": [finding]},
        advice=advice(plain),
    )


async def test_results_rows_and_what_can_be_shipped(
    tmp_path: Path, make_report: Callable[..., Report]
) -> None:
    run = make_run(tmp_path / "desk", shipping(), report=core_report(make_report))
    app = application(run, "results")

    # A run that was made by hand has no model to be shipped: a fault, which is told.
    assert await english_on(app, "results", "training") == {}
    async with application(run, "ship").run_test(size=SIZE) as pilot:
        assert english_in(await settled(pilot), OWN) == []


async def test_rows_one_by_one(tmp_path: Path) -> None:
    run = make_run(tmp_path / "desk", shipping())
    app = application(run, "results")
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        app.push_screen(RowsScreen(run))
        left = english_in(await settled(pilot), (*OWN, "has not come, where is it?"))

    assert left == []


async def test_two_runs_side_by_side(tmp_path: Path, make_report: Callable[..., Report]) -> None:
    report = core_report(make_report)
    runs = [make_run(tmp_path / name, shipping(), report=report) for name in ("a", "b")]
    app = application()
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(CompareScreen(*runs, put_side_by_side(*runs)))
        text = await settled(pilot)

    assert english_in(text, OWN) == []


# Dialogs ------------------------------------------------------------------------------------------------------------


async def test_a_fault_is_told_with_all_its_parts() -> None:
    problems = ["--rank: Input should be greater than 0"] + [
        f"rows.jsonl:{line}: question: expected text, found a number" for line in range(30)
    ]
    fault = Fault("no such file", where="rows.jsonl", fix="Check the path.", problems=problems)
    app = application()
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        tell_fault(app, fault)
        text = await settled(pilot)

    assert "rows.jsonl" in text
    assert "Input should be" not in text
    assert english_in(text) == []
