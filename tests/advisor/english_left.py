"""What of a Korean screen is still English: three words in a row that nobody would leave as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAMES = re.compile(
    r"`[^`]*`"  # code
    r"|\S*[/\\_@=<>{}\[\]]\S*"  # paths, fields, marks of models
    r"|--\S+"  # flags
    r"|\b[a-z]+-[a-z]+\b"  # formats of rows
    r"|\b\w*[A-Z]\w*[A-Z]\w*\b"  # outcomes, LoRA
    r"|\S*\d\S*"  # numbers, rule ids, versions
    r"|\S+\.(?:jsonl|json|toml|md|html|py|txt)\b"
)
_COMMAND = re.compile(r"(?:^|\s)(?:\$ |advisor (?:run|resume|report|evaluate|data|help)|pip install) .*")
_SENTENCE = re.compile(r"\b[A-Za-z][a-z'’]*[,;:]? [a-z'’]+[,;:]? [a-z'’]{2,}\b")
_SOURCES = re.compile(r"(?:출처: |\(S\d+; ).*")
"""Guides and papers are cited by their names."""


def english_in(text: str, own: Iterable[str] = ()) -> list[str]:
    """The lines of a text that hold an English sentence.

    Args:
        own: what a person or a model wrote: tasks, rows, answers, reasons.
    """
    found = []
    for line in text.splitlines():
        bare = line
        for words in own:
            bare = bare.replace(words, "·")
        for excepted in (_COMMAND, _SOURCES, _NAMES):
            bare = excepted.sub(" · ", bare)
        if _SENTENCE.search(bare):
            found.append(line.strip())
    return found
