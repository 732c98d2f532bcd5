"""Duplicates and leaks of the shared files, beside the counts that others made of them.

The `.facts.json` files compare the inputs of all rows, lower-cased, white space collapsed, without NFC, in one unit
for all texts, nothing removed; exact duplicates are pairs too. `CONTRACT` states for each file what the contract's
own definition finds: each text in its own unit (words from 13 words on, unless mostly Hangul, kana or Han) and what
most texts begin or end with left out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.data.findings import Sheet
from advisor.data.overlap import leakage
from advisor.data.rows import Message, Row
from advisor.data.similarity import near_pairs
from rubrics.text import norm

CONTRACT = {
    "behaviour/ifeval_input_data": 0,
    # Of the character pairs, those of 13 words and more are left to words, where one changed word weighs more.
    "classification/banking77_qwen7b_baseline_outputs": 14,
    "classification/banking77_test": 15,
    "classification/banking77_train": 90,
    "classification/banking77_train.chat": 8,
    "classification/dbpedia_samples": 0,
    "creative/self_instruct_seed_tasks": 0,
    "creative/self_instruct_user_oriented": 1,
    # Records of more than 13 words: by words their one character pair is none.
    "dedup/bib_dedupe_pairs": 0,
    "dedup/chicago_childcare_true_ids": 1099,
    "domain/pubmedqa_pqal": 0,
    "dynamic/nq_open_dev": 0,
    "formats/gemini_contents_support": 0,
    "formats/llamafactory_dpo_en_demo": 0,
    "formats/llamafactory_glaive_toolcall_en_demo": 11,
    "formats/llamafactory_identity": 2,
    "formats/llamafactory_kto_en_demo": 0,
    "formats/llamafactory_reason_tool_use_demo_50": 0,
    "formats/llamafactory_v1_sft_identity": 1,
    # Long texts (a table's columns and a question): by words only the equal ones are left.
    "formats/mlx_lora_text_test": 0,
    "formats/mlx_lora_text_train": 2,
    "formats/mlx_lora_text_valid": 0,
    "formats/openai_drone_training": 0,
    "formats/openai_toy_chat_fine_tuning": 0,
    # Two rows of JSON, by words.
    "formats/rubyopenai_batch": 0,
    "formats/rubyopenai_sarcastic": 0,
    "formats/rubyopenai_sentiment": 0,
    "formats/rubyopenai_train": 0,
    "formats_bad/openai_drone_double_encoded": 0,
    # Korean goes by characters whatever its length.
    "korean/klue_nli_dev": 84,
    "korean/klue_sts_dev": 0,
    "korean/songys_chatbot": 204,
    "output_format/bfcl_irrelevance": 4,
    "output_format/bfcl_multiple": 4,
    "output_format/bfcl_simple_python": 0,
    # Six long pairs differ in a name of two words at the end, a fifth of the characters; three others go by words.
    "output_format/restaurant8k_test": 240,
    "output_format/restaurant8k_train3": 21,
    "output_format/text2sql_advising": 11,
    "qa_em_f1/xquad_en_a": 1,
    "sentiment/poem_sentiment": 0,
    "sentiment/vader_amazon": 5,
    "sentiment/vader_tweets": 140,
    "summarisation/legal_plain_tldrlegal": 0,
    "summarisation/legal_plain_tosdr": 1,
}


def compared_text(line: str) -> str:
    """The text that the facts compare: the input field, all turns but the system's, or else the line itself."""
    row = json.loads(line)
    if "conversations" in row:
        return "\n".join(turn["value"] for turn in row["conversations"])
    if "contents" in row:
        return "\n".join(part["text"] for turn in row["contents"] for part in turn["parts"])
    if "messages" in row:
        return "\n".join(
            said(turn.get("content")) for turn in row["messages"] if turn.get("role") != "system"
        )
    for key in ("input", "prompt", "text", "question", "instruction", "sentence1"):
        if row.get(key):
            return str(row[key])
    return line


def said(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(block["value"] for block in content)
    return content or ""


def test_every_file_with_facts_is_in_the_table(shared_data: Path) -> None:
    names = {
        str(path.relative_to(shared_data)).removesuffix(".facts.json")
        for path in shared_data.rglob("*.facts.json")
    }
    assert names == set(CONTRACT)


@pytest.mark.parametrize("name", CONTRACT)
def test_duplicates_agree_with_the_facts(shared_data: Path, name: str) -> None:
    """By the facts' definition the pairs are the same ones; NFC and case folding change no count in any file."""
    facts = json.loads((shared_data / f"{name}.facts.json").read_text(encoding="utf-8"))
    lines = (shared_data / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")
    texts = [compared_text(line) for line in lines if line.strip()]
    lengths = [len(text) for text in texts]
    assert (len(texts), min(lengths), max(lengths)) == (
        facts["rows"],
        facts["input_chars"]["min"],
        facts["input_chars"]["max"],
    )
    assert len(texts) - len({norm(text) for text in texts}) == facts["normalised_duplicate_input_texts"]
    for unit, entry in (("words", facts["near_dup_word5"]), ("characters", facts["near_dup_char5"])):
        found = near_pairs(texts, unit=unit, drop_shared=False)  # type: ignore[arg-type]
        listed = entry["pair_list"]
        assert len(found) == entry["pairs"]
        assert [[i, j, round(score, 4)] for i, j, score in found[: len(listed)]] == listed
        assert entry["pair_list_truncated"] or len(listed) == len(found)
    assert len(near_pairs(texts)) == CONTRACT[name]


LEAKS = {
    # Name in FACTS_extra.json: (contract's exact, contract's near rows).
    "banking77 train->test": (7, 85),
    "text2sql_advising question_split": (0, 0),
    "text2sql_advising query_split": (0, 0),
    "poem_sentiment train->test": (0, 0),
    "restaurant8k train3->test": (78, 37),
}


def sides(folder: Path, name: str) -> tuple[list[str], list[str]]:
    """The train and test inputs that a section of FACTS_extra.json speaks of."""
    files = {
        "banking77 train->test": ("classification/banking77_train", "classification/banking77_test"),
        "restaurant8k train3->test": ("output_format/restaurant8k_train3", "output_format/restaurant8k_test"),
    }
    if name in files:
        train, test = ([row["input"] for row in rows_of(folder / f"{part}.jsonl")] for part in files[name])
        return train, test
    stem, _, split = name.partition(" ")
    path = {"text2sql_advising": "output_format", "poem_sentiment": "sentiment"}[stem]
    key = split if split.endswith("_split") else "split"
    rows = rows_of(folder / path / f"{stem}.jsonl")
    train, test = ([row["input"] for row in rows if row[key] == part] for part in ("train", "test"))
    return train, test


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def sheet(texts: list[str]) -> Sheet:
    return Sheet([Row(f"r:{at}", (Message(role="user", content=text),), "") for at, text in enumerate(texts)])


@pytest.mark.parametrize("name", LEAKS)
def test_leaks_agree_with_the_facts(shared_data: Path, name: str) -> None:
    facts = {entry["name"]: entry for entry in json.loads((shared_data / "FACTS_extra.json").read_text())}[
        name
    ]
    train, test = sides(shared_data, name)
    assert (len(train), len(test)) == (facts["n_train"], facts["n_test"])
    known = set(train)
    assert sum(text in known for text in test) == facts["test_rows_exact_in_train"]
    for unit, tag in (("words", "word5"), ("characters", "char5")):
        found = near_pairs(train, test, unit=unit, drop_shared=False)  # type: ignore[arg-type]
        assert len(found) == facts[f"pairs_{tag}"]
        assert len({j for _, j, _ in found}) == facts[f"test_rows_with_near_dup_{tag}"]
    leak = leakage(sheet(test), sheet(train))
    assert leak.letter_by_letter == facts["test_rows_exact_in_train"]
    assert len(leak.exact) == facts["test_rows_normalised_in_train"]
    assert (len(leak.exact), len(leak.near)) == LEAKS[name]


def test_sql_answers_that_leak_are_no_lexical_leak_of_questions(shared_data: Path) -> None:
    """87 test questions ask in other words for a query that train has: what "no lexical leakage" does not cover."""
    entry = {e["name"]: e for e in json.loads((shared_data / "FACTS_extra.json").read_text())}
    rows = rows_of(shared_data / "output_format/text2sql_advising.jsonl")
    known = {row["output"] for row in rows if row["question_split"] == "train"}
    leaking = sum(row["output"] in known for row in rows if row["question_split"] == "test")
    assert leaking == entry["text2sql_advising question_split"]["test_rows_whose_exact_SQL_is_in_train"]


def test_near_pairs_of_places_are_the_same_places(shared_data: Path) -> None:
    """Chicago's child-care sites, whose true clusters are known: 1325 of 1326 character pairs are right."""
    entry = next(
        e for e in json.loads((shared_data / "FACTS_extra.json").read_text()) if "chicago" in e["name"]
    )
    rows = rows_of(shared_data / "dedup/chicago_childcare_true_ids.jsonl")
    found = near_pairs([row["text"] for row in rows], unit="characters", drop_shared=False)
    assert len(found) == entry["char5_pairs_ge_0_8"]
    assert sum(rows[i]["true_id"] == rows[j]["true_id"] for i, j, _ in found) == entry["of_them_true"]
