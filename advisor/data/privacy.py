"""Secrets and personal data in rows (rule D11): found, counted, located, and never shown in full.

What counts is a matter of `rubrics/privacy.yaml`. A finding about anything else may quote a row that holds a
secret, whole, folded to lower case or cut off in the middle; so `Masker` knows every value that was found in the
rows, and goes over all that leaves an inspection.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from advisor.data.findings import Finding, Inspection
from advisor.data.rows import Row
from rubrics.data_rules import Severity
from rubrics.privacy_rules import Detector, detectors
from rubrics.text import nfc

_DIGIT_RUN = re.compile(r"[0-9](?:[ .()/-]{0,3}[0-9]){6}")
_PREFIX = re.compile(
    r"AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|sk-(?:ant|proj|svcacct|admin|or)-|sk-|hf_|xox[a-z]-|xapp-"
    r"|hooks\.slack\.com/services/|AIza|GOCSPX-|[sr]k_(?:live|test)_|SG\.|npm_|pypi-|eyJ"
)
_ANCHOR = 4
"""Characters of a value that give it away; a cut-off piece shorter than this is left."""
_KEY_LINE = 10
_TOGETHER = 64
_LONG = 16_384
_MOST_PLACES = 1_000
_MOST_ROUNDS = 10
_MOST_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Span:
    """One secret or personal datum in a text: characters `start` to `end`.

    Attributes:
        example: published as an example, so nobody's.
    """

    start: int
    end: int
    kind: Detector
    example: bool


def spans(text: str, kinds: Sequence[Detector] | None = None) -> list[Span]:
    """Return what is a secret or personal in a text, in its order and without overlaps.

    Args:
        text: of any length; the time is linear in it.
        kinds: what to look for, in this order; None for all.
    """
    found: list[Span] = []
    taken = bytearray()
    for kind in _hinted(text, detectors() if kinds is None else kinds):
        for span in _matches(kind, text):
            taken = taken or bytearray(len(text))
            if not any(taken[span.start : span.end]):
                taken[span.start : span.end] = b"\1" * (span.end - span.start)
                found.append(span)
    return sorted(found, key=lambda span: span.start)


def _hinted(text: str, kinds: Sequence[Detector]) -> list[Detector]:
    """Return the kinds that could occur in a text: substrings are found far faster than patterns."""
    lowered = text.lower()
    has_digits = _DIGIT_RUN.search(text) is not None
    return [
        kind
        for kind in kinds
        if any(has_digits if hint == "digits" else hint in lowered for hint in kind.hints)
    ]


def _matches(kind: Detector, text: str) -> Iterator[Span]:
    for match in kind.pattern.finditer(text):
        start, end = next((match.span(name) for name in match.groupdict() if match[name]), match.span())
        judged = kind.check(text[start:end])
        if kind.id == "iban":
            # Words in capitals after the number look like a part of it.
            while judged == "no" and (cut := text.rfind(" ", start, end)) > start:
                end = cut
                judged = kind.check(text[start:end])
        if judged != "no":
            yield Span(start, end, kind, judged == "example")


def mask(text: str) -> str:
    """Return the text with every secret and personal datum made unreadable, its kind still to be seen.

    Of a card at most the first and the last four digits stay, of an e-mail address two letters, of a key its
    prefix. Masking what is masked changes nothing.
    """
    return _replaced(text, lambda value, kind: _masked(value, kind))


def redacted(text: str) -> str:
    """Return the text with each replaced by its kind, such as `[EMAIL]`; a second time changes nothing."""
    return _replaced(text, lambda value, kind: f"[{kind.placeholder}]")


def _replaced(text: str, write: Callable[[str, Detector], str]) -> str:
    # What is left may stand beside something else now and so be found: again, until nothing is.
    for _ in range(_MOST_ROUNDS):
        parts, at = [], 0
        found = spans(text)
        if not found:
            break
        for span in found:
            parts += [text[at : span.start], write(text[span.start : span.end], span.kind)]
            at = span.end
        text = "".join([*parts, text[at:]])
    return text


def _masked(value: str, kind: Detector) -> str:
    if kind.id == "email":
        local, _, domain = value.rpartition("@")
        return f"{local[: 2 if len(local) > 2 else 0]}***@***.{domain.rpartition('.')[2]}"
    if kind.id == "card":
        return _starred(value, first=4, last=4)
    if kind.id == "iban":
        return value[:2] + _starred(value[2:], first=0, last=4)
    if kind.id in ("phone", "named_phone"):
        return _starred(value, first=0, last=2)
    if kind.id == "private_key":
        return f"{value[: value.find('-----', 5) + 5]} ***"
    if kind.group == "personal":
        return _starred(value, first=0, last=0)
    prefix = _PREFIX.match(value)
    return (prefix[0] if prefix and len(prefix[0]) * 2 < len(value) else "") + "***"


def _starred(value: str, *, first: int, last: int) -> str:
    """Put a star for each letter and digit but the first and last few; separators stay."""
    places = [at for at, character in enumerate(value) if character.isalnum()]
    kept = {*places[:first], *places[len(places) - last :]}
    return "".join("*" if at in places and at not in kept else c for at, c in enumerate(value))


def fields_of(row: Row) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each field of a row."""
    for at, turn in enumerate(row.messages):
        yield f"messages[{at}]", turn["content"]
    yield "answer", row.answer
    for at, text in enumerate(row.answers):
        if text != row.answer:
            yield f"answers[{at}]", text


@dataclass(frozen=True, slots=True)
class Found:
    """One secret or personal datum of a file: where it stands, and what it is."""

    row: str
    field: str
    value: str
    kind: Detector
    example: bool


def search(rows: Sequence[Row]) -> list[Found]:
    """Return every secret and personal datum of the rows, in their order."""
    found: list[Found] = []
    for start in range(0, len(rows), _TOGETHER):
        fields = [(row.id, *field) for row in rows[start : start + _TOGETHER] for field in fields_of(row)]
        # Most rows hold nothing of the kind, and many are ruled out at once.
        short = sum(len(text) for _, _, text in fields) <= _LONG
        kinds = _hinted("\n".join(text for _, _, text in fields), detectors()) if short else detectors()
        if kinds:
            found += [
                Found(row, field, text[span.start : span.end], span.kind, span.example)
                for row, field, text in fields
                for span in spans(text, kinds)
            ]
    return found


def privacy_findings(found: Sequence[Found]) -> Iterator[Finding]:
    """Count and locate what was found, one finding a kind; published examples apart (D11)."""
    groups: dict[tuple[str, bool], list[Found]] = defaultdict(list)
    for item in found:
        groups[_named(item.kind), item.example].append(item)
    for (_, example), items in groups.items():
        yield _finding(items, example=example)


def _named(kind: Detector) -> str:
    """Phone numbers are one kind for a person, however they were recognised."""
    return "phone" if kind.id == "named_phone" else kind.id


def _finding(items: Sequence[Found], *, example: bool) -> Finding:
    kind = items[0].kind
    rows = tuple(dict.fromkeys(item.row for item in items))
    distinct = Counter(item.value for item in items)
    places = Counter((item.row, item.field) for item in items)
    shown = list(dict.fromkeys(_masked(value, kind) for value in distinct))[:_MOST_EXAMPLES]
    severity: Severity = "info" if example else kind.severity
    note = " that were published as examples" if example else ""
    message = f"{len(items)} {kind.what}{note} in {len(rows)} rows ({len(distinct)} different)"
    details = {
        "kind": _named(kind),
        "group": kind.group,
        "published_example": example,
        "occurrences": len(items),
        "distinct": len(distinct),
        "fields": dict(Counter("answer" if i.field.startswith("answer") else "prompt" for i in items)),
        "places": [
            {"row": row, "field": field, "count": count}
            for (row, field), count in list(places.items())[:_MOST_PLACES]
        ],
        "places_listed": min(len(places), _MOST_PLACES),
        "masked": shown,
        "source": kind.source,
    }
    return Finding("D11", severity, len(items), message, _advice(kind, example), rows, details, shown[0])


def _advice(kind: Detector, example: bool) -> str:
    if example:
        return ""
    if kind.group == "secret":
        return "withdraw them where they were issued, and take them out: a tuned model can repeat what it was trained on"
    return "take them out or replace them by a placeholder, unless the task needs them: a tuned model can repeat them"


class Masker:
    """Makes the values that were found in rows unreadable wherever they are quoted.

    A quotation may be folded to lower case or cut off, and then no longer look like what it is; so the values
    themselves are looked for, by their first characters.
    """

    def __init__(self, found: Iterable[Found]) -> None:
        self._by_start: dict[str, dict[str, str]] = defaultdict(dict)
        for item in found:
            flat = " ".join(nfc(item.value).split())
            self._know(flat, _masked(flat, item.kind))
            for line in flat.split() if item.kind.id == "private_key" else ():
                # Any line of a key is secret, and quoting may write the line ends in another way.
                if len(line) >= _KEY_LINE:
                    self._know(line, "***")

    def _know(self, value: str, written: str) -> None:
        if len(value) >= _ANCHOR:
            folded = _folded(value)
            self._by_start[folded[:_ANCHOR]].setdefault(folded, written)

    def __bool__(self) -> bool:
        """Whether there is anything to mask."""
        return bool(self._by_start)

    def text(self, text: str) -> str:
        """Return a text with every known value, and all else that looks like one, masked."""
        return mask(self._without_known(text))

    def _without_known(self, text: str) -> str:
        folded = _folded(text)
        parts, at, done = [], 0, 0
        while at + _ANCHOR <= len(folded):
            values = self._by_start.get(folded[at : at + _ANCHOR])
            length, written = _quoted_at(folded, at, values) if values else (0, "")
            if length:
                parts += [text[done:at], written]
                at = done = at + length
            else:
                at += 1
        return "".join([*parts, text[done:]]) if parts else text

    def anything(self, value: Any) -> Any:
        """Return a JSON value with all its texts masked, keys of objects included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.anything(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.anything(item) for item in value]
        return value

    def finding(self, finding: Finding) -> Finding:
        """Return a finding that shows none of the values."""
        return replace(
            finding,
            message=self.text(finding.message),
            fix=self.text(finding.fix),
            details=self.anything(finding.details),
            example=self.text(finding.example),
        )

    def inspection(self, inspection: Inspection) -> Inspection:
        """Return an inspection that shows none of the values; the rows' ids stay."""
        return replace(
            inspection,
            findings=tuple(self.finding(finding) for finding in inspection.findings),
            statistics=self.anything(inspection.statistics),
        )


def _folded(text: str) -> str:
    """Fold case and keep the length: a sharp s stays one character."""
    folded = text.casefold()
    if len(folded) == len(text):
        return folded
    return "".join(c.casefold() if len(c.casefold()) == 1 else c for c in text)


def _quoted_at(folded: str, at: int, values: Mapping[str, str]) -> tuple[int, str]:
    """Say how many characters from `at` quote one of the values, whole or cut off, and what to write instead."""
    for value, written in sorted(values.items(), key=lambda item: -len(item[0])):
        if folded.startswith(value, at):
            return len(value), written
        same = _common_length(folded, at, value)
        if same >= _ANCHOR and re.match(r'(?:\.\.\.|…)?[\'"]?\s*(?:$|[(/]|and\b)', folded[at + same :][:8]):
            return same, "***"
    return 0, ""


def _common_length(text: str, at: int, value: str) -> int:
    for length, character in enumerate(value):
        if text[at + length : at + length + 1] != character:
            return length
    return len(value)
