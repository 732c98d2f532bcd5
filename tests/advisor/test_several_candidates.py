"""Several candidates against one baseline: none ships by being one of several tries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.comparing import Terms, compare_files, compare_several
from rubrics.errors import ExitCode, Fault
from rubrics.statistics import Interval, simultaneous

N = 200
KEYS = {"p_holm", "low_simultaneous", "high_simultaneous"}


def answers(path: Path, right: set[int]) -> Path:
    rows = ({"id": at, "prediction": "x" if at in right else "y"} for at in range(N))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def references(tmp_path: Path) -> Path:
    path = tmp_path / "r.jsonl"
    path.write_text("".join(json.dumps({"id": at, "answer": "x"}) + "\n" for at in range(N)))
    return path


@pytest.fixture
def present(tmp_path: Path) -> Path:
    return answers(tmp_path / "a.jsonl", set(range(100)))


def candidate(folder: Path, name: str, fixed: int, broken: int) -> Path:
    """A system that fixes and breaks so many rows of the present one."""
    return answers(folder / f"{name}.jsonl", set(range(broken, 100 + fixed)))


def test_a_candidate_that_ships_alone_does_not_ship_among_several(present, references, tmp_path):
    # Given a gain with p = 0.035, and two candidates without any
    lucky = candidate(tmp_path, "lucky", 26, 12)
    others = [candidate(tmp_path, name, 12, 12) for name in ("b", "c")]
    terms = Terms(references)

    alone = compare_files(present, lucky, terms)
    found = compare_several(present, [others[0], lucky, others[1]], terms)["comparisons"]

    assert (alone["outcome"], alone["rule"]) == ("SHIP_TUNED", "T3")
    assert alone["p_value"] == pytest.approx(0.0336, abs=1e-3)
    assert [entry["outcome"] for entry in found] == ["INCONCLUSIVE"] * 3
    assert [entry["tuned"] for entry in found] == [str(others[0]), str(lucky), str(others[1])]
    among = found[1]
    assert among["p_holm"] == pytest.approx(3 * alone["p_value"])
    assert among["low_simultaneous"] <= 0 < alone["low"]
    # Then the comparison itself is as it was, and its reason names the numbers that decided
    assert {name: among[name] for name in ("difference", "low", "high", "p_value", "fixed", "broken")} == {
        name: alone[name] for name in ("difference", "low", "high", "p_value", "fixed", "broken")
    }
    assert "p = 0.1" in among["reason"]
    assert any(note.startswith("One of 3 candidates: ") for note in among["notes"])


def test_a_clear_gain_ships_among_several_and_two_of_them_are_not_ranked(present, references, tmp_path):
    paths = [candidate(tmp_path, name, fixed, 2) for name, fixed in (("b", 40), ("c", 44), ("d", 4))]

    found = compare_several(present, paths, Terms(references))["comparisons"]

    assert [entry["outcome"] for entry in found][:2] == ["SHIP_TUNED"] * 2
    said = [any("2 of 3 candidates ship" in note for note in entry["notes"]) for entry in found]
    assert said == [True, True, False]


def test_a_margin_is_held_against_the_wider_limits(present, references, tmp_path):
    # Given candidates as good as the present system, whose own interval lies just above the margin
    paths = [candidate(tmp_path, name, 10, 10) for name in "bcde"]
    low = compare_files(present, paths[0], Terms(references))["low"]
    terms = Terms(references, min_gain=0.2, margin=-low + 0.001)

    alone = compare_files(present, paths[0], terms)
    found = compare_several(present, paths, terms)["comparisons"]

    assert alone["rule"] == "T4"
    assert all(entry["rule"] != "T4" for entry in found)


def test_two_arguments_print_the_comparison_and_three_a_list(present, references, tmp_path, advisor):
    b, c = (candidate(tmp_path, name, 30, 2) for name in "bc")

    one = advisor("compare", present, b, "--references", references, "--json").json()
    several = advisor("compare", present, b, c, "--references", references, "--json").json()

    assert KEYS.isdisjoint(one)
    assert several.keys() == {"comparisons"}
    assert [entry.keys() - one.keys() for entry in several["comparisons"]] == [KEYS] * 2


def test_a_person_sees_which_candidate_it_is(present, references, tmp_path, advisor):
    b, c = (candidate(tmp_path, name, fixed, 2) for name, fixed in (("b", 40), ("c", 3)))

    ran = advisor("compare", present, b, c, "--references", references, "--quiet")

    lines = ran.out.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [str(b), str(c)]
    assert lines[0].startswith(f"{b}: SHIP_TUNED: ")
    assert advisor("compare", present, b, "--references", references, "--quiet").out.startswith("SHIP_TUNED")


def test_runs_are_candidates_too(tmp_path):
    # Given two runs whose prediction files carry their references
    runs = []
    for name, right in (("before", 100), ("one", 140), ("two", 101)):
        (tmp_path / name / "evaluation").mkdir(parents=True)
        path = tmp_path / name / "evaluation" / "tuned.test.jsonl"
        rows = ({"id": at, "prediction": "x" if at < right else "y", "reference": "x"} for at in range(N))
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        runs.append(tmp_path / name)

    found = compare_several(runs[0], runs[1:], Terms())["comparisons"]

    assert [(entry["fixed"], entry["outcome"]) for entry in found] == [
        (40, "SHIP_TUNED"),
        (1, "KEEP_BASELINE"),
    ]


def test_files_that_carry_their_own_references_must_hold_the_same_rows(tmp_path):
    def own(name: str, reference: str) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps({"id": 1, "prediction": "x", "reference": reference}) + "\n")
        return path

    with pytest.raises(Fault) as raised:
        compare_several(own("a", "x"), [own("b", "x"), own("c", "z")], Terms())

    assert raised.value.where.endswith("c")


def test_a_candidate_named_twice_is_a_mistake(present, references, tmp_path, advisor):
    b = candidate(tmp_path, "b", 30, 2)

    ran = advisor("compare", present, b, b, "--references", references)

    assert (ran.code, "named twice" in ran.err) == (ExitCode.WRONG_USE, True)


@pytest.mark.parametrize("count", [2, 5])
def test_limits_that_hold_together_agree_with_the_adjusted_p(count):
    interval = Interval(0.1, 0.02, 0.17)

    inside, outside = simultaneous(interval, 0.2, count), simultaneous(interval, 0.01, count)

    assert inside.low <= 0 < outside.low < interval.low
    assert interval.high < outside.high == inside.high <= 1


def test_the_limits_of_one_alone_stay_as_they_are():
    assert simultaneous(Interval(0.1, 0.02, 0.17), 0.2, 1) == Interval(0.1, 0.02, 0.17)
