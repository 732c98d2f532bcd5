"""Every outcome that the rules can have has its words and its sign, in every language."""

from __future__ import annotations

import pytest

from advisor.outcomes import GLYPHS, OUTCOMES
from advisor.texts import LANGUAGES, _, use_language
from rubrics.rulebook import AfterTraining, Outcome

NAMES = {outcome.value for outcome in (*Outcome, *AfterTraining)}


def test_every_outcome_has_words_and_a_sign_and_there_are_no_others():
    assert set(OUTCOMES) == set(GLYPHS) == NAMES


def test_no_two_outcomes_read_alike():
    assert len({words.headline for words in OUTCOMES.values()}) == len(NAMES)
    assert len({words.meaning for words in OUTCOMES.values()}) == len(NAMES)


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_the_words_are_translated(language):
    use_language(language)
    try:
        for words in OUTCOMES.values():
            assert _(words.headline) != words.headline
            assert _(words.meaning) != words.meaning
    finally:
        use_language("en")
