"""Korean particles after words that are only known when a sentence is filled in."""

from __future__ import annotations

import re

# After a final consonant, after a vowel.
_PARTICLES = {
    "은(는)": ("은", "는"),
    "이(가)": ("이", "가"),
    "을(를)": ("을", "를"),
    "과(와)": ("과", "와"),
    "(으)로": ("으로", "로"),
    "(이)나": ("이나", "나"),
    "(이)라": ("이라", "라"),
}
_OPEN = re.compile(r"([가-힣0-9%])(" + "|".join(map(re.escape, _PARTICLES)) + ")")
_WENT_ON = re.compile(r"(?:니다|십시오)[가-힣]|면이면")
_FIRST, _FINALS, _RIEUL = 0xAC00, 28, 8
# Final consonants of the digits as they are read: 0 (yeong), 1 (il), 3 (sam), 6 (yuk), 7 (chil), 8 (pal).
_DIGITS = {"0": 21, "1": _RIEUL, "3": 16, "6": 1, "7": _RIEUL, "8": _RIEUL}


def with_particles(text: str) -> str:
    """Choose the form of each particle that is written in both, such as 은(는), by the sound before it.

    After Hangul, digits and the percent sign; elsewhere, as after Latin letters, both forms stay.
    """
    return _OPEN.sub(lambda found: found[1] + _form(found[1], found[2]), text)


def is_broken(text: str) -> bool:
    """Whether a sentence goes on where it has ended, as happens to one that was filled in at a place for a name."""
    return bool(_WENT_ON.search(text))


def _form(before: str, particle: str) -> str:
    final = _final(before)
    closed, opened = _PARTICLES[particle]
    if particle == "(으)로" and final == _RIEUL:
        return opened
    return closed if final else opened


def _final(letter: str) -> int:
    """The number of the final consonant, 0 for none."""
    return (ord(letter) - _FIRST) % _FINALS if letter >= "가" else _DIGITS.get(letter, 0)
