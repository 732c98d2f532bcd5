"""Scores of one answer against hand-made cases and against the official SQuAD v1.1 script's own numbers."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubrics.errors import ExitCode, Fault
from rubrics.scoring import (
    METRICS,
    Options,
    exact_match,
    get_metric,
    scorer,
    squad_exact_match,
    squad_normalise,
    token_f1,
)

SYSTEMS = ("bert", "logistic_regression_baseline", "match_lstm_with_ans_ptr", "r_net", "slqa")


@pytest.mark.parametrize(
    ("prediction", "reference", "strict", "squad"),
    [
        ("Paris", "Paris", 1.0, 1.0),
        (" Paris\n", "Paris", 1.0, 1.0),
        ("cafe\u0301", "caf\u00e9", 1.0, 1.0),
        ("paris", "Paris", 0.0, 1.0),
        ("Paris.", "Paris", 0.0, 1.0),
        ("the Seine", "Seine", 0.0, 1.0),
        ("New  York", "New York", 0.0, 1.0),
        ("the-end", "end", 0.0, 0.0),
        ("theatre", "atre", 0.0, 0.0),
        ("Paris", "Rome", 0.0, 0.0),
        ("", "", 1.0, 1.0),
    ],
)
def test_the_two_exact_matches_forgive_different_things(prediction, reference, strict, squad):
    assert exact_match(prediction, [reference]) == strict
    # Composed forms are the strict metric's alone: the official script never normalises Unicode.
    expected = 0.0 if "\u0301" in prediction else squad
    assert squad_exact_match(prediction, [reference]) == expected


@pytest.mark.parametrize(
    ("prediction", "reference", "expected"),
    [
        ("the Eiffel Tower in Paris", "Eiffel Tower", 2 * (2 / 4) * 1 / (2 / 4 + 1)),
        ("red red blue", "red blue blue", 2 / 3),
        ("Rome", "Paris", 0.0),
        ("the!", "a", 0.0),
        ("", "", 0.0),
    ],
)
def test_token_f1_counts_words_with_repetition(prediction, reference, expected):
    assert token_f1(prediction, [reference]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The  U.S. of A", "us of"),
        ("A-team", "ateam"),
        # Dashes beyond ASCII stay, and the article between them leaves a gap.
        ("north\u2013the\u2013south", "north\u2013 \u2013south"),
        ("\u201cQuoted\u201d", "\u201cquoted\u201d"),
    ],
)
def test_normalisation_is_the_official_scripts(text, expected):
    assert squad_normalise(text) == expected


ANY_FORM = Options(schema={"type": "object"}, pattern=".*", labels=("Paris France", "Rome", "Oslo"))
SUITS = {"json": ('{"a": 1}', ["[1]", '{"a": 1.0}']), "number": ("7 km", ["6 km", "7 km"])}
READS_NO_REFERENCE = {"json_validity", "schema_validity", "format_adherence", "refusal_rate"}


def suits(name: str) -> tuple[str, list[str]]:
    """An answer and references that a metric can read; the second of the references is right."""
    if name == "call_match":
        return '{"f": {"x": 1}}', ["[]", '[{"f": {"x": [1, 2]}}]']
    kind = "number" if name.startswith("numeric") else "json" if name.startswith(("json", "field")) else ""
    return SUITS.get(kind, ("Paris France", ["Rome", "Paris France", "Oslo"]))


@pytest.mark.parametrize("name", [name for name in METRICS if name not in READS_NO_REFERENCE])
def test_the_best_reference_counts(name):
    answer, references = suits(name)
    score = scorer(name, ANY_FORM)

    assert score(answer, references) == score(answer, references[::-1]) == 1.0


@pytest.mark.parametrize("name", [name for name in METRICS if name not in READS_NO_REFERENCE])
def test_references_that_cannot_be_scored_are_refused(name):
    score = scorer(name, ANY_FORM)
    with pytest.raises(ValueError, match="at least one reference"):
        score("Paris", [])
    with pytest.raises(TypeError, match="sequence of texts"):
        score("P", "Paris")


@pytest.mark.parametrize("name", sorted(READS_NO_REFERENCE))
def test_a_metric_that_reads_no_reference_asks_for_none(name):
    assert scorer(name, ANY_FORM)('{"a": 1}', []) == scorer(name, ANY_FORM)('{"a": 1}', ["x"])


@given(st.text(max_size=40), st.lists(st.text(max_size=40), min_size=1, max_size=3))
def test_scores_keep_their_order_and_range(prediction, references):
    strict, squad, f1 = (
        score(prediction, references) for score in (exact_match, squad_exact_match, token_f1)
    )

    assert {strict, squad} <= {0.0, 1.0}
    assert 0.0 <= f1 <= 1.0
    # Where any word is left, the SQuAD match is the case in which all words are shared.
    if f1 > 0 and squad == 1.0:
        assert f1 == pytest.approx(1.0)


def test_metrics_are_known_by_their_contract_names():
    named = {name: METRICS[name].binary for name in ("exact_match", "squad_exact_match", "token_f1")}

    assert named == {"exact_match": True, "squad_exact_match": True, "token_f1": False}
    assert get_metric("token_f1") is METRICS["token_f1"]


def test_an_unknown_metric_is_wrong_use_and_names_the_closest():
    with pytest.raises(Fault) as caught:
        get_metric("exact_mach")

    assert caught.value.code == ExitCode.WRONG_USE
    assert "--metric" in str(caught.value)
    assert "Did you mean exact_match?" in caught.value.fix
    assert all(name in caught.value.fix for name in METRICS)


def test_a_metric_like_no_other_gets_no_suggestion():
    with pytest.raises(Fault) as caught:
        get_metric("zzz")

    assert "Did you mean" not in caught.value.fix


@pytest.mark.parametrize("system", SYSTEMS)
def test_published_systems_score_as_the_official_script_says(shared_data: Path, system: str):
    folder = shared_data / "qa_em_f1"
    questions = [json.loads(line) for line in (folder / "xquad_en_a.jsonl").read_text("utf-8").splitlines()]
    predictions = json.loads((folder / f"pred_{system}_a.json").read_text("utf-8"))
    official = json.loads((folder / "official_scores_a.json").read_text("utf-8"))["scores"][system]

    answered = [row for row in questions if row["id"] in predictions]
    em, f1 = (
        # A missing prediction scores 0: the sum runs over the answered rows, the mean over all.
        100 * sum(score(predictions[row["id"]], row["answers"]) for row in answered) / len(questions)
        for score in (squad_exact_match, token_f1)
    )

    assert len(questions) - len(answered) == official["unanswered"]
    assert em == pytest.approx(official["exact_match"], abs=1e-4)
    assert f1 == pytest.approx(official["f1"], abs=1e-4)


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_question_scores_as_the_official_script_says(shared_data: Path, system: str):
    folder = shared_data / "qa_em_f1"
    questions = [json.loads(line) for line in (folder / "xquad_en_a.jsonl").read_text("utf-8").splitlines()]
    predictions = json.loads((folder / f"pred_{system}_a.json").read_text("utf-8"))
    items = [json.loads(line) for line in (folder / "per_item_a.jsonl").read_text("utf-8").splitlines()]
    official = {row["id"]: (row[f"{system}_em"], row[f"{system}_f1"]) for row in items}

    wrong = [
        row["id"]
        for row in questions
        if row["id"] in predictions
        and (
            squad_exact_match(predictions[row["id"]], row["answers"]),
            pytest.approx(token_f1(predictions[row["id"]], row["answers"]), abs=1e-4),
        )
        != official[row["id"]]
    ]

    assert wrong == []


def test_strict_and_squad_exact_match_differ_on_real_answers(shared_data: Path):
    folder = shared_data / "qa_em_f1"
    questions = [json.loads(line) for line in (folder / "xquad_en_a.jsonl").read_text("utf-8").splitlines()]
    predictions = json.loads((folder / "pred_bert_a.json").read_text("utf-8"))

    strict, squad = (
        fmean(score(predictions[row["id"]], row["answers"]) for row in questions)
        for score in (exact_match, squad_exact_match)
    )

    assert strict < squad
