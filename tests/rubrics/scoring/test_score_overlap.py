"""ROUGE and chrF are those of their libraries, and go beyond ASCII where the libraries do not."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import CHRF

from rubrics.errors import ExitCode, Fault
from rubrics.scoring import chrf, rouge_1, rouge_2, rouge_l
from rubrics.scoring.overlap import _library

OURS = {"rouge1": rouge_1, "rouge2": rouge_2, "rougeL": rouge_l}


def test_rouge_is_the_librarys_on_summaries(shared_data: Path):
    lines = (shared_data / "summarisation/legal_plain_tosdr.jsonl").read_text("utf-8").splitlines()[:60]
    rows = [json.loads(line) for line in lines]
    texts = [text for row in rows for text in (row["input"], row["output"]) if text.isascii()]
    assert len(texts) > 80
    library = RougeScorer(list(OURS))

    for one, other in pairwise(texts):
        expected = library.score(other, one)
        for name, score in OURS.items():
            assert score(one, [other]) == expected[name].fmeasure


def test_of_several_references_the_best_counts_as_in_the_library():
    references = ["the cat sat on the mat", "a cat was sitting there"]
    expected = RougeScorer(list(OURS)).score_multi(references, "the cat was sitting")

    for name, score in OURS.items():
        assert score("the cat was sitting", references) == expected[name].fmeasure


def test_chrf_is_the_librarys():
    one, other = "Lapali po dechu, jejich životy", "Lapali po dechu a pak jejich život"

    assert chrf(one, [other]) == CHRF().sentence_score(one, [other]).score / 100
    assert chrf(one, ["nic", other]) == chrf(one, [other])


def test_letters_beyond_ascii_count():
    # rouge-score's own tokenizer drops them, so that these would score 0 and 1.
    assert rouge_1("서울은 수도입니다", ["서울은 한국의 수도입니다"]) > 0.7
    assert rouge_1("Straße", ["Strasse"]) == 0.0
    assert rouge_l("Москва столица", ["Москва столица"]) == 1.0


@pytest.mark.parametrize("score", [rouge_1, rouge_2, rouge_l, chrf])
def test_empty_answers_score_nothing(score):
    assert score("", ["some words here"]) == 0.0
    assert score("some words here", ["..."]) < 0.2


@pytest.mark.parametrize("score", [rouge_1, rouge_l, chrf])
@given(one=st.text(max_size=30), other=st.text(max_size=30))
@settings(max_examples=40, deadline=None)
def test_scores_are_bounded_and_one_for_the_same_text(score, one, other):
    assert 0 <= score(one, [other]) <= 1
    assert score(one, [one]) in (0.0, 1.0)


def test_a_long_answer_is_scored_in_seconds():
    assert 0 < rouge_l("word and other " * 7_000, ["the word and the other one"]) < 0.01


def test_a_missing_library_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics", None)

    with pytest.raises(Fault, match="needs the package sacrebleu") as raised:
        _library("sacrebleu.metrics", "sacrebleu")

    assert raised.value.code == ExitCode.LACKING
    assert "finetune-advisor[metrics]" in raised.value.fix
