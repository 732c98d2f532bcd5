"""D6: forms and misspellings of labels, and the labels that only look like one another."""

from __future__ import annotations

from pathlib import Path

import pytest
from checked_rows import answered, of_kind, required
from hypothesis import given
from hypothesis import strategies as st

from advisor.data.consistency import canonical_labels
from advisor.data.label_forms import folded
from advisor.data.reading import read_file

TYPO = ["cancellation"] * 120 + ["cancelation"] * 2 + ["refund"] * 60


def test_a_rare_neighbour_is_a_misspelling() -> None:
    assert canonical_labels(TYPO) == {"cancelation": "cancellation"}
    assert canonical_labels(TYPO, spelling=False) == {}
    found = required(answered(TYPO), "spelling of a label")
    assert (found.severity, found.rows) == ("warning", ("r:121", "r:122"))
    assert found.details["groups"] == [
        {"canonical": "cancellation", "variants": {"cancellation": 120, "cancelation": 2}}
    ]


@pytest.mark.parametrize(
    ("common", "rare"),
    [
        ("card_1", "card_2"),
        ("version 1.2", "version 1.3"),
        ("able_to_pay", "unable_to_pay"),
        ("legal", "illegal"),
        ("male", "female"),
        ("cat", "car"),
        ("C++", "C"),
        ("R&D", "RD"),
    ],
)
def test_distinct_labels_stay_distinct(common: str, rare: str) -> None:
    assert canonical_labels([common] * 200 + [rare] * 2 + ["something else"] * 50) == {}


def test_frequent_neighbours_stay_distinct() -> None:
    assert canonical_labels(["refund"] * 80 + ["refunds"] * 40) == {}
    assert canonical_labels(["hypertension"] * 500 + ["hypotension"] * 20) == {}


def test_a_word_of_other_labels_is_no_misspelling() -> None:
    labels = ["card_lost"] * 100 + ["card_last"] * 2 + ["payment_last"] * 30
    assert canonical_labels(labels) == {}


def test_case_space_punctuation_and_form() -> None:
    labels = ["card arrival"] * 40 + [
        "Card Arrival",
        "card-arrival",
        " card arrival",
        "card\u00a0arrival",
        "pin",
        "pin",
    ]
    assert canonical_labels(labels) == dict.fromkeys(set(labels) - {"card arrival", "pin"}, "card arrival")
    assert canonical_labels(["caf\u00e9"] * 9 + ["cafe\u0301"] * 2) == {"cafe\u0301": "caf\u00e9"}


def test_many_misspellings_do_not_hide_the_labels() -> None:
    typos = [f"complaint{letter}" for letter in "abcdefgh"]
    labels = ["complaint"] * 200 + ["question"] * 150 + typos
    assert canonical_labels(labels) == dict.fromkeys(typos, "complaint")


def test_open_answers_and_json_have_no_labels() -> None:
    assert canonical_labels([f"Answer {at}" for at in range(50)]) == {}
    assert canonical_labels(['{"a": 1}', '{"a":1}'] * 30) == {}
    assert canonical_labels([]) == {}


@given(
    st.lists(
        st.sampled_from(
            [
                "refund",
                "Refund",
                "refunds",
                "reffund",
                " refund",
                "card_1",
                "card_2",
                "cancellation",
                "cancelation",
                "cancellatoin",
                "pin",
                "PIN.",
                "p-i-n",
                "été",
                "été",
            ]
        ),
        max_size=150,
    ),
    st.booleans(),
)
def test_canonical_labels_are_final(answers: list[str], spelling: bool) -> None:
    mapping = canonical_labels(answers, spelling=spelling)
    rewritten = [mapping.get(answer, answer) for answer in answers]
    assert all(form != canonical for form, canonical in mapping.items())
    assert canonical_labels(rewritten, spelling=spelling) == {}
    assert set(rewritten) <= set(rewritten)


def test_letters_alone_are_compared() -> None:
    assert folded("Card-Arrival?") == folded("card_arrival") == "cardarrival"
    assert folded("C#") != folded("C")
    assert folded("1.5") != folded("15")


def test_labels_of_another_style(shared_data: Path) -> None:
    found = required(read_file(shared_data / "classification/banking77_test.jsonl").rows, "style of labels")
    assert (found.severity, found.count) == ("info", 2)
    assert set(found.details["labels"]) == {"Refund_not_showing_up", "reverted_card_payment?"}


@pytest.mark.parametrize(
    "name",
    [
        "classification/banking77_train.jsonl",
        "classification/dbpedia_samples.jsonl",
        "sentiment/poem_sentiment.jsonl",
        "korean/klue_nli_dev.jsonl",
        "domain/pubmedqa_pqal.jsonl",
    ],
)
def test_real_labels_are_all_distinct(shared_data: Path, name: str) -> None:
    assert canonical_labels([found.answer for found in read_file(shared_data / name).rows]) == {}


def test_a_clean_label_set_has_no_finding() -> None:
    rows = answered(["refund", "delivery", "login"] * 20)
    assert of_kind(rows, "variants of a label") is None
    assert of_kind(rows, "spelling of a label") is None
    assert of_kind(rows, "style of labels") is None
