"""Every text a person reads on a screen stands in every catalogue, and no catalogue holds one that is gone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from english_left import english_in

from advisor.texts import LANGUAGES, N_, _, language, ngettext, use_language
from tests import catalogues

TRANSLATED = [name for name in LANGUAGES if name != "en"]
_FIELD = re.compile(r"{\w[^}]*}")


@pytest.fixture(autouse=True)
def english_again() -> object:
    yield
    use_language("en")


@pytest.mark.parametrize("name", TRANSLATED)
def test_no_text_is_missing_or_unused(name: str) -> None:
    written = {message.id for message in catalogues.catalogue_of(name) if message.id}
    marked = {message.id for message in catalogues.texts_in_sources() if message.id}

    assert written - marked == set(), "run `python tests/catalogues.py`"
    assert marked - written == set(), "run `python tests/catalogues.py` and translate"
    assert catalogues.missing(catalogues.catalogue_of(name)) == []


def test_no_marked_text_is_overlooked() -> None:
    # The extractor does not look into f-strings before Python 3.12: a text that is marked there stays English.
    known = {
        message.id[0] if isinstance(message.id, tuple) else message.id
        for message in catalogues.texts_in_sources()
    }
    marked = {
        text
        for path in (catalogues.ROOT / "advisor").rglob("*.py")
        for text in _marked(ast.parse(path.read_text(encoding="utf-8")))
    }

    assert marked - known == set(), "mark it outside the f-string"


def _marked(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in catalogues.KEYWORDS
        ):
            yield from (arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant))


@pytest.mark.parametrize("name", TRANSLATED)
@pytest.mark.unmeasured
def test_the_compiled_catalogue_is_that_of_the_texts(name: str) -> None:
    path = catalogues.po_file(name)

    assert path.read_bytes() == catalogues.written(catalogues.updated(name)), (
        "run `python tests/catalogues.py`"
    )
    compiled = catalogues.compiled(catalogues.updated(name))
    assert catalogues.texts_in(path.with_suffix(".mo").read_bytes()) == catalogues.texts_in(compiled)


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_translation_fills_in_the_same_values(name: str) -> None:
    for message in catalogues.catalogue_of(name):
        texts = message.id if isinstance(message.id, tuple) else (message.id,)
        translations = message.string if isinstance(message.string, tuple) else (message.string,)
        for translation in translations:
            assert sorted(_FIELD.findall(translation)) == sorted(_FIELD.findall(texts[-1])), texts


@pytest.mark.parametrize("name", TRANSLATED)
def test_no_english_sentence_stays_in_a_translation(name: str) -> None:
    strings = [message.string for message in catalogues.catalogue_of(name) if message.id]
    texts = [text for string in strings for text in (string if isinstance(string, tuple) else (string,))]

    assert [line for text in texts for line in english_in(text)] == []


@pytest.mark.parametrize("name", TRANSLATED)
def test_glyphs_that_carry_a_meaning_stay(name: str) -> None:
    glyphs = re.compile(r"[✓✗●◌‖■…▸○]")
    for message in catalogues.catalogue_of(name):
        text = message.id[-1] if isinstance(message.id, tuple) else message.id
        string = message.string[-1] if isinstance(message.string, tuple) else message.string
        assert glyphs.findall(text) == glyphs.findall(string), text


def test_the_catalogue_follows_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "advisor" / "screen.py"
    source.parent.mkdir()
    source.write_text('_("new text"); N_("marked"); ngettext("{n} row", "{n} rows", 2); f("not marked")\n')
    monkeypatch.setattr(catalogues, "ROOT", tmp_path)

    found = {message.id for message in catalogues.texts_in_sources() if message.id}

    assert found == {"new text", "marked", ("{n} row", "{n} rows")}


def test_texts_speak_the_language_chosen() -> None:
    assert use_language("ko") == "ko"
    assert _("Quit") == "종료"
    assert language() == "ko"

    assert use_language("en") == "en"
    assert _("Quit") == "Quit"
    assert language() == "en"
    assert ngettext("{n} row", "{n} rows", 2) == "{n} rows"
    assert N_("Quit") == "Quit"


def test_the_language_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    assert use_language() == "ko"

    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert use_language() == "en"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(KeyError):
        use_language("xx")
