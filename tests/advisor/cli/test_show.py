"""Problems for a person: grouped where one fault repeats, never all of a million."""

from __future__ import annotations

from advisor.cli.show import problem_lines


def test_a_repeated_fault_shows_its_first_places_and_the_count() -> None:
    missing = [f"rows.jsonl:{line}: answer: expected text, found {line}" for line in range(1, 1001)]
    turns = [f"rows.jsonl:{line}: messages[{line}].role: expected user, found robot" for line in range(25)]
    lines = problem_lines([*missing[:500], *turns, *missing[500:]])
    assert lines[:20] == missing[:20]
    assert lines[20] == "and 980 more like it: answer: expected text"
    assert lines[21:41] == turns[:20]
    assert lines[41:] == ["and 5 more like it: messages[].role: expected user"]


def test_a_fault_that_repeats_word_for_word_is_said_once_with_its_lines() -> None:
    missing = [f"a:b.jsonl:{line}: answer: expected text, found no such field" for line in range(1, 1001)]
    first = ", ".join(str(line) for line in range(1, 21))
    assert problem_lines(missing) == [
        f"a:b.jsonl: lines {first} and 980 more: answer: expected text, found no such field"
    ]
    assert problem_lines(missing[:4]) == [
        "a:b.jsonl: lines 1, 2, 3, 4: answer: expected text, found no such field"
    ]
    assert problem_lines(missing[:3]) == missing[:3]
    elsewhere = [*missing[:2], *(problem.replace("a:b", "c") for problem in missing[:2])]
    assert problem_lines(elsewhere) == elsewhere


def test_many_kinds_are_counted() -> None:
    lines = problem_lines([f"rows.jsonl:1: field {kind}: expected text, found null" for kind in range(50)])
    assert len(lines) == 21
    assert lines[-1] == "and 30 more"
