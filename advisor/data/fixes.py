"""What `advisor data fix` can do, by name: which are safe unasked, which rule each serves, what each needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from advisor.texts import N_
from rubrics.errors import Fault


@dataclass(frozen=True, slots=True)
class Fix:
    """One fix.

    Attributes:
        name: as `--rule` takes it.
        check: the data rule that it serves, `D1` to `D12`.
        safe: applied without being asked for, since it changes form and no meaning.
        text: what it does, for `--list` and for the summary; marked for translation.
        needs: flags without which it cannot work.
    """

    name: str
    check: str
    safe: bool
    text: str
    needs: tuple[str, ...] = ()


FIXES = (
    Fix(
        "mojibake", "D12", True, N_("mend text that was decoded wrongly (caf\u00c3\u00a9 becomes caf\u00e9)")
    ),
    Fix("unicode", "D6", True, N_("compose characters (Unicode NFC)")),
    Fix("spaces", "D6", True, N_("remove zero-width characters, make non-breaking blanks ordinary ones")),
    Fix("line-ends", "D6", True, N_("end lines with \\n alone")),
    Fix("trim", "D6", True, N_("remove white space around each text")),
    Fix("quotes", "D6", False, N_("make curly quotes straight")),
    Fix("redact", "D11", False, N_("replace secrets and personal data by what they are, as [EMAIL]")),
    Fix(
        "json-keys",
        "D6",
        True,
        N_("write JSON answers with their keys in the commonest order, values unchanged"),
    ),
    Fix("lower-labels", "D6", False, N_("write labels in lower case, where answers are a closed set")),
    Fix("labels", "D6", True, N_("write each label in its commonest form, where answers are a closed set")),
    Fix("label-spelling", "D6", False, N_("as labels, and write likely misspellings as the common label")),
    Fix("placeholders", "D12", False, N_("drop rows whose answer is a placeholder (None, TODO)")),
    Fix("too-long", "D7", False, N_("drop rows over --max-length"), ("--max-length", "--model")),
    Fix(
        "leaks",
        "D4",
        False,
        N_("drop rows that stand in the other file (--against) too, exactly or nearly"),
        ("--against",),
    ),
    Fix("conflicts", "D3", False, N_("drop every row of a prompt that has different answers")),
    Fix(
        "conflicts-majority",
        "D3",
        False,
        N_("keep the answer that most rows of a prompt give; no majority, none"),
    ),
    Fix("duplicates", "D1", True, N_("drop rows that repeat an earlier row")),
    Fix("near-duplicates", "D2", False, N_("keep the first row of each group of near duplicates")),
)
"""In the order in which they are applied: texts first, since equal texts show only then, rows last."""

BY_NAME: Mapping[str, Fix] = {fix.name: fix for fix in FIXES}


def chosen(names: Iterable[str], *, all_safe: bool) -> tuple[Fix, ...]:
    """Return the fixes of these names in the order of their work; without names, the safe ones.

    Raises:
        Fault: there is no fix of a name, or two of them contradict each other.
    """
    asked = set(names)
    unknown = sorted(asked - BY_NAME.keys())
    if unknown:
        fix = f"Choose of: {', '.join(BY_NAME)}; `advisor data fix --list` says what each does."
        raise Fault(f"there is no fix named {unknown[0]!r}", where="--rule", fix=fix)
    if {"conflicts", "conflicts-majority"} <= asked:
        what = "conflicts drops all rows of a prompt, conflicts-majority keeps some"
        raise Fault(what, where="--rule", fix="Choose one of the two.")
    return tuple(fix for fix in FIXES if fix.name in asked or (fix.safe and (all_safe or not asked)))


_KINDS = {
    "stray white space": "trim",
    "stray white space in prompts": "trim",
    "invisible characters in answers": "spaces",
    "invisible characters in prompts": "spaces",
    "Unicode forms of answers": "unicode",
    "Unicode forms of prompts": "unicode",
    "line ends": "line-ends",
    "style: quotes": "quotes",
    "order of JSON keys": "json-keys",
    "spacing of JSON": "json-keys",
    "variants of a label": "labels",
    "spelling of a label": "label-spelling",
    "overlong": "too-long",
    "placeholder answers": "placeholders",
    "mojibake in answers": "mojibake",
    "mojibake in prompts": "mojibake",
}
_WHOLE = {
    "D1": "duplicates",
    "D2": "near-duplicates",
    "D3": "conflicts-majority",
    "D4": "leaks",
    "D11": "redact",
}


def fix_for(finding: Mapping[str, Any]) -> Fix | None:
    """Return the fix that mends a finding, or None where only a person can."""
    name = _WHOLE.get(finding["check"]) or _KINDS.get(finding["details"].get("kind", ""), "")
    return BY_NAME.get(name)
