"""What the core says in English is recognised and said in Korean: every template, and the sentences of real artefacts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from advisor.core_templates import FIELD, Template, core_catalogue, said_again
from advisor.core_texts import told
from advisor.data.checking import check_file
from advisor.korean import with_particles
from advisor.plan import Plan, make_plan
from advisor.texts import LANGUAGES, use_language
from rubrics.decide import decide_report
from rubrics.errors import Fault
from tests import catalogues, core_sources
from tests.rubrics import panel

TRANSLATED = [name for name in LANGUAGES if name != "en"]


@pytest.fixture(autouse=True)
def korean() -> Iterator[None]:
    use_language("ko")
    yield
    use_language("en")


# The catalogue


@pytest.mark.parametrize("name", TRANSLATED)
@pytest.mark.unmeasured
def test_no_template_is_missing_or_unused(name: str) -> None:
    catalogue = catalogues.catalogue_of(name, "core")
    written = {message.id for message in catalogue if message.id}

    assert written - set(core_sources.core_templates()) == set(), "run `python tests/catalogues.py`"
    assert set(core_sources.core_templates()) - written == set(), (
        "run `python tests/catalogues.py` and translate"
    )
    assert catalogues.missing(catalogue) == []


@pytest.mark.parametrize("name", TRANSLATED)
def test_the_compiled_catalogue_is_that_of_the_templates(name: str) -> None:
    path, updated = catalogues.po_file(name, "core"), catalogues.updated(name, "core")

    assert path.read_bytes() == catalogues.written(updated), "run `python tests/catalogues.py`"
    compiled = catalogues.compiled(updated)
    assert catalogues.texts_in(path.with_suffix(".mo").read_bytes()) == catalogues.texts_in(compiled)


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_translation_has_the_fields_of_its_template(name: str) -> None:
    wrong = [
        source
        for source, translation in core_catalogue(name).items()
        if sorted(FIELD.findall(source)) != sorted(FIELD.findall(translation))
    ]

    assert wrong == []


def test_no_english_sentence_stays_in_a_translation() -> None:
    code = re.compile(r"`[^`]*`|\{[^}]*\}|\S*[-_/.=<>*]\S*|advisor data check FILE")
    sentence = re.compile(r"(?:\b[A-Za-z]{2,}\b[ ,]+){4,}[A-Za-z]{2,}")
    left = [text for text in core_catalogue("ko").values() if sentence.search(code.sub("·", text))]

    assert left == []


def test_words_that_are_listed_by_hand_stand_in_the_sources() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for room in core_sources.ROOMS
        for path in (core_sources.ROOT / room).rglob("*.py")
    )

    assert [word for word in core_sources.FOREIGN if word not in sources] == []
    assert [word for word in core_sources.WORDS if word not in core_sources.core_templates()] == []


# The sources


def test_a_template_is_made_of_every_text_for_a_person() -> None:
    found = core_sources.templates_of('''
"""Documentation of the module."""
def report(n, name, path, ok, rows):
    """Documentation of a function."""
    raise Fault(f"no file {name!r} with {len(rows)} rows", fix="Check the path.")
    print(f"{n:,} row{'s' if n > 1 else ''} of {path.name}, {'fit to use' if ok else 'of no use'}")
    re.compile("no text for persons")
    if name == "a name to compare":
        raise TypeError("an error of programming")
    return "key"
''')

    assert set(found) == {
        "no file {name!r} with {rows:n} rows",
        "Check the path.",
        "{n:n} rows of {name}, fit to use",
        "{n:n} rows of {name}, of no use",
        "{n:n} row of {name}, fit to use",
        "{n:n} row of {name}, of no use",
    }


# Recognition


def filled(text: str, values: dict[str, str]) -> str:
    return FIELD.sub(lambda place: values[place[1]], text)


def sample_values(source: str) -> dict[str, str]:
    """A value for each field: a name of its own, a number or a quotation; one that touches another begins with a mark."""
    values: dict[str, str] = {}
    for number, place in enumerate(FIELD.finditer(source), 1):
        touches = place.start() > 0 and source[place.start() - 1] == "}"
        name = f", X{number}Z" if touches else f"X{number}Z"
        values.setdefault(place[1], {":n": str(number), "!r": f"'x{number}'"}.get(place[2], name))
    return values


def test_every_template_is_recognised_as_itself() -> None:
    wrong = []
    for source, translation in core_catalogue("ko").items():
        # Those with hardly a word are recognised by the words they join; see below.
        if Template.of(source, translation).size < 2:
            continue
        values = sample_values(source)
        said, expected = told(filled(source, values)), with_particles(filled(translation, values))
        if said.rstrip(".") != expected.rstrip("."):
            wrong.append((filled(source, values), said, expected))

    assert wrong == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 row", "행 1개"),
        ("1,200 rows", "행 1,200개"),
        ("3 overlong rows", "너무 긴 행 3개"),
        ("1 structure error", "구조 오류 1개"),
        ("4.6 points", "4.6포인트"),
        ("the plain prompt without examples", "예시 없는 단순 프롬프트"),
        (
            "+6 points [-3.4, 15.6] on 100 test rows, p = 0.29",
            "+6포인트 [-3.4, 15.6] 시험 행 100개 기준, p = 0.29",
        ),
    ],
)
def test_phrases_are_told(text: str, expected: str) -> None:
    assert told(text) == expected


def test_values_that_are_phrases_are_told_within_a_sentence() -> None:
    said = told("With 49 rows to train on, or with 5.1% of the rows in conflict, this becomes FIX_DATA.")

    assert said == "학습할 행 49개이면 또는 서로 모순되는 행이 5.1%이면 판정이 FIX_DATA(으)로 바뀝니다."


def test_what_a_person_wrote_stays_as_it_is() -> None:
    said = told('collect rows like these: "There is no target, and no such file" / "test rows"')

    assert said == '이런 행을 모으십시오: "There is no target, and no such file" / "test rows"'
    assert told("expected a header with each column once, found 'answers' twice") == (
        "머리글에는 열 이름이 한 번씩 있어야 하는데 'answers'이(가) 두 번 있습니다"
    )


def test_of_several_problems_each_is_told() -> None:
    said = told("question: expected text, found 3; answer: expected text, found no such field")

    assert said == "question: 텍스트여야 하는데 3입니다; 답: 텍스트여야 하는데 그런 필드가 없습니다"


def test_a_part_that_is_added_is_joined_in_korean() -> None:
    said = told("With 6 clusters and a score of 0.98 the interval may be narrower than its 95% claims.")

    assert said == "군집 6개 및 점수 0.98일 때 신뢰구간이 표시된 95%보다 좁을 수 있습니다."


def test_names_to_be_typed_stay_as_they_are() -> None:
    said = told("lr: no such field; known are train, dev, answers")

    assert said == "lr: 그런 필드가 없습니다. 쓸 수 있는 것은 train, dev, answers입니다"


@pytest.mark.parametrize(
    "text", ["Somebody else said this in words of their own.", "", "refund", "standard by default"]
)
def test_what_is_not_of_the_core_stays_as_it_is(text: str) -> None:
    assert told(text) == text


def test_a_known_sentence_beside_an_unknown_one_is_told() -> None:
    assert told("Nobody knows this sentence. No other rule holds.") == (
        "Nobody knows this sentence. 해당하는 다른 규칙이 없습니다."
    )


def test_english_stays_english() -> None:
    use_language("en")

    assert told("No other rule holds.") == "No other rule holds."


# Real artefacts


def unrecognised(texts: set[str]) -> list[tuple[str, str]]:
    """The texts of which words stayed English, and what became of them."""
    return [(text, said.text) for text in sorted(texts) if (said := said_again(text, "ko")).unknown]


def sentences(value: Any, key: str = "") -> Iterator[str]:
    """What a person is shown of an artefact."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from sentences(inner, name)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from sentences(inner, key)
    elif (
        isinstance(value, str)
        and value
        and key in {"reasons", "reason", "text", "notes", "message", "condition"}
    ):
        yield value


@pytest.mark.unmeasured
def test_verdicts_of_the_panel_are_told() -> None:
    cases = [*panel.cases("before"), *panel.cases("after")]
    texts = {text for case in cases for text in sentences(decide_report(panel.decide_inputs(case)))}

    left = unrecognised(texts)

    assert len(texts) > 200
    assert len(left) <= 0.05 * len(texts), left


def planted_rows() -> list[dict[str, str]]:
    """Rows with duplicates, conflicts, placeholders, secrets, odd forms and one answer that most have."""
    rows = [
        {"question": f"where is my parcel number {n} from shop {n % 7}?", "answer": "delivery"}
        for n in range(60)
    ]
    rows += [
        {"question": f"I want my money back for order {n}, please", "answer": "refund"} for n in range(9)
    ]
    rows += [{"question": "cancel it", "answer": "cancel"}, {"question": "cancel it", "answer": "keep"}]
    rows += [{"question": "where is my parcel number 1 from shop 1?", "answer": "delivery"}] * 3
    rows += [
        {"question": "what is your name?", "answer": "TODO"},
        {"question": "hello {{name}}", "answer": " Refund "},
    ]
    rows += [{"question": "my mail is jane.doe@acme.org, write me", "answer": "delivery"}]
    rows += [
        {
            "question": "the caf\u00c3\u00a9 is closed\u200b",
            "answer": "I'm sorry, but I can't help with that.",
        }
    ]
    return rows


def test_findings_of_a_file_with_planted_faults_are_told(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in planted_rows()), encoding="utf-8")

    found = check_file(path)["findings"]
    texts = {text for finding in found for text in (finding["message"], finding["fix"]) if text}

    assert {finding["check"] for finding in found} >= {"D1", "D3", "D5", "D6", "D11", "D12"}
    assert unrecognised(texts) == []


MISTAKES: list[dict[str, Any]] = [
    {},
    {"data": "a.jsonl", "train": "b.jsonl"},
    {"data": "a.jsonl", "target": 1.5},
    {"data": "a.jsonl", "target": "high"},
    {"data": "a.jsonl", "rank": 0},
    {"data": "a.jsonl", "metric": "exact"},
    {"data": "a.jsonl", "metric": "refusal_rate"},
    {"data": "a.jsonl", "method": "magic"},
    {"data": "a.jsonl", "rungs": ("zero_shot", "ten_shot")},
    {"data": "a.jsonl", "require": ("better",)},
    {"data": "a.jsonl", "answers": {"colour": "yes"}},
    {"data": "a.jsonl", "price": "cheap"},
    {"data": "a.jsonl", "guard_margin": 0.1},
    {"data": "a.jsonl", "force_train": True, "no_train": True},
    {"data": "a.jsonl", "lr": 1},
]


@pytest.mark.parametrize("values", MISTAKES, ids=str)
def test_faults_of_a_plan_are_told(values: dict[str, Any]) -> None:
    with pytest.raises(Fault) as fault:
        make_plan(values)

    texts = {text for text in (fault.value.what, fault.value.fix, *fault.value.problems) if text}
    # Options and their values are names, in Korean too.
    names = re.compile(
        r"[a-z]+(?:, [a-z_]+){2,}|\b(?:yes|no|unknown|improved|target|better|colour|cheap|accuracy|chrf)\b"
    )

    for text in texts:
        assert not re.search(r"(?:\b[a-z]{2,}\b ){3}", names.sub("·", told(text))), told(text)
        assert told(text) != text


def test_every_plan_field_has_a_home() -> None:
    assert {name for values in MISTAKES for name in values} - set(Plan.model_fields) == {"lr"}


# Particles


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("행은(는)", "행은"),
        ("데이터은(는)", "데이터는"),
        ("5%이(가)", "5%가"),
        ("0.93을(를)", "0.93을"),
        ("0.92을(를)", "0.92를"),
        ("라벨(으)로", "라벨로"),
        ("행(으)로", "행으로"),
        ("exact_match(으)로", "exact_match(으)로"),
        ("'a'이(가)", "'a'이(가)"),
    ],
)
def test_a_particle_goes_with_the_sound_before_it(text: str, expected: str) -> None:
    assert with_particles(text) == expected
