"""Keep the catalogues of texts: `python tests/catalogues.py` reads the sources anew and compiles.

There are two of each language: `advisor` for the texts that are marked in the code of the screens, and `core` for
the templates of what the core composes (core_sources.py). Texts that went leave the catalogue, new ones enter it untranslated, and duplicate entries of a merge are made one.
"""

from __future__ import annotations

import gettext
import io
import itertools
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.core_sources import core_templates, translated_rules

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "advisor" / "locales"
DOMAINS = ("advisor", "core")
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}


def texts_in_sources() -> Catalog:
    """Every marked text of the package."""
    found = Catalog()
    for _, _, message, comments, _ in extract_from_dir(
        ROOT / "advisor", [("**.py", "python")], keywords=KEYWORDS, comment_tags=("translators:",)
    ):
        found.add(message, auto_comments=comments)
    return found


def core_texts_in_sources() -> Catalog:
    """Every template of the core."""
    found = Catalog()
    for text, places in core_templates().items():
        found.add(text, auto_comments=places)
    return found


def catalogue_of(language: str, domain: str = "advisor") -> Catalog:
    """The catalogue as it lies on disk."""
    path = po_file(language, domain)
    if not path.exists():
        return Catalog(locale=language)
    text = path.read_text(encoding="utf-8")
    # A merge takes both sides' lines: entries that stand twice, an empty translation among them, are made one.
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text) if block.strip()]
    best: dict[str, str] = {}
    for block in blocks:
        key = block.partition("msgstr")[0]
        if key not in best or best[key].endswith('msgstr ""'):
            best[key] = block
    return read_po(io.BytesIO("\n\n".join(best.values()).encode()), locale=language)


def po_file(language: str, domain: str = "advisor") -> Path:
    """Where a language's translations are written by hand."""
    return LOCALES / language / "LC_MESSAGES" / f"{domain}.po"


def updated(language: str, domain: str = "advisor") -> Catalog:
    """The language's catalogue with the texts of the sources and no others."""
    before, after = catalogue_of(language, domain), Catalog(locale=language, fuzzy=False)
    beside = translated_rules(language) if domain == "core" else {}
    for message in core_texts_in_sources() if domain == "core" else texts_in_sources():
        if message.id:
            known = before.get(message.id)
            string = beside.get(str(message.id)) or (known.string if known else "")
            after.add(message.id, string, auto_comments=message.auto_comments)
    return after


def written(catalogue: Catalog) -> bytes:
    """The catalogue as a .po file that merges well: sorted, a text a line, no places and no dates."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=0, no_location=True, omit_header=True, sort_output=True)
    header = (
        f'msgid ""\nmsgstr ""\n"Language: {catalogue.locale}\\n"\n"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    )
    return header.encode() + buffer.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as the .mo file that the program reads."""
    buffer = io.BytesIO()
    read = read_po(io.BytesIO(written(catalogue)), locale=catalogue.locale)
    # The header's dates would make another file of the same texts.
    read.creation_date = read.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    write_mo(buffer, read)
    return buffer.getvalue()


def texts_in(compiled_file: bytes) -> dict[object, str]:
    """The translations that the program finds in a .mo file; its header also names the version of Babel that wrote it."""
    read = vars(gettext.GNUTranslations(io.BytesIO(compiled_file)))["_catalog"]
    return {text: translation for text, translation in read.items() if text}


def missing(catalogue: Catalog) -> list[str]:
    """Texts without a translation."""
    return [str(message.id) for message in catalogue if message.id and not _is_translated(message.string)]


def _is_translated(string: object) -> bool:
    return all(string) if isinstance(string, tuple) else bool(string)


def main() -> None:
    """Update and compile every language."""
    for folder, domain in itertools.product(sorted(LOCALES.iterdir()), DOMAINS):
        catalogue = updated(folder.name, domain)
        po_file(folder.name, domain).write_bytes(written(catalogue))
        po_file(folder.name, domain).with_suffix(".mo").write_bytes(compiled(catalogue))
        lacking = missing(catalogue)
        print(f"{folder.name}, {domain}: {len(catalogue)} texts, {len(lacking)} without a translation")  # noqa: T201
        for text in lacking:
            print(f"  {text!r}")  # noqa: T201


if __name__ == "__main__":
    main()
