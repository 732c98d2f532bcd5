"""Are JSON answers written in one way (D6)? Keys, their order and spelling, kinds of values, spacing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from advisor.data.findings import Finding, quote
from advisor.data.json_forms import majority_order
from advisor.data.label_forms import misspelt, same_letters
from advisor.data.subject import Subject
from rubrics.data_rules import severity, threshold
from rubrics.phrases import counted
from rubrics.phrases import rows as phrased

_LISTED = 20
"""Groups that a finding lists, the largest first."""


def json_order(subject: Subject) -> Iterator[Finding]:
    """Find objects that list their keys in another order than most."""
    orders = Counter(found.keys for found in subject.profiles.values())
    order = majority_order(orders)
    place = {key: at for at, key in enumerate(order)}
    if not order:
        return
    odd = {keys for keys in orders if [place[key] for key in keys] != sorted(place[key] for key in keys)}
    rows = [at for at, found in subject.profiles.items() if found.keys in odd]
    if not rows:
        return
    groups = [
        {"canonical": sorted(keys, key=place.__getitem__), "variant": list(keys), "rows": orders[keys]}
        for keys in sorted(odd, key=lambda keys: (-orders[keys], keys))[:_LISTED]
    ]
    yield subject.at(rows).finding(
        "D6",
        severity("D6"),
        f"another order of keys in {len(rows):,} of {len(subject.profiles):,} JSON answers",
        f"write the keys in one order ({', '.join(order[:6])}{', ...' if len(order) > 6 else ''})",
        {"kind": "order of JSON keys", "key_order": list(order), "groups": groups},
        quote(subject.answers[rows[0]]),
    )


def json_keys(subject: Subject) -> Iterator[Finding]:
    """Find objects without a key that nearly all have, and keys that are written in several ways."""
    profiles = subject.profiles
    counts = Counter(key for found in profiles.values() for key in found.keys)
    if len(counts) > threshold("D6", "keys_most"):
        # Such keys are data themselves.
        return
    renamed = {**misspelt(counts), **same_letters(counts)}
    if renamed:
        rows = [at for at, found in profiles.items() if not renamed.keys().isdisjoint(found.keys)]
        yield subject.at(rows).finding(
            "D6",
            severity("D6"),
            f"{counted(len(renamed), 'JSON key')} like another way of writing a commoner one ({phrased(len(rows))})",
            "name each key in one way",
            {
                "kind": "variants of a JSON key",
                "groups": [
                    {"canonical": key, "variants": {key: counts[key], form: counts[form]}}
                    for form, key in list(renamed.items())[:_LISTED]
                ],
            },
            quote(subject.answers[rows[0]]),
        )
    usual = threshold("D6", "usual_share") * len(profiles)
    expected = {key for key, count in counts.items() if usual < count < len(profiles)} - renamed.keys()
    rows = [at for at, found in profiles.items() if not expected <= set(found.keys)]
    if rows:
        shares = {key: counts[key] / len(profiles) for key in sorted(expected)}
        named = ", ".join(f"{quote(key)} ({share:.1%} have it)" for key, share in list(shares.items())[:3])
        yield subject.at(rows).finding(
            "D6",
            severity("D6"),
            f"a key that nearly all have is missing in {counted(len(rows), 'JSON answer')}: {named}",
            "add the key with null or an empty value, or leave it out everywhere",
            {"kind": "missing JSON keys", "share_of_rows": shares},
            quote(subject.answers[rows[0]]),
        )


def json_writing(subject: Subject) -> Iterator[Finding]:
    """Find objects that are spaced otherwise than most."""
    counts = Counter(found.spacing for found in subject.profiles.values())
    if len(counts) < 2:
        return
    main = counts.most_common(1)[0][0]
    rows = [at for at, found in subject.profiles.items() if found.spacing != main]
    named = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    yield subject.at(rows).finding(
        "D6",
        severity("D6"),
        f"JSON answers are spaced in different ways: {named}",
        f"write all of them {main}",
        {"kind": "spacing of JSON", "forms": dict(counts.most_common()), "canonical": main},
        quote(subject.answers[rows[0]]),
    )


def json_types(subject: Subject) -> Iterator[Finding]:
    """Find keys whose values are of several kinds, such as numbers that some rows write as text."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for found in subject.profiles.values():
        for key, kind in zip(found.keys, found.kinds, strict=True):
            kinds[key][kind] += 1
    if len(kinds) > threshold("D6", "keys_most"):
        return
    odd = {key: main for key, counts in kinds.items() if (main := _usual_kind(counts))}
    rows = [
        at
        for at, found in subject.profiles.items()
        if any(
            key in odd and not _same(kind, odd[key])
            for key, kind in zip(found.keys, found.kinds, strict=True)
        )
    ]
    if not rows:
        return
    groups: list[dict[str, Any]] = [
        {"key": key, "canonical": main, "variants": dict(kinds[key].most_common())}
        for key, main in list(odd.items())[:_LISTED]
    ]
    first = groups[0]
    yield subject.at(rows).finding(
        "D6",
        severity("D6"),
        f"{counted(len(odd), 'JSON key')} with values of different kinds ({phrased(len(rows))} not of the commonest)",
        f"write each key's values in one way ({quote(first['key'])}: {first['canonical']})",
        {"kind": "kinds of JSON values", "groups": groups},
        quote(subject.answers[rows[0]]),
    )


def _usual_kind(counts: Counter[str]) -> str | None:
    """Return the kind that a key's values should have; None where they already agree, or have no usual kind.

    null stands for any kind, and digits in a text that is no number elsewhere are text.
    """
    known = Counter({kind: count for kind, count in counts.items() if kind != "null"})
    digits = known.get("number as text", 0)
    if digits and "number" not in known:
        known["text"] += known.pop("number as text")
    if len(known) < 2:
        return None
    main, most = known.most_common(1)[0]
    usual = most > threshold("D6", "usual_share") * known.total()
    written_as_text = digits and set(known) == {"number", "number as text"}
    return main if usual or written_as_text else None


def _same(kind: str, main: str) -> bool:
    return kind in (main, "null") or (main == "text" and kind == "number as text")
