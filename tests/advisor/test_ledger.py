"""The ledger counts every tuned model that was tried on the same rows, in this run and beside it."""

from __future__ import annotations

from pathlib import Path

from advisor.ledger import looks, looks_note, scoring
from advisor.predictions import Prediction, note_in_ledger


def answers(text: str, *, rows: int = 4, name: str = "t") -> list[Prediction]:
    return [
        Prediction(id=f"{name}{at}", prompt=[], reference="x", prediction=text, scores={})
        for at in range(rows)
    ]


def note(run: Path, system: str, predictions: list[Prediction]) -> str:
    run.mkdir(exist_ok=True)
    entry = scoring(system, predictions)
    note_in_ledger(run / "ledger.jsonl", entry)
    return str(entry["rows"])


def test_a_scoring_names_rows_and_answers():
    entry = scoring("tuned", answers("y"))

    assert (entry["system"], entry["split"], entry["n"]) == ("tuned", "test", 4)
    assert entry == scoring("tuned", answers("y")[::-1])
    assert entry["rows"] == scoring("tuned", answers("z"))["rows"]
    assert entry["answers"] != scoring("tuned", answers("z"))["answers"]
    assert entry["rows"] != scoring("tuned", answers("y", name="u"))["rows"]


def test_every_other_tuned_model_on_these_rows_is_a_look(tmp_path: Path):
    rows = note(tmp_path / "one", "tuned", answers("y"))
    note(tmp_path / "one", "few_shot", answers("cheap"))
    assert looks(tmp_path / "one", rows) == 1

    note(tmp_path / "two", "tuned", answers("z"))
    note(tmp_path / "three", "tuned", answers("other rows", name="u"))

    assert looks(tmp_path / "one", rows) == 2


def test_the_same_answers_again_are_no_new_look(tmp_path: Path):
    rows = note(tmp_path / "one", "tuned", answers("y"))
    note(tmp_path / "one", "tuned", answers("y"))

    assert looks(tmp_path / "one", rows) == 1
    assert len((tmp_path / "one/ledger.jsonl").read_text().splitlines()) == 1


def test_a_new_adapter_in_the_same_run_is_one(tmp_path: Path):
    rows = note(tmp_path / "one", "tuned", answers("y"))
    note(tmp_path / "one", "tuned", answers("trained again"))

    assert looks(tmp_path / "one", rows) == 2


def test_an_old_ledger_without_digests_is_passed_over(tmp_path: Path):
    rows = note(tmp_path / "one", "tuned", answers("y"))
    note_in_ledger(tmp_path / "one/ledger.jsonl", {"system": "tuned", "split": "test", "n": 4})

    assert looks(tmp_path / "one", rows) == 1


def test_only_more_than_one_look_is_worth_a_word():
    assert looks_note(1) == ""
    assert "8 to 10%" in looks_note(2)
    assert "14 to 23%" in looks_note(5)
