"""The forecast of a run under a time limit: what is cut, and the limit under which nothing is."""

from __future__ import annotations

import json
import re

from trainer.events import StageFinished


def forecast_of(run) -> dict:
    return json.loads((run.path / "forecast.json").read_text())


def test_a_training_that_is_cut_names_the_limit_that_cuts_nothing(desk):
    run = desk.run(max_minutes=2.0)
    desk.walk(run, until="forecast")

    found = forecast_of(run)
    named = re.search(r"; a limit of about ([\d,]+) min would train all$", found["reductions"][-1])
    assert named, found["reductions"]
    assert "(time limit)" in found["reductions"][-1]
    said = [event for event in desk.heard if isinstance(event, StageFinished) and event.stage == "forecast"]
    assert said[-1].summary.endswith(found["reductions"][-1])

    # when a new run has this limit
    enough = desk.run("enough", max_minutes=float(named[1].replace(",", "")))
    desk.walk(enough, until="forecast")

    assert forecast_of(enough)["reductions"] == []
