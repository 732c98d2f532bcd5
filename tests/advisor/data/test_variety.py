"""D5: one case, answer, form, opening or script that dominates."""

from __future__ import annotations

from pathlib import Path

import pytest
from checked_rows import ANSWERS, PROMPTS, answered, asked, kind_in, of_kind, required, row

from advisor.data.answer_types import answer_type
from advisor.data.checks import inspect
from advisor.data.reading import read_file
from advisor.data.scripts import script_of
from advisor.data.variety import common_opening, distinct_n, effective_number, entropy_bits

D5_KINDS = {"odd formats", "opening of prompts", "opening of answers", "refusals", "largest cluster"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (" ", "empty"),
        ('{"a": 1}', "JSON object"),
        ("{}", "JSON object"),
        ("[1, 2]", "JSON array"),
        ('{"a": 1', "broken JSON"),
        ('{"a": NaN}', "broken JSON"),
        ('{"a": ' * 100_000, "broken JSON"),
        ("{name} is here", "one line"),
        ("[Paris] is the capital", "one line"),
        ("-1,234.50 %", "number"),
        ("$12", "number"),
        ("1984", "number"),
        ("7 people", "one line"),
        ("Yes", "yes/no"),
        ("https://example.org/a?b=c", "URL"),
        ("https://example.org is the site", "one line"),
        ("SELECT name FROM t", "code"),
        ("Select the best of these", "one line"),
        ("```python\nprint(1)\n```", "code"),
        ("def f(x):\n    return x", "code"),
        ("import duties rose again", "one line"),
        ("- one\n- two", "list"),
        ("1. one\n2. two\n3. three", "list"),
        ("First\n\nSecond paragraph", "several lines"),
        ("I'm sorry, but I can't help with that.", "refusal"),
        ("As an AI language model, I cannot do that.", "refusal"),
        ("I’m sorry, but I’m unable to book flights.", "refusal"),
        ("I'm sorry to hear that, let us fix it.", "one line"),
        ("Sorry for the delay!", "one line"),
        ("I can see two of them", "one line"),
    ],
)
def test_answer_types(text: str, kind: str) -> None:
    assert answer_type(text) == kind


def test_types_of_labels() -> None:
    assert inspect(answered(["yes", "no", "maybe"] * 20)).statistics["answer_types"] == {"label": 60}
    assert inspect(answered(["yes", "no"] * 20)).statistics["answer_types"] == {"yes/no": 40}
    assert inspect(answered(["3", "4"] * 20)).statistics["answer_types"] == {"number": 40}


def test_entropy_of_equal_shares() -> None:
    assert entropy_bits({"a": 5, "b": 5, "c": 5, "d": 5}) == pytest.approx(2)
    assert effective_number({"a": 5, "b": 5, "c": 5, "d": 5}) == pytest.approx(4)
    assert entropy_bits({"a": 9}) == 0
    assert effective_number({"a": 99, "b": 1}) < 1.1


def test_prose_among_json_is_named_row_by_row() -> None:
    answers = [f'{{"queue": "{at}"}}' for at in range(70)]
    assert of_kind(answered(answers), "odd formats") is None
    answers[9], answers[40] = "It belongs to queue 9.", '{"queue": "40"'

    found = required(answered(answers), "odd formats")

    assert (found.severity, found.count, found.rows) == ("warning", 1, ("r:10",))
    assert (found.details["main"], found.details["odd"]) == ("JSON object", {"one line": 1})
    broken = required(answered(answers), "broken JSON")
    assert (broken.severity, broken.rows, broken.details["sound"]) == ("warning", ("r:41",), 68)


def test_broken_json_is_found_however_much_of_it_there_is() -> None:
    assert (
        required(answered([f'{{"queue": "{at}",}}' for at in range(70)]), "broken JSON").severity == "warning"
    )
    assert required(answered([f"{{'queue': '{at}'}}" for at in range(70)]), "broken JSON").count == 70
    assert required(answered([*ANSWERS[:69], '{"a" is a brace.']), "broken JSON").severity == "info"
    assert of_kind(answered(ANSWERS), "broken JSON") is None


def test_half_json_and_half_prose_is_no_slip() -> None:
    answers = [f'{{"queue": "{at}"}}' if at % 2 else ANSWERS[at] for at in range(70)]
    assert of_kind(answered(answers), "odd formats") is None


def test_json_among_prose_is_worth_knowing() -> None:
    found = required(answered([*ANSWERS[:60], '{"a": 1}']), "odd formats")
    assert (found.severity, found.rows) == ("info", ("r:61",))


def test_openings() -> None:
    prompts = [f"please help me to {prompt}" if at < 50 else prompt for at, prompt in enumerate(PROMPTS)]
    found = required(asked(prompts), "opening of prompts")
    assert (found.severity, found.count, found.details["opening"]) == ("info", 50, "please help me to")
    assert of_kind(asked(PROMPTS), "opening of prompts") is None
    every = [f"please help me to {prompt}" for prompt in PROMPTS]
    assert of_kind(asked(every), "opening of prompts") is None

    answers = [f"Sure, happily! {answer}" if at < 40 else answer for at, answer in enumerate(ANSWERS)]
    found = required(answered(answers), "opening of answers")
    assert found.details["opening"].startswith("sure, happily!")


def test_the_longest_common_opening_wins() -> None:
    texts = ["what is a b", "what is c", "what else", "how"]
    assert common_opening(texts, 0.4) == ("what is", 2)
    assert common_opening(texts, 0.6) == ("what", 3)
    assert common_opening(texts, 0.8) is None
    assert common_opening([], 0.4) is None
    assert common_opening(["", ""], 0.4) is None


def test_refusals_are_counted() -> None:
    answers = [*ANSWERS[:68], "I'm sorry, but I can't help with that.", "Sorry, I am not able to do this."]
    found = required(answered(answers), "refusals")
    assert (found.severity, found.rows) == ("info", ("r:69", "r:70"))
    assert of_kind(answered(ANSWERS), "refusals") is None


def test_one_case_in_many_words() -> None:
    base = (
        "my parcel with the blue kettle has still not arrived at the house in the old harbour street number"
    )
    rows = [*asked(PROMPTS), *(row(f"{base} {at}", "Wait.", 100 + at) for at in range(12))]
    found = required(rows, "largest cluster")
    assert (found.severity, found.count) == ("warning", 12)
    inspection = inspect(rows)
    assert inspection.statistics["largest_cluster"] == 12
    assert inspect(asked(PROMPTS)).statistics["largest_cluster"] == 1


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Hello", "Latin"),
        ("Ça va à Zürich", "Latin"),
        ("123 !?", "none"),
        ("… 12 €", "none"),
        ("Привет, world!", "Cyrillic"),
        ("안녕하세요 Seoul", "Hangul"),
        ("漢字です", "Kana"),
        ("漢字", "Han"),
        ("مرحبا", "Arabic"),
        ("ΑΒΓ", "Greek"),
        ("नमस्ते", "Devanagari"),
    ],
)
def test_scripts(text: str, script: str) -> None:
    assert script_of(text) == script


def test_the_odd_script_is_named() -> None:
    found = required(asked([*PROMPTS[:69], "где моя карта"]), "scripts of prompts")
    assert (found.severity, found.rows, found.details["scripts"]) == (
        "info",
        ("r:70",),
        {"Latin": 69, "Cyrillic": 1},
    )
    half = [
        prompt if at % 2 else f"где {prompt} и что с ней теперь будет" for at, prompt in enumerate(PROMPTS)
    ]
    assert of_kind(asked(half), "scripts of prompts") is None


def test_distinct_n() -> None:
    assert distinct_n(["a b a", "a b"], 1) == pytest.approx(2 / 5)
    assert distinct_n(["a b a", "a b"], 2) == pytest.approx(2 / 3)
    assert distinct_n(["a"], 2) is None


def test_clean_rows_have_no_skew() -> None:
    kinds = {finding.details.get("kind") for finding in inspect(answered(ANSWERS)).findings}
    assert not kinds & D5_KINDS


def test_statistics_of_a_real_label_set(shared_data: Path) -> None:
    rows = read_file(shared_data / "classification/dbpedia_samples.jsonl").rows
    statistics = inspect(rows).statistics
    assert statistics["answer_types"] == {"label": 200}
    assert statistics["effective_classes"] == pytest.approx(13.5, abs=0.05)
    assert statistics["scripts"]["answers"] == {"Latin": 200}
    assert statistics["first_words"]["prompts"][0]["word"] == "the"
    assert 0 < statistics["distinct_n"]["1"] < statistics["distinct_n"]["2"] < 1


def test_real_json_and_korean_files(shared_data: Path) -> None:
    slots = inspect(read_file(shared_data / "output_format/restaurant8k_train3.jsonl").rows)
    assert slots.statistics["answer_types"] == {"JSON object": 1024}
    assert kind_in(slots, "odd formats") is None
    korean = read_file(shared_data / "korean/klue_nli_dev.jsonl").rows[:300]
    assert set(inspect(korean).statistics["scripts"]["prompts"]) == {"Hangul"}
