"""The checks: each on rows made for it, and the whole inspection on real files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.data.checks import Finding, Inspection, inspect, label_set
from advisor.data.reading import read_file
from advisor.data.rows import Message, Row
from rubrics.data_rules import RULE_IDS, data_rules, threshold

SUBJECTS = ["my card", "a transfer", "the cheque", "this account", "one loan", "our mortgage", "her pension"]
VERBS = ["cancel", "trace", "explain", "increase", "close", "renew", "upgrade", "check", "move", "split"]


def row(prompt: str, answer: str, number: int = 0) -> Row:
    return Row(f"r:{number}", (Message(role="user", content=prompt),), answer)


def rows_of(*pairs: tuple[str, str]) -> list[Row]:
    return [row(prompt, answer, number) for number, (prompt, answer) in enumerate(pairs, 1)]


def labelled(count: int = 70, labels: Sequence[str] = ("yes", "no")) -> list[Row]:
    pairs = [(f"{verb} {subject}", "") for verb in VERBS for subject in SUBJECTS][:count]
    return rows_of(*[(prompt, labels[at % len(labels)]) for at, (prompt, _) in enumerate(pairs)])


def only(inspection: Inspection, check: str, **kind: str) -> Finding:
    found = [
        finding
        for finding in inspection.findings
        if finding.check == check and kind.items() <= finding.details.items()
    ]
    assert len(found) == 1, inspection.findings
    return found[0]


def checks_in(inspection: Inspection) -> set[str]:
    return {finding.check for finding in inspection.findings}


def test_clean_rows_have_nothing_worse_than_information() -> None:
    inspection = inspect(labelled())
    assert {finding.severity for finding in inspection.findings} <= {"info"}
    assert not inspection.has_errors


def test_exact_duplicates_fold_form_space_and_case() -> None:
    rows = [
        *labelled(),
        row("Café  au lait", "Yes", 91),
        row("cafe\u0301 au LAIT", "yes ", 92),
        row("café au lait", "no", 93),
    ]
    finding = only(inspect(rows), "D1")
    assert finding.rows == ("r:92",)
    assert (finding.details["groups"], finding.details["duplicate_rows"]) == (1, 1)
    prompts = only(inspect(rows, prompt_only=True), "D1")
    assert (prompts.details["groups"], prompts.details["duplicate_rows"]) == (1, 2)


def test_near_duplicates_leave_out_exact_ones_and_other_answers() -> None:
    base = "I am still waiting for a transfer to show up"
    rows = [
        *labelled(),
        row(base, "yes", 91),
        row(base + ".", "yes", 92),
        row(base + "!", "no", 93),
        row(base, "yes", 94),
    ]
    finding = only(inspect(rows), "D2")
    assert finding.rows == ("r:92",)
    assert (finding.details["pairs"], finding.details["groups"]) == (1, 1)
    prompts = only(inspect(rows, prompt_only=True), "D2")
    assert (prompts.details["pairs"], prompts.details["groups"]) == (3, 1)


def test_conflicts_list_prompts_with_their_answers() -> None:
    rows = [
        *labelled(),
        row("7", "time", 91),
        row(" 7 ", "people", 92),
        row("8", "time", 93),
        row("8", "TIME", 94),
    ]
    finding = only(inspect(rows), "D3")
    assert (finding.count, finding.rows, finding.details["prompts"]) == (2, ("r:91", "r:92"), 1)
    assert finding.details["conflicts"] == [
        {"prompt": "7", "answers": {"time": 1, "people": 1}, "rows": ["r:91", "r:92"]}
    ]


def test_leakage_counts_the_scored_side_in_both_directions() -> None:
    train = labelled()
    test = [
        row("Cancel  my card", "yes", 1),
        row("cancel my card", "yes", 2),
        row("cancel my cards", "yes", 3),
        row("where do you live", "no", 4),
    ]
    for inspection in (inspect(train, against=test), inspect(test, against=train, test_is="rows")):
        finding = only(inspection, "D4")
        assert (finding.details["exact"], finding.details["near"], finding.details["letter_by_letter"]) == (
            2,
            1,
            1,
        )
        assert (finding.severity, finding.details["share"]) == ("error", 0.75)
        assert (inspection.leaked_exact, inspection.leaked_near) == (("r:1", "r:2"), ("r:3",))


def test_a_small_leak_is_a_warning() -> None:
    train = labelled()
    distinct = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett"]
    test = rows_of(*[(f"{a} {b}", "yes") for a in distinct for b in distinct][:59], (train[0].prompt, "yes"))
    assert only(inspect(train, against=test), "D4").severity == "warning"


def test_no_leak_is_said_to_be_lexical_only() -> None:
    test = rows_of(("where do you live", "no"), ("how old are you", "yes"))
    finding = only(inspect(labelled(), against=test), "D4")
    assert (finding.severity, finding.count, finding.rows) == ("info", 0, ())
    assert finding.message.startswith("no lexical leakage: none of the 2 test rows")
    assert "paraphrases are not found by this" in finding.message
    assert (finding.details["exact"], finding.details["near"]) == (0, 0)


def test_groups_come_largest_first_and_lists_are_bounded() -> None:
    """12,001 rows of one prompt and answer, three of another, and a prompt with 150 answers."""
    rows = [row("small group", "b", at) for at in range(3)]
    rows += [row("large group", "a", at) for at in range(3, 12_004)]
    rows += [row("which one", f"answer {at}", at) for at in range(12_004, 12_154)]
    inspection = inspect(rows)
    exact = only(inspection, "D1")
    assert (exact.count, exact.details["duplicate_rows"], exact.details["groups"]) == (12_002, 12_002, 2)
    assert exact.details["group_sizes"] == [12_001, 3]
    assert list(map(len, exact.details["members"])) == [100, 3]
    assert (exact.details["members_listed"], exact.details["rows_listed"]) == ("first", "first")
    assert len(exact.rows) == 10_000
    assert exact.example == '"large group"'
    conflict = only(inspection, "D3")
    assert (conflict.count, conflict.details["prompts"], conflict.details["conflicts_listed"]) == (
        150,
        1,
        "all",
    )
    assert len(conflict.details["conflicts"][0]["answers"]) == 100
    small = only(inspect(rows[:10]), "D1")
    assert (small.details["members_listed"], small.details["rows_listed"]) == ("all", "all")


def test_a_flood_of_near_duplicates_is_one_group() -> None:
    """900 rows of one template are 404,550 pairs, more than are counted one by one; two templates make two groups."""
    order = "Good morning, I am writing about the order which I placed last month and which has not come yet, it is"
    ticket = (
        "The customer cannot log in after the latest update of the app, look into it today, this is ticket no"
    )
    rows = [row(f"{order} {number}", "delay", number) for number in range(900)]
    rows += [row(f"{ticket} {number}", "bug", number) for number in range(900, 1780)]
    rows += [row(f"{ticket} {number}", "other", number) for number in range(1780, 1790)]
    finding = only(inspect([*labelled(), *rows]), "D2")
    assert finding.details["pairs_counted"] == "at least"
    assert 200_000 < finding.details["pairs"] <= 900 * 899 // 2 + 880 * 879 // 2 + 45
    assert finding.details["group_sizes"] == [900, 880, 10]
    assert finding.details["largest_group"] == 900
    assert "at least" in finding.message
    assert "in 3 groups, the largest of 900 rows" in finding.message
    few = only(inspect([*labelled(), *rows[:40]]), "D2")
    assert (few.details["pairs"], few.details["pairs_counted"]) == (40 * 39 // 2, "all")


def test_findings_do_not_depend_on_the_hash_seed(shared_data: Path) -> None:
    code = f"""
import json
from pathlib import Path
from advisor.data.checking import check_file
folder = Path({str(shared_data / "output_format")!r})
print(json.dumps(check_file(folder / "restaurant8k_train3.jsonl", against=folder / "restaurant8k_test.jsonl")))
"""
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(seen) == 1


def test_skew() -> None:
    same = only(inspect(labelled(labels=["yes"])), "D5")
    assert (same.severity, same.count) == ("error", 70)
    mostly = only(inspect(labelled(labels=["yes"] * 9 + ["no"])), "D5")
    assert (mostly.severity, mostly.details["top_answer_share"]) == ("warning", 0.9)
    even = only(inspect(labelled()), "D5")
    assert (even.severity, even.details["effective_answers"]) == ("info", pytest.approx(2.0))


def test_stray_space_and_variants_of_labels() -> None:
    labels = ["card_arrival"] * 5 + ["Card Arrival", "card-arrival", " card_arrival", "pin", "pin", "pin"]
    inspection = inspect(labelled(66, labels))
    assert only(inspection, "D6", kind="stray white space").count == 6
    variants = only(inspection, "D6", kind="variants of a label")
    assert variants.count == 12
    assert variants.details["groups"] == [
        {"canonical": "card_arrival", "variants": {"card_arrival": 36, "Card Arrival": 6, "card-arrival": 6}}
    ]


def test_numbers_and_signs_are_no_variants() -> None:
    assert "D6" not in checks_in(inspect(labelled(70, ["1.5", "15", "-15", "+", "-"])))


def test_lengths_in_tokens() -> None:
    rows = labelled()

    def count(counted: Sequence[Row]) -> list[tuple[int, int]]:
        return [(100 + at // 4, 1) for at in range(len(counted))]

    inspection = inspect(rows, count_tokens=count, max_length=117)
    long, alike = (finding for finding in inspection.findings if finding.check == "D7")
    assert (long.severity, long.count, long.rows) == ("error", 2, ("r:69", "r:70"))
    assert (alike.severity, alike.details["unit"]) == ("info", "tokens")
    lengths = inspection.statistics["lengths"]
    assert (lengths["unit"], lengths["total"]["min"], lengths["total"]["max"]) == ("tokens", 101, 118)
    assert inspect(rows, count_tokens=count, max_length=118).has_errors is False


def test_characters_stand_in_and_say_so() -> None:
    inspection = inspect(labelled(), max_length=5)
    assert inspection.statistics["lengths"]["unit"] == "characters"
    assert not inspection.has_errors
    assert any(
        "whether rows fit into 5 tokens is not known" in found.message for found in inspection.findings
    )


def test_too_few_rows_and_labels() -> None:
    inspection = inspect(labelled(40, ["a"] * 19 + ["b"]), against=rows_of(("z", "c"), ("y", "a")))
    few, rare, unknown = (finding for finding in inspection.findings if finding.check == "D10")
    assert {finding.severity for finding in (few, rare, unknown)} == {"warning"}
    by_kind = {finding.details["kind"]: finding for finding in (unknown, few, rare)}
    few, rare, unknown = (by_kind[kind] for kind in ("rows", "rows per label", "labels missing in train"))
    assert (few.details["rows"], few.details["needed"]) == (40, 50)
    assert (rare.details["rows_per_label"], rare.details["needed"], rare.rows) == (
        {"b": 2},
        5,
        ("r:20", "r:40"),
    )
    assert (unknown.details["labels_missing_in_train"], unknown.rows) == (["c"], ("r:1",))


def test_placeholders() -> None:
    rows = [*labelled(), row("x", "None", 91), row("y", "nan", 92), row("z", " ", 93), row("v", "TODO", 94)]
    assert only(inspect(rows), "D12").rows == ("r:91", "r:92", "r:93", "r:94")


def test_one_row_is_inspected() -> None:
    assert checks_in(inspect([row("a", "b", 1)])) == {"D7", "D10"}


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("classification/banking77_train.jsonl", 77),
        ("classification/banking77_test.jsonl", 77),
        ("classification/dbpedia_samples.jsonl", 14),
        ("sentiment/poem_sentiment.jsonl", 4),
        ("korean/klue_nli_dev.jsonl", 3),
        ("output_format/restaurant8k_train3.jsonl", None),
        ("output_format/restaurant8k_test.jsonl", None),
        ("output_format/text2sql_advising.jsonl", None),
        ("korean/songys_chatbot.jsonl", None),
        ("summarisation/legal_plain_tosdr.jsonl", None),
    ],
)
def test_closed_labels_of_real_files(shared_data: Path, name: str, labels: int | None) -> None:
    found = label_set([read.answer for read in read_file(shared_data / name).rows])
    assert (None if found is None else len(found)) == labels


def test_closed_labels_rule() -> None:
    ten = [f"label {number}" for number in range(10)]
    assert label_set(ten * 53) == ten
    assert label_set((ten * 6)[:53]) == ten
    assert label_set([]) is None
    assert label_set([f"{label} of row {at}" for at, label in enumerate(ten * 53)]) is None
    assert label_set(["{}"] * 640 + [f'{{"time": "{at}"}}' for at in range(325)]) is None
    assert label_set(["x" * 101] * 50) is None


def test_restaurant8k_leaks_as_known(shared_data: Path) -> None:
    train = read_file(shared_data / "output_format/restaurant8k_train3.jsonl").rows
    test = read_file(shared_data / "output_format/restaurant8k_test.jsonl").rows
    inspection = inspect(train, against=test)
    finding = only(inspection, "D4")
    assert (finding.details["exact"], finding.details["letter_by_letter"]) == (78, 69)
    assert len(inspection.leaked_exact) == 78
    assert finding.severity == "warning"
    assert not set(inspection.leaked_exact) & set(inspection.leaked_near)
    json.dumps(inspection.to_dict())


def test_duplicates_and_conflicts_agree_with_the_facts(shared_data: Path) -> None:
    """Facts compare without NFC and case folding; on this file that makes no difference."""
    path = shared_data / "korean/songys_chatbot.jsonl"
    facts = json.loads(path.with_suffix("").with_suffix(".facts.json").read_text())
    inspection = inspect(read_file(path).rows)
    assert only(inspection, "D1").details["duplicate_rows"] == facts["exact_duplicate_input_output_pairs"]
    assert only(inspection, "D3").details["prompts"] == facts["inputs_with_conflicting_outputs"]


def test_banking77_is_inspected_quickly_in_little_memory(shared_data: Path) -> None:
    code = f"""
import resource
from pathlib import Path
from advisor.data.checks import inspect
from advisor.data.reading import read_file
folder = Path({str(shared_data / "classification")!r})
found = inspect(read_file(folder / "banking77_train.jsonl").rows, against=read_file(folder / "banking77_test.jsonl").rows)
print(len(found.leaked_exact), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    start = time.monotonic()
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, (exact, kilobytes) = time.monotonic() - start, map(int, run.stdout.split())
    assert exact == 7
    assert seconds < 15
    assert kilobytes < 1.5 * 1024 * 1024


def test_every_rule_is_there_with_its_source() -> None:
    assert tuple(data_rules()) == RULE_IDS
    assert (threshold("D2", "jaccard"), threshold("D4", "error_share"), threshold("D7", "spread")) == (
        0.8,
        0.05,
        1.5,
    )


def test_imports_are_light() -> None:
    code = (
        "import sys, advisor.data.checks, advisor.data.reading, advisor.data.splitting; print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "transformers", "numpy", "scipy", "pydantic"} & set(run.stdout.split())


texts = st.text(
    st.sampled_from('ab {}[]"<>:,%1\\\n\r\t\u00a0\u200b\u00c3\u00a9é한') | st.characters(codec="utf-8"),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=12), st.booleans())
def test_any_text_is_inspected(pairs: list[tuple[str, str]], repeat: bool) -> None:
    rows = rows_of(*pairs * (6 if repeat else 1))
    inspection = inspect(rows, against=rows[:2])
    json.dumps(inspection.to_dict(), allow_nan=False).encode()
    ids = {row.id for row in rows}
    for finding in inspection.findings:
        assert set(finding.rows) <= ids
        assert finding.message
        assert finding.fix or finding.severity == "info"
    order = [int(finding.check[1:]) for finding in inspection.findings]
    assert order == sorted(order)
    assert sum(inspection.statistics["answer_types"].values()) == len(rows)


def test_every_finding_of_these_rules_has_a_kind(shared_data: Path) -> None:
    rows = read_file(shared_data / "output_format/restaurant8k_train3.jsonl").rows
    found = inspect([*rows, *labelled(5, ["None"])]).findings
    assert all(
        "kind" in finding.details for finding in found if finding.check in {"D5", "D6", "D7", "D10", "D12"}
    )
