"""Mended files: real rows in every format, fields kept, secrets masked, a second time without effect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.data.checking import check_file
from advisor.data.fixes import FIXES, chosen
from advisor.data.mending import fix_file
from rubrics.errors import ExitCode, Fault

SECRETS = ("ann.lee@example-mail.com", "AKIAIOSFODNN7ABCDEFG")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def every(*without: str) -> tuple[Any, ...]:
    names = [fix.name for fix in FIXES if not fix.needs and fix.name not in ("conflicts", *without)]
    return chosen(names, all_safe=True)


@pytest.mark.parametrize(
    "name",
    [
        "formats/llamafactory_identity",
        "formats/openai_drone_training",
        "formats/llamafactory_glaive_toolcall_en_demo",
        "formats/gemini_contents_support",
        "output_format/restaurant8k_train3",
        "sentiment/poem_sentiment",
    ],
)
def test_real_files_are_mended_once_and_keep_what_no_fix_concerns(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    source = shared_data / f"{name}.jsonl"
    before = source.read_bytes()
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    done = fix_file(source, first, every("redact"))
    again = fix_file(first, second, every("redact"))

    assert again["fixes"] == []
    assert first.read_bytes() == second.read_bytes()
    assert source.read_bytes() == before
    given, kept = lines(source), lines(first)
    assert (len(given), len(kept)) == (done["rows"], done["written"])
    dropped = {c["row"] for c in lines(tmp_path / "first.changes.jsonl") if c["after"] is None}
    numbers = [at for at in range(1, len(given) + 1) if f"{source.stem}:{at}" not in dropped]
    assert [list(given[at - 1]) for at in numbers] == [list(row) for row in kept]


def test_what_is_fixed_a_check_no_longer_finds(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "classification/banking77_train.chat.jsonl"
    against = shared_data / "classification/banking77_test.jsonl"
    rules = chosen(["leaks", "near-duplicates", "conflicts-majority"], all_safe=True)
    done = fix_file(source, tmp_path / "fixed.jsonl", rules, against=against)
    found = check_file(tmp_path / "fixed.jsonl", against=against)
    assert {finding["check"] for finding in found["findings"] if finding["severity"] != "info"} == set()
    assert done["left"] == []
    assert found["rows"] == done["written"] == done["rows"] - sum(fix["dropped"] for fix in done["fixes"])


def test_unknown_fields_and_order_stay(tmp_path: Path) -> None:
    rows = [
        {"id": at, "answer": f" a{at}", "question": f"q {at} ", "meta": {"z": [1.50], "é": None}}
        for at in range(5)
    ]
    fix_file(write(tmp_path / "rows.jsonl", rows), tmp_path / "out.jsonl", chosen(["trim"], all_safe=False))
    wanted = [{**row, "answer": f"a{row['id']}", "question": f"q {row['id']}"} for row in rows]
    assert [json.dumps(row) for row in lines(tmp_path / "out.jsonl")] == [json.dumps(row) for row in wanted]


def test_secrets_go_from_the_rows_and_are_in_no_log(tmp_path: Path) -> None:
    rows = [{"question": f"mail {SECRETS[0]} now", "answer": f"key {SECRETS[1]} "} for _ in range(2)]
    rows += [{"question": "plain", "answer": "text"}]
    source = write(tmp_path / "rows.jsonl", rows)
    done = fix_file(source, tmp_path / "kept.jsonl", chosen([], all_safe=True))
    fix_file(source, tmp_path / "out.jsonl", chosen(["redact"], all_safe=True))
    assert all(secret not in json.dumps(done) for secret in SECRETS)
    for name in ("kept.changes.jsonl", "out.changes.jsonl", "out.jsonl"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert all(secret not in text for secret in SECRETS), name
    assert "[EMAIL]" in (tmp_path / "out.jsonl").read_text(encoding="utf-8")
    assert {c["rule"] for c in lines(tmp_path / "kept.changes.jsonl")} == {"trim", "duplicates"}


def test_redacted_json_stays_json(tmp_path: Path) -> None:
    card = 4539578763621486
    rows = [{"question": "extract", "answer": json.dumps({"card": card, "mail": SECRETS[0], "n": 3})}]
    done = fix_file(
        write(tmp_path / "rows.jsonl", rows), tmp_path / "out.jsonl", chosen(["redact"], all_safe=False)
    )
    answer = json.loads(lines(tmp_path / "out.jsonl")[0]["answer"])
    assert (answer["n"], str(card) in str(answer), SECRETS[0] in str(answer)) == (3, False, False)
    assert done["fixes"] == [{"rule": "redact", "changed": 1, "dropped": 0}]


def test_rows_over_the_length_go_by_the_tokens_of_the_model(tiny_model: Path, tmp_path: Path) -> None:
    rows = [{"question": "short", "answer": "yes"}, {"question": "long " * 60, "answer": "no"}]
    source = write(tmp_path / "rows.jsonl", rows)
    fix_file(
        source,
        tmp_path / "out.jsonl",
        chosen(["too-long"], all_safe=False),
        model=str(tiny_model),
        max_length=60,
    )
    assert lines(tmp_path / "out.jsonl") == rows[:1]


@pytest.mark.parametrize(("rule", "flag"), [("leaks", "--against"), ("too-long", "--max-length")])
def test_a_fix_without_its_flag_is_wrong_use(tmp_path: Path, rule: str, flag: str) -> None:
    with pytest.raises(Fault, match=flag) as caught:
        fix_file(tmp_path / "rows.jsonl", tmp_path / "out.jsonl", chosen([rule], all_safe=False))
    assert caught.value.code == ExitCode.WRONG_USE


def test_an_empty_result_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "rows.jsonl", [{"question": "q", "answer": "TODO"}])
    with pytest.raises(Fault, match="every one") as caught:
        fix_file(source, tmp_path / "out.jsonl", chosen(["placeholders"], all_safe=False))
    assert caught.value.code == ExitCode.BAD_DATA
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]


def test_tables_are_mended_as_tables(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("question,answer,n\n a ,b,1\nc,d,2\n", encoding="utf-8")
    fix_file(tmp_path / "rows.csv", tmp_path / "out.csv", chosen([], all_safe=True))
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "question,answer,n\na,b,1\nc,d,2\n"
    assert (tmp_path / "out.changes.jsonl").exists()


def test_secrets_go_from_the_arguments_of_calls_too(tmp_path: Path) -> None:
    arguments = json.dumps({"to": SECRETS[0], "card": 4539578763621486, "n": 2})
    call = {"id": "call_1", "type": "function", "function": {"name": "send", "arguments": arguments}}
    parts = [{"functionCall": {"name": "send", "args": {"to": SECRETS[0], "n": 2}}}]
    chats = {
        "openai": {
            "messages": [{"role": "user", "content": "send"}, {"role": "assistant", "tool_calls": [call]}]
        },
        "gemini": {
            "contents": [{"role": "user", "parts": [{"text": "send"}]}, {"role": "model", "parts": parts}]
        },
        "sharegpt": {
            "conversations": [
                {"from": "human", "value": f"send {SECRETS[0]}"},
                {
                    "from": "function_call",
                    "value": json.dumps({"name": "send", "arguments": {"to": SECRETS[0]}}),
                },
            ]
        },
    }
    for name, chat in chats.items():
        source, output = write(tmp_path / f"{name}.jsonl", [chat]), tmp_path / f"{name}.out.jsonl"
        done = fix_file(source, output, chosen(["redact"], all_safe=False))
        text = output.read_text(encoding="utf-8")
        assert SECRETS[0] not in text
        assert "4539578763621486" not in text
        assert "[EMAIL]" in text
        assert "D11" not in {finding["check"] for finding in done["left"]}
        assert check_file(output)["format"]["name"] == name
