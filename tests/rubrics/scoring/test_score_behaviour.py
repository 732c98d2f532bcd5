"""Length, refusals and form."""

from __future__ import annotations

import json
import time
from importlib import resources
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rubrics.errors import ExitCode, Fault
from rubrics.refusals import refusal_phrases
from rubrics.scoring import format_adherence, length_ratio, refusal, refusal_match, relative_length


@pytest.mark.parametrize(
    ("answer", "reference", "ratio"),
    [
        ("one two", "one two three four", 0.5),
        ("one two three four", "one two", 0.5),
        ("", "one", 0.0),
        ("", "", 1.0),
        ("서울 시청", "서울시청역", 0.8),
    ],
)
def test_length_counts_words_or_characters(answer, reference, ratio):
    assert length_ratio(answer, [reference]) == pytest.approx(ratio)


@given(st.text(max_size=30), st.text(max_size=30))
def test_length_agreement_is_bounded(one, other):
    assert 0 <= length_ratio(one, [other]) <= 1
    assert length_ratio(one, [one]) == 1.0


def test_the_direction_of_a_length_is_told():
    assert relative_length(["a b c", "a b c"], ["a b", "a b"]) == 1.5
    with pytest.raises(ValueError, match="no length"):
        relative_length(["a"], [""])


@pytest.mark.parametrize(
    ("answer", "refuses"),
    [
        ("I'm sorry, but I can't help with that.", True),
        ("I\u2019m  sorry, but I CAN\u2019T assist.", True),
        ("As an AI language model, I do not have opinions.", True),
        ("죄송하지만 그 요청은 도와드릴 수 없습니다.", True),
        ("그 질문에는 답변해 드릴 수 없어요.", True),
        ("I'm sorry to hear that. Your refund is on its way.", False),
        ("I apologise for the delay; it ships today.", False),
        ("물론이죠, 도와드릴게요.", False),
        ("", False),
        ("Here is the letter. " * 20 + "I cannot help with that.", False),
    ],
)
def test_a_refusal_is_known_by_its_beginning(answer, refuses):
    assert refusal(answer) == float(refuses)
    assert refusal_match(answer, ["I cannot help with that."]) == float(refuses)
    assert refusal_match(answer, ["Paris"]) == float(not refuses)


def test_ordinary_korean_answers_are_no_refusals(shared_data: Path):
    lines = (shared_data / "korean/songys_chatbot.jsonl").read_text("utf-8").splitlines()

    refusing = [line for line in lines if refusal(json.loads(line).get("output", line))]

    assert len(refusing) < 0.001 * len(lines)


def test_phrases_name_their_sources():
    content = yaml.safe_load(resources.files("rubrics").joinpath("refusals.yaml").read_text("utf-8"))

    assert content["languages"].keys() == {"english", "korean"}
    assert all(language["source"].strip() for language in content["languages"].values())
    assert len(set(refusal_phrases().texts)) == len(refusal_phrases().texts) > 40


@pytest.mark.parametrize(
    ("answer", "pattern", "fits"),
    [
        ("SK-123", r"SK-\d+", True),
        (" SK-123\n", r"SK-\d+", True),
        ("see SK-123", r"SK-\d+", False),
        ("SK-123, thanks", r"SK-\d+", False),
        ("서울", r"\p{Hangul}+", True),
        ("", r".*", True),
        ("a\nb", r".*", False),
        ("a\nb", r"(?s).*", True),
    ],
)
def test_the_whole_answer_must_fit(answer, pattern, fits):
    assert format_adherence(answer, pattern=pattern) == float(fits)


def test_a_pattern_that_does_not_end_is_stopped():
    start = time.perf_counter()
    with pytest.raises(Fault, match="takes over 1 s") as raised:
        format_adherence("a" * 60 + "!", pattern=r"(?:a|a)*")

    assert time.perf_counter() - start < 60
    assert (raised.value.code, raised.value.where) == (ExitCode.WRONG_USE, "--pattern")


def test_a_pattern_that_is_none_is_wrong_use():
    with pytest.raises(Fault, match="not a regular expression") as raised:
        format_adherence("x", pattern="(")

    assert raised.value.code == ExitCode.WRONG_USE
