"""Secrets and personal data: every kind is found, ordinary numbers are not, and nothing is shown in full."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.data.checks import inspect
from advisor.data.findings import Finding
from advisor.data.privacy import Masker, mask, redacted, search, spans
from advisor.data.rows import Message, Row
from rubrics.privacy_rules import detectors

TOKEN = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5"
PLANTED: dict[str, tuple[str, str, str]] = {
    "private_key": (
        "here: -----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7bq3\nk9xTQ2vLw8\n-----END RSA PRIVATE KEY----- ok",
        "MIIEowIBAAKCAQEA7bq3",
        "here: -----BEGIN RSA PRIVATE KEY----- *** ok",
    ),
    "aws_access_key": ("id AKIAQ3EGRZJX7KLMNOPQ", "Q3EGRZJX7KLMNOPQ", "id AKIA***"),
    "aws_secret_key": (
        "aws_secret_access_key = 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",
        "wJalrXUtnFEMIK7MDENG",
        "aws_secret_access_key = ***",
    ),
    "github_token": (f"push with ghp_{TOKEN}", TOKEN, "push with ghp_***"),
    "gitlab_token": (f"glpat-{TOKEN[:20]} works", TOKEN[:20], "glpat-*** works"),
    "model_api_key": (f"OPENAI_API_KEY=sk-proj-{TOKEN}", TOKEN, "OPENAI_API_KEY=sk-proj-***"),
    "slack_token": ("xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy", "pdFZKVeTuE8", "xoxb-***"),
    "google_key": ("key AIzaSyD4iE2xVSpkLLOXoyqT-RuPwURN3ddScAI", "SyD4iE2xVSpk", "key AIza***"),
    "service_token": (f"stripe: sk_live_{TOKEN[:24]}", TOKEN[:24], "stripe: sk_live_***"),
    "jwt": (
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
        "dozjgNryP4J3",
        "eyJ***",
    ),
    "bearer_token": (f"Authorization: Bearer {TOKEN}", TOKEN, "Authorization: Bearer ***"),
    "url_password": (
        "postgres://desk:tr0ub4dor@db.internal/x",
        "tr0ub4dor",
        "postgres://desk:***@db.internal/x",
    ),
    "assigned_secret": (f'{{"client_secret": "{TOKEN}"}}', TOKEN, '{"client_secret": "***"}'),
    "password": ("my password: hunter2x! thanks", "hunter2x", "my password: *** thanks"),
    "email": ("write to joanna.b@ferries.co.uk today", "joanna.b@ferries", "write to jo***@***.uk today"),
    "card": ("card 4539 5787 6362 1486 exp 09/27", "5787 6362", "card 4539 **** **** 1486 exp 09/27"),
    "iban": ("pay DE89 3704 0044 0532 0130 00 NOW", "3704 0044", "pay DE** **** **** **** **30 00 NOW"),
    "us_ssn": ("ssn 536-22-8437.", "536-22-8437", "ssn ***-**-****."),
    "kr_rrn": ("주민번호 900101-1234568 입니다", "900101-1234568", "주민번호 ******-******* 입니다"),
    "phone": ("전화 010-9876-5431로 연락", "9876", "전화 ***-****-**31로 연락"),
    "named_phone": ("telephone: 030 901820 77 please", "901820", "telephone: *** ****** 77 please"),
    "ip_address": ("from 81.2.69.142 at noon", "81.2.69.142", "from **.*.**.*** at noon"),
}
"""Of each kind: a text, the part that must never be seen, the text as it may be shown."""


def row(number: int, prompt: str, answer: str = "yes") -> Row:
    return Row(f"r:{number}", (Message(role="user", content=prompt),), answer)


def kinds(text: str, *, examples: bool = False) -> list[str]:
    return [span.kind.id for span in spans(text) if span.example == examples]


def test_a_case_is_planted_for_every_kind() -> None:
    assert PLANTED.keys() == {detector.id for detector in detectors()}


@pytest.mark.parametrize("kind", PLANTED)
def test_each_kind_is_found_masked_and_redacted(kind: str) -> None:
    text, raw, shown = PLANTED[kind]
    assert kinds(text) == [kind]
    assert mask(text) == shown
    (detector,) = (detector for detector in detectors() if detector.id == kind)
    assert f"[{detector.placeholder}]" in redacted(text)
    assert raw not in redacted(text)
    assert kinds(redacted(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "5500 0055 5555 5558",
        "371449-6353-98431",
        "order 4539578763621487",
        "ISBN 978-3-16-148410-0",
        "ISBN 9783161484100",
        "booking SK-12345 and 48213",
        "from 2024-11-24 to 2026-12-31",
        "2026-11-24T11:46:49.123456Z",
        "at 1732448809123 ms",
        "EUR 1,234,567.89 or $12 345 678",
        "3.14159265358979",
        "order #1234-5678-9012-3456",
        "900101-1234567",
        "901301-1234568",
        "666-12-3456 and 000-12-3456 and 900-12-3456",
        "DE89 3704 0044 0532 0130 01",
        "version 1.2.3.4 or 10.0.0.1, 192.168.1.20, 127.0.0.1, 203.0.113.7, 999.1.2.3",
        "icon@2x.png git@github.com:org/repo",
        "password: required",
        "the password is incorrect",
        "How do I reset my password? My password is not working.",
        'passwords = {"type": "string"}',
        "password: ${DB_PASSWORD}",
        "risk-adjusted sk-1 SK-31847",
        "-----BEGIN PRIVATE KEY----- is how such a file begins",
        "the secret is in the sauce, the key is under the mat",
        "https://user@host/path and http://a.b:8080/@x",
        "AKIA is a prefix",
        "ACGTACGTACGTACGTACGT 0123456789012",
        "matrix 1 0 0 1 0 1 1 0 1 1 0 1 0 0 1",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert spans(text) == []
    assert mask(text) == redacted(text) == text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("someone@example.com", "email"),
        ("a@mail.example.org", "email"),
        ("4111 1111 1111 1111", "card"),
        ("4242424242424242", "card"),
        ("AKIAIOSFODNN7EXAMPLE", "aws_access_key"),
        ("(202) 555-0143", "phone"),
        ("+1 234 567 8901", "phone"),
        ("123-45-6789", "us_ssn"),
    ],
)
def test_published_examples_are_information_and_still_masked(text: str, kind: str) -> None:
    assert kinds(text, examples=True) == [kind]
    assert text not in mask(text)
    (finding,) = (f for f in inspect([row(1, text)]).findings if f.check == "D11")
    assert (finding.severity, finding.details["published_example"]) == ("info", True)


@pytest.mark.parametrize(
    "number",
    [
        "+82 10-1234-5679",
        "+44 20 7946 0018",
        "+49 (0)30 901820",
        "010 2345 6780",
        "02-312-3456",
        "(415) 867-5309",
    ],
)
def test_phone_numbers_of_several_countries(number: str) -> None:
    assert set(kinds(f"call {number}, please")) <= {"phone", "named_phone"}
    assert kinds(f"call {number}, please")


def test_resident_numbers_of_the_youngest_have_no_check_digit() -> None:
    assert kinds("201105-3123456") == ["kr_rrn"]
    assert kinds("200905-3123456") == []


def test_a_card_shows_at_most_its_first_and_last_four_digits() -> None:
    assert mask("4111 1111 1111 1111") == "4111 **** **** 1111"
    assert mask("4539578763621486") == "4539********1486"


def test_findings_count_and_locate_each_kind() -> None:
    rows = [
        row(1, "mail ann@ferry.io or bob@ferry.io"),
        row(2, "nothing here", "ann@ferry.io"),
        row(3, "card 4539 5787 6362 1486"),
    ]
    found = {f.details["kind"]: f for f in inspect(rows).findings if f.check == "D11"}
    assert found.keys() == {"email", "card"}
    mail = found["email"]
    assert (mail.count, mail.rows, mail.severity) == (3, ("r:1", "r:2"), "warning")
    assert (mail.details["occurrences"], mail.details["distinct"]) == (3, 2)
    assert mail.details["fields"] == {"prompt": 2, "answer": 1}
    assert mail.details["places"] == [
        {"row": "r:1", "field": "messages[0]", "count": 2},
        {"row": "r:2", "field": "answer", "count": 1},
    ]
    assert found["card"].example == "4539 **** **** 1486"


@pytest.mark.parametrize("kind", PLANTED)
def test_no_finding_of_any_check_shows_a_secret(kind: str) -> None:
    """Duplicates, conflicts, variants, leaks and labels all quote rows, folded and cut off."""
    text, raw, _ = PLANTED[kind]
    pad = "I wrote to you twice about the same matter and nobody answered, so once more: "
    rows = [row(at, f"{pad}{text}", text if at % 2 else f" {text.upper()} ") for at in range(8)]
    rows += [row(10, rows[0].prompt, f"not {text}")]
    rows += [row(20 + at, f"{'x' * at} {text}", text) for at in range(60, 78)]
    found = inspect(rows, against=rows[:4], production=rows[:5], test_is="rows")
    assert {finding.check for finding in found.findings} >= {"D1", "D3", "D4", "D11"}
    shown = json.dumps(found.to_dict(), ensure_ascii=False).casefold()
    assert raw.casefold() not in shown
    start = raw.casefold()[:8]
    assert start not in shown


def test_a_quotation_cut_off_in_the_middle_is_masked() -> None:
    secret = f"ghp_{TOKEN}"
    masker = Masker(search([row(1, f"token {secret}")]))
    cut = Finding(
        "D2", "warning", 1, "m", "", (), {}, f'"see {secret[:20]}..." and "{secret.lower()[:9]}..." (0.90)'
    )
    assert masker.finding(cut).example == '"see ***..." and "***..." (0.90)'
    whole = Finding(
        "D3", "warning", 1, f"a {secret.upper()}", "", (), {secret: [secret, {"x": secret}], "n": 1}
    )
    assert masker.finding(whole).details == {"ghp_***": ["ghp_***", {"x": "ghp_***"}], "n": 1}


def test_letters_that_fold_to_two_do_not_hide_a_secret() -> None:
    masker = Masker(search([row(1, "password: Straße77x")]))
    assert masker.text("ß ﬁ Straße77X and STRAßE77x") == "ß ﬁ *** and ***"


def test_what_merely_begins_like_a_secret_stays() -> None:
    masker = Masker(search([row(1, "joanna.b@ferries.co.uk")]))
    assert masker.text("joanna went to joan of arc's") == "joanna went to joan of arc's"


snippets = st.sampled_from(
    [text for text, _, _ in PLANTED.values()] + ["@", "-", ".", " ", "4", "+1", "password: "]
)
mixed = st.lists(st.one_of(snippets, st.text(max_size=6)), max_size=6).map("".join)


@given(mixed)
@settings(deadline=None, max_examples=150)
@pytest.mark.unmeasured
def test_masking_and_redacting_a_second_time_change_nothing(text: str) -> None:
    once, blank = mask(text), redacted(text)
    assert mask(once) == once
    assert redacted(blank) == blank
    assert spans(blank) == []


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 ",
        "a.",
        "a@a.",
        "eyJa.",
        "-----BEGIN PRIVATE KEY-----",
        "password: ",
        "key = ",
        "DE89 3704 ",
        "+1 (",
        "://a:",
    ],
)
def test_no_text_takes_more_than_linear_time(piece: str) -> None:
    text = (piece * 1_000_000)[:1_000_000]
    start = time.perf_counter()
    spans(text)
    assert time.perf_counter() - start < 10


def test_many_of_several_kinds_stay_linear() -> None:
    text = "ann@ferry.io 81.2.69.142 202-456-1111 " * 5_000
    start = time.perf_counter()
    assert len(spans(text)) == 15_000
    assert time.perf_counter() - start < 10


@pytest.mark.unmeasured
def test_a_hundred_thousand_rows_take_seconds() -> None:
    rows = [
        row(at, f"My card 4{at:05} was charged twice on 3 May, booking SK-{at:05}", "HALYARD")
        for at in range(100_000)
    ]
    start = time.perf_counter()
    assert search(rows) == []
    assert time.perf_counter() - start < 10


REAL = {
    "classification/banking77_train.jsonl": {},
    "korean/songys_chatbot.jsonl": {},
    "korean/klue_nli_dev.jsonl": {},
    "output_format/restaurant8k_test.jsonl": {},
    "output_format/bfcl_multiple.jsonl": {},
    "output_format/bfcl_simple_python.jsonl": {"email": 4},
    "output_format/text2sql_advising.jsonl": {},
    "domain/pubmedqa_pqal.jsonl": {},
    "dedup/chicago_childcare_true_ids.jsonl": {},
    "formats/openai_drone_training.jsonl": {},
    "summarisation/legal_plain_tosdr.jsonl": {"phone": 1},
    "behaviour/ifeval_input_data.jsonl": {"phone": 2},
}
"""What stands in real files, each looked at by hand: addresses and telephone numbers, and no false alarm."""


def texts_in(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for item in items for text in texts_in(item)]


@pytest.mark.parametrize("name", REAL)
def test_real_files_raise_no_false_alarm(shared_data: Path, name: str) -> None:
    lines = (shared_data / name).read_text(encoding="utf-8").strip().split("\n")
    found = Counter(
        re.sub("^named_", "", span.kind.id)
        for line in lines
        for text in texts_in(json.loads(line))
        for span in spans(text)
    )
    assert found == REAL[name]
