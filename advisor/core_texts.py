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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from advisor.korean import with_particles
from advisor.texts import language

FIELD = re.compile(r"\{([a-z]\w*)(:n|!r)?\}")
_EDGE = " \t\n,;:"
_NUMBER = r"[-+−]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?%?|[-+]?inf|nan"
_WORD = re.compile(r"[A-Za-z][A-Za-z'’]+")
# Words of a value that nobody would translate: in quotes, code, names with marks or capitals within, paths.
_OWN = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\S*[\w-]*[_/\\.@=<>{}\[\]]\w\S*|--\S+|\b\w*[A-Z\d]\w*[A-Z\d]\w*\b")
# Where sentences are made of parts, the strongest joint first.
_JOINTS = tuple(
    re.compile(joint)
    for joint in (
        r"(\s*\n\s*)",
        r"((?<=[.!?])\s+)",
        r"(\s*[;:]\s+)",
        r"(\s+\(|\)(?:\s+|(?=[,;:.])|$))",
        r"(,\s+(?:(?:and|or|but)\s+)?)",
        r"(\s+(?:and|or|but)\s+)",
    )
)
_SENTENCE_END = re.compile(r"[.!?]\s+[A-Z]")
# A template with fewer words of its own says little, and holds only where all its values are known.
_FEW_WORDS = 2


def told(text: str) -> str:
    """Return a text of the core in the language in use; what no template of it is known of stays English.

    In English that is the text itself. A text of several sentences or parts is recognised part by part. Takes
    about 100 ms the first time, under a millisecond for a new text and microseconds for a known one. For texts
    that the core composed only: a person's own words, model output and names are not to be passed here.
    """
    name = language()
    return text if name == "en" or not text else _told_in(text, name)


def trimmed(text: str) -> str:
    """A text without the marks and blanks at its edges that only join it to its neighbours."""
    return text.lstrip(f"{_EDGE}.").rstrip(_EDGE)


@dataclass(frozen=True, slots=True)
class Template:
    """One way in which the core says something.

    Attributes:
        pattern: matches such a text without its last full stop, values in groups by name.
        translation: with the same fields, without its last full stop.
        opaque: fields whose values are a person's own.
        words: words of its own, in small letters.
    """

    source: str
    pattern: re.Pattern[str]
    translation: str
    opaque: frozenset[str]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Told:
    """A text with the number of its words that stayed English."""

    text: str
    unknown: int


@lru_cache(maxsize=4096)
def _told_in(text: str, name: str) -> str:
    said = Teller.of(name).tell(text)
    return with_particles(said.text) if name == "ko" else said.text


@dataclass(frozen=True)
class Teller:
    """The templates of a language, found by their rarest word."""

    by_word: Mapping[str, Sequence[Template]]
    wordless: Sequence[Template]

    @staticmethod
    @cache
    def of(name: str) -> Teller:
        """The teller of a language that has a catalogue."""
        templates = [compiled(*entry) for entry in core_catalogue(name).items()]
        frequency = Counter(word for template in templates for word in set(template.words))
        by_word: dict[str, list[Template]] = defaultdict(list)
        for template in templates:
            rarest = min(template.words, key=lambda word: frequency[word], default="")
            by_word[rarest].append(template)
        return Teller(by_word, tuple(by_word.pop("", ())))

    def matching(self, text: str) -> Iterator[tuple[Template, Mapping[str, str]]]:
        """Every template that a text is a case of, with the values."""
        words = {word.lower() for word in _WORD.findall(text)}
        for template in (*(found for word in words for found in self.by_word.get(word, ())), *self.wordless):
            if match := template.pattern.fullmatch(text):
                yield template, match.groupdict()

    def tell(self, text: str) -> _Told:
        """Say a text again, as a whole if that is known, else part by part."""
        return self.whole(text) or self.parts(text, 0)

    def whole(self, text: str) -> _Told | None:
        """Say a text again that is a case of one template."""
        before, inner, after = _edges(text)
        said = [
            (told.unknown, -len(template.words), told.text)
            for template, values in self.matching(inner)
            if (told := self._filled(template, values))
        ]
        if not said:
            return None
        unknown, _, best = min(said)
        return _Told(f"{before}{best}{after}", unknown)

    def parts(self, text: str, strength: int) -> _Told:
        """Say the parts of a text again that are known, parted at joints of a strength or weaker ones."""
        if strength == len(_JOINTS):
            return _Told(text, _unknown_words(text))
        pieces = _JOINTS[strength].split(text)
        if len(pieces) == 1:
            return self.parts(text, strength + 1)
        # best[at]: the pieces before `at` in the way that leaves fewest words English.
        best = [_Told("", 0)]
        for end in range(1, len(pieces) + 1, 2):
            ways = [
                _joined(best[start // 2], pieces[start - 1] if start else "", said)
                for start in range(0, end, 2)
                if (said := self._piece("".join(pieces[start:end]), strength, alone=end - start == 1))
            ]
            best.append(min(ways, key=lambda way: way.unknown))
        return best[-1]

    def _piece(self, text: str, strength: int, *, alone: bool) -> _Told | None:
        whole = self.whole(text)
        return whole or (self.parts(text, strength + 1) if alone else None)

    def _filled(self, template: Template, values: Mapping[str, str]) -> _Told | None:
        """The translation with its values; None where the values show that the text is none of its cases."""
        said, unknown = {}, 0
        for name, value in values.items():
            told = _Told(value, 0) if name in template.opaque else self.tell(value)
            if told.unknown and _SENTENCE_END.search(value):
                return None
            said[name], unknown = told.text, unknown + told.unknown
        if unknown and len(template.words) < _FEW_WORDS:
            return None
        text = FIELD.sub(lambda field: said[field[1]], template.translation)
        return _Told(re.sub(r"(?<=\S) +(?=[,.;:)])|(?<= ) +", "", text), unknown)


def compiled(source: str, translation: str) -> Template:
    """Make a template of an entry of the catalogue."""
    source, translation = _without_stop(trimmed(source)), _without_stop(translation)
    pattern, opaque, own = "", set(), []
    at = 0
    for field in FIELD.finditer(source):
        literal = source[at : field.start()]
        pattern += _literal(literal, first=at == 0)
        own.append(literal)
        name, kind = field[1], field[2]
        if kind == "!r" or (literal[-1:] and literal[-1:] in "'\"`" and source[field.end() :][:1] == literal[-1:]):
            opaque.add(name)
        values = _NUMBER if kind == ":n" else r".*?"
        pattern += f"(?P={name})" if f"(?P<{name}>" in pattern else f"(?P<{name}>{values})"
        at = field.end()
    pattern += _literal(source[at:], first=at == 0)
    own.append(source[at:])
    # A word that touches a field may be the end of another word in the text.
    words = _WORD.findall(re.sub(r"[\w'’]*\0[\w'’]*", " ", "\0".join(own)))
    return Template(
        source,
        re.compile(pattern, re.DOTALL),
        translation,
        frozenset(opaque),
        tuple(word.lower() for word in words),
    )


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


def _without_stop(text: str) -> str:
    return text[:-1] if text.endswith(".") and not text.endswith("..") else text


def _unknown_words(text: str) -> int:
    return len(_WORD.findall(_OWN.sub(" ", text)))


def _joined(before: _Told, joint: str, after: _Told) -> _Told:
    return _Told(before.text + _joint_in_korean(joint, before.text) + after.text, before.unknown + after.unknown)


def _joint_in_korean(joint: str, before: str) -> str:
    """A joint between two parts: clauses stand beside each other, names are joined by a word."""
    word = joint.strip(" ,\n")
    if word not in {"and", "or", "but"}:
        return joint
    if before.endswith("다") or word == "but":
        return ", "
    return " 또는 " if word == "or" else " 및 "
