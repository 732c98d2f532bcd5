"""Drift against production: planted differences are named in the right words, and halves of one file are not."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advisor.data.checks import inspect
from advisor.data.contrast import differences
from advisor.data.drift import drift_findings
from advisor.data.findings import Finding
from advisor.data.reading import read_file
from advisor.data.rows import Message, Row
from advisor.data.similarity import near_groups
from advisor.data.two_sample import auc_interval, smallest_auc
from rubrics.data_rules import threshold
from rubrics.errors import ExitCode, Fault


@pytest.fixture(scope="module")
def bank(shared_data: Path) -> list[Row]:
    return list(
        random.Random(1).sample(read_file(shared_data / "classification/banking77_train.jsonl").rows, 700)
    )


def changed(
    rows: Sequence[Row], prompt: Callable[[str], str], *, system: str = "", answer: str = ""
) -> list[Row]:
    turns = (Message(role="system", content=system),) if system else ()
    return [
        Row(f"production:{at}", (*turns, Message(role="user", content=prompt(row.prompt))), answer)
        for at, row in enumerate(rows, 1)
    ]


def same(text: str) -> str:
    return text


def found(rows: Sequence[Row], production: Sequence[Row]) -> dict[str, Finding]:
    return {finding.details["kind"]: finding for finding in drift_findings(rows, production, 0)}


def test_without_a_sample_nothing_is_said(bank: list[Row]) -> None:
    assert list(drift_findings(bank, None, 0)) == []
    assert "D8" not in {finding.check for finding in inspect(bank).findings}


def test_no_drift_is_said_as_what_was_not_seen(bank: list[Row]) -> None:
    kinds = found(bank[:500], changed(bank[500:], same))
    assert kinds.keys() == {"two-sample"}
    finding = kinds["two-sample"]
    assert finding.severity == "info"
    assert finding.message.startswith("no drift seen (AUC 0.")
    assert "same" not in finding.message
    assert finding.details["low"] <= 0.5 <= finding.details["high"]
    assert finding.details["smallest_auc"] == pytest.approx(0.5, abs=0.15)


def test_another_subject_is_told_in_its_words_with_rows_to_collect(bank: list[Row]) -> None:
    def mortgage(text: str) -> str:
        return text.replace("card", "mortgage")

    kinds = found(bank[:500], changed(bank[500:], mortgage))
    told = kinds["two-sample"]
    assert told.details["low"] > 0.5
    assert "collect rows like these: " in told.fix
    assert "mortgage" in told.details["unlike"][0]["prompt"]
    words = kinds["words"]
    first = words.details["differences"][0]
    assert (first["name"], first["rows"]) == ("mortgage", 0)
    assert first["production"] > 0.2
    assert first["difference_low"] > 0
    assert first["p_holm"] < 0.025
    assert '"mortgage" in ' in words.message
    assert '"card" in 0.5% of production' in words.message
    assert "mortgage" in words.example


@pytest.mark.parametrize(
    ("prompt", "kind", "said"),
    [
        (str.upper, "marks", "capital letters throughout in "),
        (lambda text: f"Hello! {text}", "marks", "a greeting in 100% of production"),
        (lambda text: text.replace("?", ""), "marks", "a question mark in 0% of production"),
        (lambda text: f'{{"query": "{text}"}}', "marks", "JSON in 100% of production"),
        (lambda text: f"{text} https://bank.example/help", "marks", "a web address in 100% of production"),
        (lambda text: f"**Problem**\n\n- {text}", "marks", "markdown in 100% of production"),
        (lambda text: f"```\nprint(1)\n```\n{text}", "marks", "code in 100% of production"),
        (lambda text: f"{text} {text}", "length", "characters in the median"),
    ],
)
def test_a_planted_way_of_writing_is_named(prompt: Any, kind: str, said: str, bank: list[Row]) -> None:
    kinds = found(bank[:200], changed(bank[400:500], prompt))
    assert said in kinds[kind].message
    assert kinds[kind].severity == "warning"
    assert kinds["two-sample"].details["low"] > 0.5


def test_another_language_is_named(bank: list[Row], shared_data: Path) -> None:
    korean = read_file(shared_data / "korean/songys_chatbot.jsonl").rows[:200]
    kinds = found(bank[:300], [*changed(korean[:100], same), *changed(bank[300:400], same)])
    assert "Hangul in " in kinds["language"].message
    assert kinds["language"].severity == "warning"


def test_system_prompts_that_one_side_lacks_or_has_otherwise(bank: list[Row]) -> None:
    lacking = found(bank[:300], changed(bank[300:450], same, system="Be brief."))
    assert "a system prompt in 100% of production, 0% here" in lacking["system prompt"].message
    trained = changed(bank[:300], same, system="Be kind.")
    other = found(trained, changed(bank[300:450], same, system="Be brief."))
    assert "a system prompt that no row here has in 100%" in other["system prompt"].message
    assert "system prompt" not in found(trained, changed(bank[300:450], same, system="Be kind."))


def test_refusals_are_compared_where_production_has_answers(bank: list[Row]) -> None:
    refusing = changed(bank[300:450], same, answer="I'm sorry, but I can't help with that.")
    assert (
        "an answer that refuses in 100% of production, 0% here"
        in found(bank[:300], refusing)["refusals"].message
    )
    assert "refusals" not in found(bank[:300], changed(bank[300:450], same))


def test_recurring_prompts_are_named_and_not_counted_twice(bank: list[Row]) -> None:
    kinds = found(bank[:300], changed([*bank[300:400], *[bank[399]] * 60], same))
    assert "the prompt of an earlier row again in 3" in kinds["repeats"].message
    assert "(61 times)" in kinds["repeats"].example
    assert kinds["two-sample"].details["production"] == {"total": 160, "drawn": 160, "distinct": 100}
    assert kinds["two-sample"].message.startswith("no drift seen")


def test_a_sample_drawn_from_the_rows_themselves_is_no_drift(bank: list[Row]) -> None:
    """Left in other folds, the twins are learned with the other label and push the AUC far under a half."""
    finding = found(bank[:400], changed(bank[:200], same))["two-sample"]
    assert finding.details["shared"] == len({row.prompt for row in bank[:200]})
    assert finding.details["low"] <= 0.5 <= finding.details["high"]
    assert f"{finding.details['shared']} production prompts stand in these rows too" in finding.message


def test_shared_rows_do_not_hide_a_difference_in_the_others(bank: list[Row]) -> None:
    shouting = [*changed(bank[:100], same), *changed(bank[400:500], str.upper)]
    assert found(bank[:400], shouting)["two-sample"].details["auc"] > 0.5


@pytest.mark.parametrize("count", [1, 5, 29])
def test_a_tiny_sample_is_too_small_and_what_it_could_show_is_said(count: int, bank: list[Row]) -> None:
    kinds = found(bank[:300], changed(bank[300 : 300 + count], str.upper))
    finding = kinds["too small"]
    assert (kinds.keys(), finding.severity, finding.count) == ({"too small"}, "info", count)
    assert f"{count} different production rows are too few" in finding.message
    seen = finding.details["smallest_auc"]
    assert ("no difference could be seen" in finding.message) == (seen >= 1)


def test_rows_that_are_all_alike_are_few_however_many(bank: list[Row]) -> None:
    alike = [
        Row(f"p:{at}", (Message(role="user", content=bank[0].prompt + "!" * at),), "") for at in range(100)
    ]
    assert "too small" in found(bank[:300], alike)


@pytest.mark.unmeasured
def test_large_files_are_drawn_from_by_the_seed_and_say_so(shared_data: Path) -> None:
    rows = read_file(shared_data / "korean/songys_chatbot.jsonl").rows
    finding = next(iter(drift_findings(rows, rows[:100], 3)))
    assert "(of 11,823, drawn by the seed)" in finding.message
    assert finding.details["rows"]["drawn"] == threshold("D8", "most_rows")
    assert finding.details["seed"] == 3


def test_the_same_seed_gives_the_same_findings(bank: list[Row]) -> None:
    first, second = (
        [finding.to_dict() for finding in drift_findings(bank[:200], bank[200:300], 5)] for _ in range(2)
    )
    assert first == second
    json.dumps(first)


def test_unlike_rows_show_no_secret(bank: list[Row]) -> None:
    leaking = changed(
        bank[300:400], lambda text: f"{text} CARD 4539 5787 6362 1486 of joanna.b@ferries.co.uk"
    )
    shown = json.dumps(inspect(bank[:300], production=leaking).to_dict())
    assert '"two-sample"' in shown
    assert "5787" not in shown
    assert "joanna" not in shown
    assert "4539 **** **** 1486" in shown


def test_without_scikit_learn_it_is_said_what_to_install(
    bank: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(Fault) as raised:
        list(drift_findings(bank[:100], changed(bank[100:200], same), 0))
    assert raised.value.code == ExitCode.LACKING
    assert "pip install scikit-learn" in raised.value.fix


@pytest.mark.unmeasured
def test_halves_of_one_file_raise_few_alarms(shared_data: Path) -> None:
    """Nominal is 2.5% for the AUC and at most 5% for the named; over 525 draws it was 1.9% and 1.0%."""
    draws, drifts, named = 0, 0, 0
    for name in ("classification/banking77_test", "korean/songys_chatbot", "sentiment/vader_tweets"):
        rows = read_file(shared_data / f"{name}.jsonl").rows
        for seed in range(6):
            some = random.Random(seed).sample(rows, 160)
            kinds = found(some[:100], some[100:])
            draws += 1
            drifts += kinds["two-sample"].details["low"] > 0.5
            named += len(kinds) > 1
    # Binomial(18, 0.05): more than 4 has a probability of 0.2%.
    assert draws == 18
    assert drifts <= 4
    assert named <= 4


def test_the_interval_covers_a_known_area() -> None:
    """Normal scores one standard deviation apart have an AUC of 0.760."""
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(400):
        scores = np.concatenate([rng.normal(0, 1, 80), rng.normal(1, 1, 40)])
        interval = auc_interval(scores, np.repeat([False, True], [80, 40]), range(120))
        inside += interval.low <= 0.7602 <= interval.high
    assert 0.92 <= inside / 400 <= 0.98


def test_the_interval_counts_copies_once() -> None:
    rng = np.random.default_rng(1)
    scores, is_second = rng.normal(size=60), np.repeat([False, True], 30)
    once = auc_interval(scores, is_second, range(60))
    tenfold = auc_interval(np.tile(scores, 10), np.tile(is_second, 10), np.tile(np.arange(60), 10))
    assert tenfold.value == pytest.approx(once.value)
    assert tenfold.high - tenfold.low == pytest.approx(once.high - once.low, rel=0.05)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_interval_of_perfect_scores_has_a_width(sign: int) -> None:
    scores, is_second = np.arange(60.0) * sign, np.repeat([False, True], 30)
    interval = auc_interval(scores, is_second, range(60))
    assert interval.value == (1.0 if sign == 1 else 0.0)
    assert 0.05 < interval.high - interval.low < 0.2


def test_smaller_samples_see_larger_areas_only() -> None:
    assert smallest_auc(500, 500) < smallest_auc(500, 100) < smallest_auc(500, 30) < 0.75
    assert smallest_auc(500, 1) == smallest_auc(500, 0) == 1.0


def test_near_duplicates_have_one_group() -> None:
    base = "i am still waiting for a transfer to show up"
    groups = near_groups([base, "where is my card", f"{base}!", base]).labels
    assert groups[0] == groups[2] == groups[3] != groups[1]


def test_differences_are_none_between_equal_samples(bank: list[Row]) -> None:
    assert differences(bank[:300], bank[:300]) == []
