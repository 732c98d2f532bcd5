"""The table of secrets and personal data is complete, and its checks keep what others publish."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
import yaml

from rubrics import privacy_rules
from rubrics.privacy_rules import CHECKS, detectors


def entries() -> list[dict[str, Any]]:
    text = resources.files("rubrics").joinpath("privacy.yaml").read_text(encoding="utf-8")
    return list(yaml.safe_load(text))


def test_every_kind_has_its_source_and_every_check_is_used() -> None:
    assert all(
        detector.source and detector.hints and detector.placeholder.isupper() for detector in detectors()
    )
    assert {entry["check"] for entry in entries()} - {""} == CHECKS.keys()


@pytest.mark.parametrize(
    "change",
    [{"severity": "bad"}, {"group": "other"}, {"check": "nothing"}, {"surplus": 1}],
)
def test_an_incomplete_entry_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"privacy\.yaml"):
        privacy_rules._detector({**entries()[0], **change})


@pytest.mark.parametrize(
    ("check", "value", "judged"),
    [
        ("card", "5019717010103742", "no"),  # Dankort: no scheme of the table
        ("card", "5425 2334 3010 9903", "yes"),
        ("card", "2223000048410010", "yes"),
        ("card", "3742 454554 00126", "yes"),
        ("card", "3742-4545-5400-126", "no"),
        ("card", "4242 4242 4242 4242", "example"),
        ("iban", "GB82 WEST 1234 5698 7654 32", "yes"),
        ("iban", "GB82WEST12345698765432", "yes"),
        ("iban", "GB83 WEST 1234 5698 7654 32", "no"),
        ("us_ssn", "078-05-1120", "example"),
        ("us_ssn", "000-12-3456", "no"),
        ("kr_rrn", "971013-9019902", "yes"),
        ("kr_rrn", "971313-9019902", "no"),
        ("phone", "+82 2 312 3456", "yes"),
        ("phone", "+1 555 123", "no"),
        ("phone", "212-555-0123", "example"),
        ("public_ip", "8.8.8.8", "no"),
        ("public_ip", "172.16.254.1", "no"),
        ("public_ip", "151.101.65.140", "yes"),
        ("email", "me@sub.example.org", "example"),
        ("email", "a@photo.png", "no"),
        ("password", "letmein99", "yes"),
        ("password", "required", "no"),
        ("random_text", "aaaaaaaaaaaaaaaa1", "no"),
        ("jwt", "eyJub3QiOiJhIGp3dCJ9", "no"),
    ],
)
def test_published_values_are_judged_rightly(check: str, value: str, judged: str) -> None:
    assert CHECKS[check](value) == judged
