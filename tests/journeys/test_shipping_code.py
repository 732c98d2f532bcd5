"""The code that a run hands out gives the answers that the run was judged by."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from journey_tools import Outcome

from advisor.predictions import read_predictions
from advisor.shipping import read_shipment
from advisor.side_by_side import read_side_by_side

_ASK_ALL = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("answers", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(json.dumps([module.answer(turns) for turns in json.loads(sys.stdin.read())]))
"""


def test_the_code_of_every_offer_answers_as_measured(whole_run: tuple[Path, Outcome], tmp_path: Path) -> None:
    # given a finished run with its adapter and the classifier that it is compared with
    run, _ = whole_run
    offers = {offer.system: offer for offer in read_shipment(run).offers}
    assert {offer.kind for offer in offers.values()} == {"adapter", "classifier"}
    for system, offer in offers.items():
        # when the code is asked the test rows as they stand in the file
        measured = read_predictions(run / "evaluation" / f"{system}.test.jsonl")[:12]
        rows = {row["id"]: row for row in map(json.loads, (run / "splits/test.jsonl").open(encoding="utf-8"))}
        turns = [rows[one.id]["messages"] for one in measured]
        file = tmp_path / f"{system}.py"
        file.write_text(offer.code, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", _ASK_ALL, str(file)],
            input=json.dumps(turns),
            capture_output=True,
            text=True,
            check=False,
        )
        # then it answers the same, word by word
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[-1]) == [one.prediction for one in measured]


def test_rows_side_by_side_are_counted_as_in_the_report(whole_run: tuple[Path, Outcome]) -> None:
    run, outcome = whole_run
    comparison = outcome.json()["comparison"]

    found = read_side_by_side(run)

    assert found.counts() == {kind: comparison[kind] for kind in found.counts()}
    assert len(found.rows) == comparison["n"]
