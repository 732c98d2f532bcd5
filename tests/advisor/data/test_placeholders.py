"""D12: placeholders, unfilled templates and broken encodings, and what only looks like them."""

from __future__ import annotations

from pathlib import Path

import pytest
from checked_rows import ANSWERS, alpaca, answered, asked, of_kind, required
from hypothesis import given
from hypothesis import strategies as st

from advisor.data.checks import inspect
from advisor.data.placeholders import is_mojibake, is_placeholder, mended
from advisor.data.reading import read_file
from advisor.data.templates import template_in
from advisor.example import example_folder


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "None",
        "nan",
        "NULL",
        "N/A",
        "TODO",
        "todo:",
        "TBD",
        "xxx",
        "...",
        "[insert answer here]",
        "Lorem ipsum dolor sit amet",
        "<answer>",
        "{answer}",
        "Your answer here",
    ],
)
def test_placeholders(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text", ["no", "0", "-", "None of them.", "to do", "Nana", "ISBN [inserted]", "x", "unknown", "{}"]
)
def test_answers_that_are_no_placeholders(text: str) -> None:
    assert not is_placeholder(text)


def test_placeholders_are_found_among_answers() -> None:
    found = required(answered([*ANSWERS[:67], "None", "TODO", "[insert answer here]"]), "placeholder answers")
    assert (found.severity, found.rows) == ("warning", ("r:68", "r:69", "r:70"))
    assert found.details["answers"] == {"None": 1, "TODO": 1, "[insert answer here]": 1}
    assert of_kind(answered(ANSWERS), "placeholder answers") is None


def test_none_may_be_a_label() -> None:
    rows = answered(["bug", "none", "feature", "none"] * 15)
    assert of_kind(rows, "placeholder answers") is None
    found = required(rows, "labels like placeholders")
    assert (found.severity, found.count) == ("info", 30)
    hollow = required(answered(["bug", "nan", "feature", "nan"] * 15), "placeholder answers")
    assert hollow.severity == "error"


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("I am {{name}}, made by {{author}}.", "{{name}}"),
        ("您好，我是 {{name}}，由 {{author}} 发明。", "{{name}}"),
        ("Hello {first_name}, welcome!", "{first_name}"),
        ("Dear <NAME>, welcome!", "<NAME>"),
        ("Dear <your name>,", "<your name>"),
        ("Dear [Recipient's Name],", "[Recipient's Name]"),
        ("Regards, [Your Name]", "[Your Name]"),
        ("Hello %s, welcome!", "%s"),
        ("Hello %(name)s, welcome!", "%(name)s"),
        ("TODO: write this", "TODO"),
        ("Some lorem ipsum dolor sit amet", "lorem ipsum dolor"),
    ],
)
def test_templates(text: str, slot: str) -> None:
    assert template_in(text) == slot


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "x"}',
        "f = lambda x: {x}",
        "\\frac{numerator}{denominator} and x_{max} and \\text{word}",
        "the set {a, b, c} or {x}",
        "GET /users/{user_id}/cards",
        "${HOME}/bin",
        "Use <br>, <BR> and <TABLE> tags",
        "a <b> c and List<String> and 3 < X > 2",
        "[name](https://example.org)",
        "as cited in [12] and [sic]",
        "array[name] = 1",
        "50% sure, 100%safe, 5 %",
        'printf("%s", name)',
        "```\nHello {name}\n```",
        "todo es posible, TODO ES POSIBLE",
        "{% if name %} {{name}} {% endif %}",
    ],
)
def test_code_formulas_and_markup_are_no_templates(text: str) -> None:
    assert template_in(text) is None


def test_unfilled_templates_are_found_in_a_real_file(shared_data: Path) -> None:
    rows = alpaca(shared_data / "formats/llamafactory_identity.jsonl")
    found = required(rows, "templates in answers")
    expected = tuple(read.id for read in rows if "{{" in read.answer)
    assert (found.severity, found.rows) == ("error", expected)
    assert set(found.details["slots"]) == {"{{name}}", "{{author}}"}


def test_a_template_in_a_prompt_is_only_named() -> None:
    prompts = ["write to [Customer Name]", *(f"question {at}" for at in range(60))]
    found = required(asked(prompts), "templates in prompts")
    assert (found.severity, found.rows) == ("info", ("r:1",))


@pytest.mark.parametrize(
    ("text", "mended_text"),
    [
        ("caf\u00c3\u00a9", "café"),
        ("it\u00e2\u20ac\u2122s", "it’s"),
        ("\u00c2\u00a35", "£5"),
        ("voil\u00c3 la", "voilà la"),
    ],
)
def test_mojibake_is_mended(text: str, mended_text: str) -> None:
    assert is_mojibake(text)
    assert mended(text) == mended_text


@pytest.mark.parametrize(
    "text", ["NÃO", "SÃO PAULO", "naïve café…", "“Ça va”", "한국어", "Größe €5", "plain", "\ufffd"]
)
def test_sound_text_is_left_alone(text: str) -> None:
    assert not is_mojibake(text)
    assert mended(text) == text


@given(st.text(max_size=30))
def test_mending_is_final(text: str) -> None:
    assert mended(mended(text)) == mended(text)


def test_broken_encodings_are_found() -> None:
    rows = answered([*ANSWERS[:68], "The caf\u00c3\u00a9 is open.", "I\ufffdd rather not."])
    assert required(rows, "mojibake in answers").rows == ("r:69",)
    lost = required(rows, "lost characters in answers")
    assert (lost.severity, lost.rows) == ("warning", ("r:70",))
    assert of_kind(answered(ANSWERS), "mojibake in answers") is None


def test_a_lost_character_of_a_real_file(shared_data: Path) -> None:
    rows = read_file(shared_data / "output_format/restaurant8k_test.jsonl").rows
    assert required(rows, "lost characters in prompts").count == 1
    assert not any(
        finding.check == "D12" and "answers" in finding.details["kind"]
        for finding in inspect(rows[:500]).findings
    )


@pytest.mark.parametrize(
    "name",
    [
        "korean/klue_nli_dev.jsonl",
        "output_format/text2sql_advising.jsonl",
        "summarisation/legal_plain_tosdr.jsonl",
        "domain/pubmedqa_pqal.jsonl",
        "classification/banking77_test.jsonl",
    ],
)
def test_sound_real_files_raise_no_alarm(shared_data: Path, name: str) -> None:
    rows = read_file(shared_data / name).rows[:1000]
    assert [read.id for read in rows if is_placeholder(read.answer) or template_in(read.prompt)] == []
    assert [read.id for read in rows if is_mojibake(read.prompt) or is_mojibake(read.answer)] == []


def test_none_in_a_part_of_an_answer_is_no_placeholder() -> None:
    rows = read_file(example_folder() / "desk.jsonl").rows
    assert not any(finding.check == "D12" for finding in inspect(rows).findings)
