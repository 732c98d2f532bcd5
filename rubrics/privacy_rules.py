"""What counts as a secret or as personal data (rule D11): the kinds of `privacy.yaml`, and the checks they name.

A pattern alone cries wolf: sixteen digits are an order number more often than a card. So where a kind has check
digits, number ranges or a numbering plan, a match must hold against them. Check digits come from python-stdnum and
numbering plans from phonenumbers, which loads only when a text holds something like a phone number. The large
detectors were weighed and left: presidio needs a spaCy model for what is asked here, detect-secrets knows no
personal data and works on files.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal, get_args

from rubrics.data_rules import Severity

Group = Literal["secret", "personal"]
Judgement = Literal["no", "yes", "example"]
"""Of a match: it is none; it is one; it is one that was published as an example and belongs to nobody."""

_FIELDS = {"id", "what", "group", "placeholder", "severity", "hints", "pattern", "check", "source"}
_EXAMPLE_DOMAIN = re.compile(
    r"(?:^|[.@])(?:example\.(?:com|org|net)|test|example|invalid|localhost)$", re.IGNORECASE
)
_FILE_ENDINGS_TEXT = "png jpg jpeg gif svg webp ico css js ts py txt json yaml yml md html pdf zip"
_FILE_ENDINGS = frozenset(_FILE_ENDINGS_TEXT.split())
_NOT_PASSWORDS_TEXT = (
    "password passwords passwort required optional string none null true false example changeme "
    "placeholder your_password yourpassword your-password mypassword protected incorrect invalid wrong "
    "correct expired hidden secret username character characters redacted masked 비밀번호"
)
_NOT_PASSWORDS = frozenset(_NOT_PASSWORDS_TEXT.split())
_TEST_CARDS_TEXT = (
    "4111111111111111 4242424242424242 4012888888881881 4000056655665556 4222222222222 "
    "5555555555554444 5105105105105100 5200828282828210 2223003122003222 378282246310005 "
    "371449635398431 6011111111111117 6011000990139424 3530111333300000 3566002020360505 "
    "30569309025904 38520000023237"
)
_TEST_CARDS = frozenset(_TEST_CARDS_TEXT.split())
_CARD_SHAPES = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|[68]\d)\d{11}|(?:6011|64[4-9]\d|65\d\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14,17}"
)
_CARD_GROUPS = ([4, 4, 4, 4], [4, 6, 5], [4, 6, 4], [4, 4, 4, 4, 3], [6, 13])
_LEAST_ENTROPY = 3.0
_LATE_RRN = "201001"
_DIGIT_RUNS = ("01234567890123456789", "98765432109876543210")


@dataclass(frozen=True, slots=True)
class Detector:
    """One kind of secret or of personal data.

    Attributes:
        id: the kind, as findings name it.
        what: for a message, in the plural.
        group: `secret` opens something, `personal` points to a person.
        placeholder: what stands for it in a mended file, without brackets.
        severity: of a finding of this kind.
        hints: one of them stands in the lower-cased text, or the pattern is not tried.
        pattern: where it could be; a group named `value...` is the part that is masked.
        check: whether a match is one, from the whole match and the value.
        source: where the shape comes from.
    """

    id: str
    what: str
    group: Group
    placeholder: str
    severity: Severity
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    check: Callable[[str], Judgement]
    source: str


@cache
def detectors() -> tuple[Detector, ...]:
    """Return the kinds in the order in which they are looked for.

    Raises:
        ValueError: the packaged file is not a list of complete entries with distinct ids.
    """
    import yaml

    text = resources.files("rubrics").joinpath("privacy.yaml").read_text(encoding="utf-8")
    found = tuple(_detector(entry) for entry in yaml.safe_load(text))
    if len({detector.id for detector in found}) != len(found):
        raise ValueError("privacy.yaml: an id stands twice")
    return found


def _detector(entry: Any) -> Detector:
    if not isinstance(entry, dict) or set(entry) != _FIELDS:
        raise ValueError(f"privacy.yaml: a kind has exactly the fields {sorted(_FIELDS)}, found {entry!r}")
    if entry["severity"] not in get_args(Severity) or entry["group"] not in get_args(Group):
        raise ValueError(f"privacy.yaml: {entry['id']}: unknown severity or group")
    if entry["check"] and entry["check"] not in CHECKS:
        raise ValueError(f"privacy.yaml: {entry['id']}: no such check: {entry['check']}")
    return Detector(
        id=entry["id"],
        what=entry["what"],
        group=entry["group"],
        placeholder=entry["placeholder"],
        severity=entry["severity"],
        hints=tuple(entry["hints"]),
        pattern=re.compile(entry["pattern"], re.ASCII),
        check=CHECKS[entry["check"]] if entry["check"] else _always,
        source=entry["source"],
    )


def _always(value: str) -> Judgement:
    return "yes"


def _aws_key(value: str) -> Judgement:
    return "example" if value.endswith("EXAMPLE") else "yes"


def _random_text(value: str) -> Judgement:
    """Keys are drawn at random: letters and digits, and few characters repeated."""
    if not (re.search(r"[0-9]", value) and re.search(r"[A-Za-z]", value)):
        return "no"
    if _entropy(value) < _LEAST_ENTROPY:
        return "no"
    return "example" if "EXAMPLE" in value.upper() else "yes"


def _entropy(text: str) -> float:
    """Return the Shannon entropy of the characters, in bits a character."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


def _jwt(value: str) -> Judgement:
    import base64
    import json

    head = value.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError:
        return "no"
    return "yes" if isinstance(header, dict) and "alg" in header else "no"


def _password(value: str) -> Judgement:
    """A word is more often about passwords than one; marks of a variable or a blank are none."""
    bare = value.strip(".!?:;,*").casefold()
    if bare in _NOT_PASSWORDS or bare.startswith("your") or value[0] in "[<{$%(*" or len(set(bare)) < 3:
        return "no"
    return "yes" if re.search(r"[^a-z\W]|[!@#$%^&*?+~_]", value.rstrip(".!?:;,")) else "no"


def _email(value: str) -> Judgement:
    local, _, domain = value.rpartition("@")
    if domain.rpartition(".")[2].lower() in _FILE_ENDINGS or (local == "git" and "." in domain):
        return "no"
    return "example" if _EXAMPLE_DOMAIN.search("@" + domain) else "yes"


def _digits(value: str) -> str:
    return re.sub(r"[^0-9]", "", value)


def _card(value: str) -> Judgement:
    from stdnum import luhn

    number, sizes = _digits(value), [len(part) for part in re.split(r"[ -]", value)]
    if (sizes not in _CARD_GROUPS and len(sizes) > 1) or len(set(re.findall(r"[ -]", value))) > 1:
        return "no"
    if number in _TEST_CARDS:
        return "example"
    is_card = _CARD_SHAPES.fullmatch(number) and luhn.is_valid(number) and len(set(number)) > 2
    return "yes" if is_card else "no"


def _iban(value: str) -> Judgement:
    from stdnum import iban

    return "yes" if iban.is_valid(value) else "no"


def _us_ssn(value: str) -> Judgement:
    from stdnum.us import ssn

    if value in ("078-05-1120", "219-09-9999", "123-45-6789"):
        return "example"
    return "yes" if ssn.is_valid(value) else "no"


def _kr_rrn(value: str) -> Judgement:
    """Check digit and birthday; numbers issued to those born since October 2020 have no check digit."""
    from stdnum.exceptions import ValidationError
    from stdnum.kr import rrn

    if rrn.is_valid(value):
        return "yes"
    try:
        rrn.get_birth_date(value)
    except ValidationError:
        return "no"
    return "yes" if value[7] in "3478" and value[:6] >= _LATE_RRN else "no"


def _phone(value: str) -> Judgement:
    import phonenumbers

    number = _digits(value)
    region = None if value.startswith("+") else "KR" if number.startswith("0") else "US"
    try:
        parsed = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return "no"
    if re.fullmatch(r"1?[2-9]\d\d55501\d\d", number) or any(number[-8:] in run for run in _DIGIT_RUNS):
        return "example"
    return "yes" if phonenumbers.is_valid_number(parsed) else "no"


def _public_ip(value: str) -> Judgement:
    """Fewer than seven digits are a version or a paragraph more often than an address."""
    import ipaddress

    if len(_digits(value)) < 7:
        return "no"

    try:
        address = ipaddress.IPv4Address(value)
    except ValueError:
        return "no"
    return "yes" if address.is_global and not address.is_multicast else "no"


CHECKS: Mapping[str, Callable[[str], Judgement]] = MappingProxyType(
    {
        "aws_key": _aws_key,
        "card": _card,
        "email": _email,
        "iban": _iban,
        "jwt": _jwt,
        "kr_rrn": _kr_rrn,
        "password": _password,
        "phone": _phone,
        "public_ip": _public_ip,
        "random_text": _random_text,
        "us_ssn": _us_ssn,
    }
)
"""The functions that `privacy.yaml` names, from the text of a value to a judgement."""
