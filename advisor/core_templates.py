"""What the core says, in the language of the person: its sentences are recognised and said again, not composed again.

Verdicts, findings, cautions and faults are composed in English where they arise, and stay so in artefacts and
events, since scripts and reports rely on them. The catalogue `core` lists the templates of all of them, read from
the sources by `python tests/catalogues.py`: literal words with a field for each value. Here a text is laid against
those templates; the values are taken out of it, told too where they are phrases of the core, and filled into the
translation.

Fields of a template: `{name}` any value; `{name:n}` a number; `{name!r}` a value in quotes, which is a person's own.
"""

from __future__ import annotations

import re
import struct
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from importlib.resources import files

from advisor.korean import is_broken, with_particles

FIELD = re.compile(r"\{([a-z]\w*)(:n|!r)?\}")
_EDGE = " \t\n,;:"
_BEFORE = re.compile(r"^[\s,;:.]*(?:(?:and|or|but)\s+)?")
_NUMBER = r"[-+−]?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?%?|[-+]?inf|nan"
_WORD = re.compile(r"[A-Za-z][A-Za-z'’]+")
# Words of a value that nobody would translate: in quotes, code, names with marks or capitals within, paths.
_OWN = re.compile(
    r"'[^']*'|\"[^\"]*\"|`[^`]*`|\S*[\w-]*[_/\\.@=<>{}\[\]]\w\S*|--\S+|\b\w*[A-Z\d]\w*[A-Z\d]\w*\b"
)
_QUOTED = re.compile(r"(?<!\w)([\"'])((?<=\")[^\"\n]+|(?<=')[^'\n]+)\1(?!\w)")
# Characters for private use, of which no text has any.
_FIRST_MASK, _MOST_MASKS = 0xE000, 1000
_MASK = re.compile(f"[{chr(_FIRST_MASK)}-{chr(_FIRST_MASK + _MOST_MASKS)}]")
_SENTENCES = re.compile(r"(\s*\n\s*|(?<=[.!?])\s+)")
# Where one of several problems of a row ends; no value reaches over it.
_PROBLEMS = re.compile(r";\s+(?=[\w.\[\]]+: expected )")
# Where sentences are made of parts.
_PARTS = re.compile(
    r"(\s*\[[-+\d., %]*\]\s*|\s*[;:]\s+|(?:^|\s+)\(|\)(?:\s+|(?=[,;:.])|$)|,\s+(?:(?:and|or|but)\s+)?|\s+(?:and|or|but)\s+)"
)
_SENTENCE_END = re.compile(r"[.!?]\s+[A-Z]")
# A template with fewer words of its own says little, and holds only where all its values are known.
_FEW_WORDS = 2
# One with this many is meant, whatever its values are.
_MANY_WORDS = 4
_TOUCHING = re.compile(r"[\w'’]*\0[\w'’]*")
_QUOTES = "'\"`"
_NAMES_FOLLOW = re.compile(
    r"\b(?:[Kk]nown are|[Oo]ne of|The rows have|metrics:|that can:|server offers|the (?:tags|thresholds|fields)|order \(|Choose of:) $"
)
# Brackets and what is in them belong to one value.
_VALUE = r"(?:\[[^\[\]]*\]|\([^()]*\)|[^\[\]()])"
# Where one field touches another the second is left out, or the two meet at a mark or a small word.
_AT_A_JOINT = r"(?:(?<=[,;:.]\s)|(?=\s?[,;:(.\n]|\s(?:and|or|but)\s))"
_SHORT, _LONG, _ANY = _VALUE + "*?", _VALUE + "*", ".*?"
# Parts that a template may span within a longer text.
_LONGEST = 6
# Names in a text that a template of one word may have.
_MOST_UNKNOWN = 3


def trimmed(text: str) -> str:
    """A text without the marks, blanks and small words at its edges that only join it to its neighbours."""
    return _BEFORE.sub("", text).rstrip(_EDGE)


@dataclass(frozen=True)
class Template:
    """One way in which the core says something, without its last full stop.

    Attributes:
        translation: with the same fields.
        words: those of its own by which it is found, in small letters; one that touches a field may be part of a longer
            one and is left out.
        size: how many words of its own it has.
    """

    source: str
    translation: str
    words: tuple[str, ...]
    size: int
    _patterns: dict[str, re.Pattern[str]] = field(default_factory=dict, repr=False, compare=False)

    @staticmethod
    def of(source: str, translation: str) -> Template:
        """Make a template of an entry of the catalogue."""
        source, translation = _bare(trimmed(source)), _bare(translation)
        words = _WORD.findall(_TOUCHING.sub(" ", FIELD.sub("\0", source)))
        size = len(_WORD.findall(FIELD.sub(" ", source)))
        return Template(source, translation, tuple(word.lower() for word in words), size)

    @cached_property
    def is_divided(self) -> bool:
        """Whether a text could be shared out among the fields in several ways."""
        return len([place for place in FIELD.finditer(self.source) if place[2] != ":n"]) > 1

    def values_in(self, text: str) -> Iterator[Mapping[str, str]]:
        """The values of a text of this template, in each of the ways in which they can be told apart."""
        found: list[Mapping[str, str]] = []
        for any_value in (_SHORT, _LONG, _ANY) if self.is_divided else (_ANY,):
            match = self._pattern(any_value).fullmatch(text)
            if match and match.groupdict() not in found:
                found.append(match.groupdict())
                yield found[-1]

    def _pattern(self, any_value: str) -> re.Pattern[str]:
        if any_value in self._patterns:
            return self._patterns[any_value]
        pattern, at = "", 0
        for place in FIELD.finditer(self.source):
            name = place[1]
            values = _NUMBER if place[2] == ":n" else any_value
            pattern += _literal(self.source[at : place.start()], first=at == 0)
            if place.start() == at > 0:
                values = f"(?:{_AT_A_JOINT}{values})?"
            elif self.source[place.end() : place.end() + 1] == "{" and not place[2]:
                values = f"(?=.){values}"
            pattern += f"(?P={name})" if f"(?P<{name}>" in pattern else f"(?P<{name}>{values})"
            at = place.end()
        pattern += _literal(self.source[at:], first=at == 0)
        return self._patterns.setdefault(any_value, re.compile(pattern, re.DOTALL))

    @cached_property
    def opaque(self) -> frozenset[str]:
        """Fields whose values stay as they are: those in quotes, and lists of names to be typed."""
        text = f" {self.source} "
        return frozenset(
            place[1]
            for place in FIELD.finditer(text)
            if place[2] == "!r"
            or (text[place.start() - 1] in _QUOTES and text[place.end()] in _QUOTES)
            or _NAMES_FOLLOW.search(text[: place.start()])
        )


@dataclass(frozen=True, slots=True)
class Told:
    """A text said again.

    Attributes:
        unknown: how many of its words stayed English.
        settled: whether no better way is to be looked for, as what stayed English are single names.
    """

    text: str
    unknown: int
    settled: bool = False


@lru_cache(maxsize=4096)
def said_again(text: str, name: str) -> Told:
    """Say a text of the core in a language that has a catalogue; see `told`."""
    templates = Templates.of(name)
    masked, quoted = _masked(text, templates.quoted)
    telling = Telling(templates)
    parts = [telling.tell(part) for part in _PROBLEMS.split(masked)]
    said = Told("; ".join(part.text for part in parts), sum(part.unknown for part in parts))
    filled = with_particles(said.text) if name == "ko" else said.text
    return replace(said, text=_MASK.sub(lambda mask: quoted[ord(mask[0]) - _FIRST_MASK], filled))


@dataclass(frozen=True)
class Templates:
    """The templates of a language, found by their rarest word."""

    by_word: Mapping[str, Sequence[Template]]
    wordless: Sequence[Template]
    quoted: frozenset[str]

    @staticmethod
    @cache
    def of(name: str) -> Templates:
        """Those of a language that has a catalogue."""
        templates = [Template.of(*entry) for entry in core_catalogue(name).items()]
        frequency = Counter(word for template in templates for word in set(template.words))
        by_word: dict[str, list[Template]] = defaultdict(list)
        for template in templates:
            rarest = min(template.words, key=lambda word: frequency[word], default="")
            by_word[rarest].append(template)
        quoted = frozenset(found[2] for one in templates for found in _QUOTED.finditer(one.source))
        return Templates(by_word, tuple(by_word.pop("", ())), quoted)

    def near(self, text: str) -> list[Template]:
        """Those whose words a text has, the wordiest first."""
        words = {word.lower() for word in _WORD.findall(text)}
        found = [one for word in words for one in self.by_word.get(word, ()) if words.issuperset(one.words)]
        return [*sorted(found, key=lambda one: -one.size), *(self.wordless if text[:1].isdigit() else ())]


class Telling:
    """One text being said again; what was found of its parts is kept, since parts are looked at again and again."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self._wholes: dict[str, Told | None] = {}
        self._told: dict[str, Told] = {}

    def tell(self, text: str) -> Told:
        """Say a text again in the way that leaves fewest of its words English: as a whole, or part by part."""
        if text not in self._told:
            self._told[text] = self._parted(
                text, _SENTENCES, lambda one: self._parted(one, _PARTS, _as_it_is)
            )
        return self._told[text]

    def _parted(self, text: str, joints: re.Pattern[str], otherwise: Callable[[str], Told]) -> Told:
        """Say a text again part by part, where several parts together may be a case of one template."""
        whole = self.whole(text)
        if whole and whole.settled:
            return whole
        pieces = joints.split(text)
        # best[at]: the first `at` parts in the way that leaves fewest words English.
        best = [Told("", 0)]
        for end in range(1, len(pieces) + 1, 2):
            best.append(
                min(
                    (
                        _joined(best[start // 2], pieces[start - 1] if start else "", said)
                        for start in _starts(end, len(pieces))
                        if (
                            said := self._part(
                                "".join(pieces[start:end]), otherwise if end - start == 1 else None
                            )
                        )
                    ),
                    key=lambda way: way.unknown,
                )
            )
        return whole if whole and whole.unknown <= best[-1].unknown else best[-1]

    def _part(self, text: str, otherwise: Callable[[str], Told] | None) -> Told | None:
        whole = self.whole(text)
        if otherwise is None or (whole and whole.settled):
            return whole
        alone = otherwise(text)
        return whole if whole and whole.unknown <= alone.unknown else alone

    def whole(self, text: str) -> Told | None:
        """Say a text again that is a case of one template; the one that knows most of it."""
        if text not in self._wholes:
            self._wholes[text] = None
            self._wholes[text] = self._whole(text)
        return self._wholes[text]

    def _whole(self, text: str) -> Told | None:
        before, inner, after = _edges(text)
        best: Told | None = None
        for template in self._templates.near(inner):
            for values in template.values_in(inner):
                told = self._filled(template, values)
                if told and (best is None or told.unknown < best.unknown):
                    best = told
            if best and best.settled:
                break
        return best and Told(_joint_in_korean(before, "") + best.text + after, best.unknown, best.settled)

    def _filled(self, template: Template, values: Mapping[str, str]) -> Told | None:
        """The translation with its values; None where the values show that the text is none of its cases."""
        told = {
            name: Told(value, 0) if name in template.opaque else self.tell(value)
            for name, value in values.items()
        }
        if any(
            (one.unknown or one.text == values[name]) and _SENTENCE_END.search(values[name])
            for name, one in told.items()
        ):
            return None
        unknown = sum(one.unknown for one in told.values())
        if template.size < _FEW_WORDS and values and not _is_likely(template, told, values, unknown):
            return None
        text = FIELD.sub(lambda place: told[place[1]].text, template.translation)
        if not all(values.values()):
            text = re.sub(r"(?<=\S) +(?=[,.;:)])|(?<= ) +", "", text)
        if is_broken(text):
            return None
        names = [values[name] for name, one in told.items() if one.unknown]
        settled = not names or (template.size >= _MANY_WORDS and not any(map(_PARTS.search, names)))
        return Told(text, unknown, settled)


def _starts(end: int, last: int) -> Iterator[int]:
    """Where parts that end at a place may begin: near it, or at the border of the text, since lists can be long."""
    nearest = 0 if end == last else max(0, end - 2 * _LONGEST + 1)
    if nearest > 0:
        yield 0
    yield from range(nearest + nearest % 2, end, 2)


def _is_likely(template: Template, told: Mapping[str, Told], values: Mapping[str, str], unknown: int) -> bool:
    """Whether a template with hardly a word of its own is meant: what it joins is known, a number or in quotes."""
    if unknown > template.size * _MOST_UNKNOWN or any(_PARTS.search(value) for value in values.values()):
        return False
    return any(one.text != values[name] for name, one in told.items()) or (
        template.size > 0
        and all(name in template.opaque or re.fullmatch(_NUMBER, value) for name, value in values.items())
    )


def _masked(text: str, known: frozenset[str]) -> tuple[str, list[str]]:
    """Put a sign for what stands in quotes, so that no sentence of the core is sought in it; returns what stood there.

    Args:
        known: what templates have in quotes themselves.
    """
    quoted: list[str] = []

    def sign(found: re.Match[str]) -> str:
        if found[2] in known or len(quoted) == _MOST_MASKS:
            return found[0]
        quoted.append(found[2])
        return f"{found[1]}{chr(_FIRST_MASK + len(quoted) - 1)}{found[1]}"

    return _QUOTED.sub(sign, text), quoted


def _as_it_is(text: str) -> Told:
    return Told(text, len(_WORD.findall(_OWN.sub(" ", text))))


@cache
def core_catalogue(name: str) -> dict[str, str]:
    """The translations of the templates, by template; see `gettext` for the form of the file.

    Raises:
        FileNotFoundError: the language has no such catalogue.
    """
    data = (files("advisor") / "locales" / name / "LC_MESSAGES" / "core.mo").read_bytes()
    order = "<" if data[:4] == b"\xde\x12\x04\x95" else ">"
    count, sources, translations = struct.unpack_from(f"{order}3I", data, 8)

    def text(table: int, index: int) -> str:
        length, start = struct.unpack_from(f"{order}2I", data, table + 8 * index)
        return data[start : start + length].decode()

    entries = {text(sources, index): text(translations, index) for index in range(count)}
    return {source: translation for source, translation in entries.items() if source and translation}


def _literal(text: str, *, first: bool) -> str:
    """A pattern of a template's own words; its first letter may be small or great, as it stands in a sentence."""
    if first and text[:1].isalpha():
        return f"[{text[0].lower()}{text[0].upper()}]{re.escape(text[1:])}"
    return re.escape(text)


def _edges(text: str) -> tuple[str, str, str]:
    """A text parted into what joins it before, itself, and what joins it after with its full stop."""
    inner = trimmed(text)
    start = text.find(inner)
    before, after = text[:start], text[start + len(inner) :]
    kept = _without_stop(inner)
    return before, kept, inner[len(kept) :] + after


def _bare(text: str) -> str:
    """A text without its last full stop, and without the brackets around all of it, which stand at a joint."""
    text = _without_stop(text)
    return text[1:-1] if re.fullmatch(r"\((?:[^()]|\([^()]*\))*\)", text) else text


def _without_stop(text: str) -> str:
    return text[:-1] if text.endswith(".") and not text.endswith("..") else text


def _joined(before: Told, joint: str, after: Told) -> Told:
    return Told(
        before.text + _joint_in_korean(joint, before.text) + after.text, before.unknown + after.unknown
    )


def _joint_in_korean(joint: str, before: str) -> str:
    """A joint between two parts: clauses stand beside each other, names are joined by a word."""
    if joint.strip() == "(":
        return "("
    word = joint.strip(" ,\n")
    if word not in {"and", "or", "but"}:
        return joint
    if before.endswith("다") or word == "but":
        return ", "
    return " 또는 " if word == "or" else " 및 "
