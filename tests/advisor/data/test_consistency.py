"""D6: white space, characters nobody sees, Unicode forms, line ends and style."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from checked_rows import ANSWERS, PROMPTS, answered, asked, of_kind, required
from hypothesis import given
from hypothesis import strategies as st

from advisor.data.checks import inspect
from advisor.data.consistency import trimmed
from advisor.data.reading import read_file
from advisor.data.text_forms import has_invisible, has_stray_space, line_ends, unicode_form, without_invisible

texts = st.text(st.sampled_from("ab \t\r\n\u00a0\u200b\u200d\ufeff\x00é한") | st.characters(), max_size=20)


@given(texts)
def test_trimming_is_final(text: str) -> None:
    assert trimmed(trimmed(text)) == trimmed(text)
    assert not has_stray_space(trimmed(text))
    assert trimmed(text) in text


@given(texts)
def test_leaving_out_what_nobody_sees_is_final(text: str) -> None:
    clean = without_invisible(text)
    assert without_invisible(clean) == clean
    assert not has_invisible(clean)
    assert has_invisible(text) == (clean != text)


def planted(kind: str, change: dict[int, str]) -> None:
    answers = [change.get(at, answer) for at, answer in enumerate(ANSWERS, 1)]
    found = required(answered(answers), kind)
    assert found.rows == tuple(f"r:{at}" for at in sorted(change))
    assert of_kind(answered(ANSWERS), kind) is None


@pytest.mark.parametrize(
    ("kind", "odd"),
    [
        ("stray white space", "My card can be seen. "),
        ("stray white space", "\u00a0My card can be seen."),
        ("invisible characters in answers", "My\u00a0card can be seen."),
        ("invisible characters in answers", "My\u200bcard can be seen."),
        ("invisible characters in answers", "My card\x07 can be seen."),
        ("Unicode forms of answers", "My cafe\u0301 can be seen."),
        ("line ends", "My card\r\ncan be seen."),
        ("style: last character", "My card can be seen"),
        ("style: first letter", "my card can be seen."),
        ("style: spacing", "My card  can be seen."),
    ],
)
def test_what_is_odd_is_found_with_its_rows(kind: str, odd: str) -> None:
    change = {7: odd, 21: odd + " again" if kind == "style: last character" else odd}
    if kind == "line ends":
        answers = [change.get(at, answer.replace(" can", "\ncan")) for at, answer in enumerate(ANSWERS, 1)]
        assert required(answered(answers), kind).rows == ("r:7", "r:21")
        return
    planted(kind, change)


def test_joiners_are_letters() -> None:
    assert not has_invisible("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 👩\u200d💻")


def test_forms() -> None:
    assert unicode_form("plain") is None
    assert unicode_form("caf\u00e9") == "NFC"
    assert unicode_form(unicodedata.normalize("NFD", "한국어")) == "NFD"
    assert unicode_form("caf\u00e9 cafe\u0301") == "mixed"
    assert unicode_form("日本") is None


def test_line_ends() -> None:
    assert [line_ends(text) for text in ("a", "a\nb", "a\r\nb", "a\rb", "a\r\nb\nc")] == [
        None,
        "\n",
        "\r\n",
        "\r",
        "mixed",
    ]


def test_the_same_line_ends_everywhere_are_consistent() -> None:
    assert of_kind(answered([answer + "\r\nBye." for answer in ANSWERS]), "line ends") is None


def test_mixed_quotes_and_dashes() -> None:
    answers = [
        *ANSWERS[:60],
        *[f'"{at}" is it.' for at in range(4)],
        "“A” is it.",
        "‘B’ – or so – is it.",
        "C - or so",
    ]
    quotes = required(answered(answers), "style: quotes")
    assert (quotes.severity, quotes.details["canonical"], quotes.rows) == (
        "info",
        "straight",
        ("r:65", "r:66"),
    )
    assert required(answered(answers), "style: dashes").details["forms"] == {"en dash": 1, "hyphen": 1}


def test_abbreviations_end_no_sentence() -> None:
    names = [f"{name} {other}" for name in ("Ann", "Bob", "Cid", "Dan", "Eve") for other in "ABCDEFG"]
    assert of_kind(answered([*names, "Hathi Jr.", "Washington, D.C."]), "style: last character") is None
    assert required(answered([*names, "She was Ann Miller."]), "style: last character").rows == ("r:36",)


def test_prompts_are_described_and_not_judged() -> None:
    prompts = [" " + PROMPTS[0], PROMPTS[1] + "\u200b here", *PROMPTS[2:]]
    inspection = inspect(asked(prompts))
    found = [finding for finding in inspection.findings if finding.check == "D6"]
    assert {finding.severity for finding in found} == {"info"}
    assert [finding.rows for finding in found] == [("r:1",), ("r:2",)]


def test_stray_characters_of_real_files(shared_data: Path) -> None:
    banking = read_file(shared_data / "classification/banking77_train.jsonl").rows[:3000]
    stray = required(banking, "stray white space in prompts")
    assert stray.rows == tuple(read.id for read in banking if read.prompt != read.prompt.strip())
    assert stray.count == 3
    assert of_kind(banking, "stray white space") is None


def test_lists_of_rows_are_bounded() -> None:
    found = required(answered([answer + " " for _ in range(20) for answer in ANSWERS]), "stray white space")
    assert (found.count, len(found.rows)) == (1400, 1000)
    assert (found.details["rows_total"], found.details["rows_listed"]) == (1400, 1000)
