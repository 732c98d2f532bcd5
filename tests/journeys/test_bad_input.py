"""Bad input at the command: a clear message, the contract's exit code, no traceback, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from journey_tools import advisor

Rows = list[dict[str, object]]


def lines(rows: Rows) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def good(count: int) -> Rows:
    return [{"question": f"what is {n} and {n * 7} about", "answer": f"label {n % 4}"} for n in range(count)]


def broken_on_7_and_900() -> bytes:
    text = lines(good(1000)).splitlines(keepends=True)
    text[6] = '{"question": "a", "answer": \n'
    text[899] = "{broken}\n"
    return "".join(text).encode()


CASES: dict[str, tuple[bytes | None, int, list[str]]] = {
    "no such file": (None, 2, ["no such file"]),
    "an empty file": (b"", 3, ["empty"]),
    "a binary file": (b"\x89PNG\r\n\x00\x01\x02" * 20, 3, ["binary"]),
    "UTF-16": (lines(good(30)).encode("utf-16"), 3, ["UTF-16"]),
    "broken JSON": (broken_on_7_and_900(), 3, [":7", ":900"]),
    "rows without an answer": (lines([*good(20), {"question": "q"}]).encode(), 3, [":21", "answer"]),
    "mixed formats": (
        lines([*good(20), {"prompt": "p", "completion": "c"}]).encode(),
        3,
        [":21", "question-answer"],
    ),
    "one row": (lines(good(1)).encode(), 3, ["rows"]),
}


@pytest.mark.parametrize("name", CASES)
def test_rows_that_cannot_be_used(name: str, tmp_path: Path) -> None:
    content, code, words = CASES[name]
    path = tmp_path / "rows.jsonl"
    if content is not None:
        path.write_bytes(content)
    outcome = advisor(
        "run", "--data", path, "--no-train", "--rungs", "classifier", "--out", tmp_path / "run", cwd=tmp_path
    )
    assert outcome.code == code, outcome.err
    assert "Traceback" not in outcome.err
    for word in [*words, "what to do:"]:
        assert word.lower() in outcome.err.lower(), outcome.err
    assert content is None or path.read_bytes() == content


def test_a_bom_is_no_fault_and_equal_answers_are_said(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + lines([{**row, "answer": "yes"} for row in good(40)]).encode())
    outcome = advisor("data", "check", path, "--json", cwd=tmp_path)
    assert outcome.code == 3
    assert any(
        finding["check"] == "D5" and finding["severity"] == "error" for finding in outcome.json()["findings"]
    )


def test_a_folder_for_a_file(tmp_path: Path) -> None:
    outcome = advisor("run", "--data", tmp_path, "--no-train", "--out", tmp_path / "run", cwd=tmp_path)
    assert outcome.code == 2
    assert "folder" in outcome.err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--metric", "bleu"], "--metric"),
        (["--method", "magic"], "--method"),
        (["--rungs", "zero_shot,oracle"], "oracle"),
        (["--answer", "creative=maybe"], "creative"),
        (["--no-such-flag"], "--no-such-flag"),
        (["--target", "7"], "--target"),
    ],
)
def test_unknown_flags_and_values(words: list[str], named: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(lines(good(30)))
    outcome = advisor("run", "--data", path, *words, cwd=tmp_path)
    assert outcome.code == 2
    assert named in outcome.err
    assert not (tmp_path / "runs").exists()


def _without_weights(folder: Path, tiny: Path) -> Path:
    model = folder / "model"
    model.mkdir()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (model / name).write_bytes((tiny / name).read_bytes())
    return model


def _half_gguf(folder: Path, tiny: Path) -> Path:
    path = folder / "half.gguf"
    path.write_bytes(b"GGUF" + bytes([3, 0, 0, 0]) + bytes(100))
    return path


@pytest.mark.parametrize("make", [_without_weights, _half_gguf])
def test_models_that_cannot_be_used(
    make: Callable[[Path, Path], Path], tiny_model: Path, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(lines(good(40)))
    outcome = advisor("run", "--data", rows, "--model", make(tmp_path, tiny_model), cwd=tmp_path)
    assert outcome.code == 5, outcome.err
    assert "Traceback" not in outcome.err
    assert "what to do:" in outcome.err


def test_answers_longer_than_the_context_are_named(tiny_model: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(lines([*good(40), {"question": "long", "answer": "word " * 900}]))
    outcome = advisor("run", "--data", rows, "--model", tiny_model, cwd=tmp_path)
    assert outcome.code == 3, outcome.err
    assert "rows.jsonl:41" in outcome.err
    assert "512" in outcome.err


def test_without_the_train_extra(tmp_path: Path) -> None:
    # given an interpreter that cannot find torch, as on a machine without the extra
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, importlib.util\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *a: None if name == 'torch' else find(name, *a)\n"
    )
    rows = tmp_path / "rows.jsonl"
    rows.write_text(lines(good(40)))
    import os

    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]),
    }
    outcome = advisor("run", "--data", rows, cwd=tmp_path, env=environment)
    assert outcome.code == 5, outcome.err
    assert "finetune-advisor[train]" in outcome.err
