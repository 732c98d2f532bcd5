"""Answers of a local model are kept while the request and the weights are the same, and only then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from advisor.chat.local import LocalModel
from advisor.chat.protocol import ChatRequest
from advisor.data.rows import Message
from advisor.interrupt import StopSignal
from trainer.job import RESULT_FILE, ModelSpec, read_json_lines, write_json, write_json_lines

SPEC = ModelSpec(path=Path("/model"), precision="fp32", attention="eager")


def request(name: str, text: str = "hello", tokens: int = 8) -> ChatRequest:
    return ChatRequest(name, "zero_shot", (Message(role="user", content=text),), tokens)


def prepare(folder: Path, *requests: ChatRequest, spec: ModelSpec = SPEC) -> Path:
    return LocalModel("m", spec, folder, lambda event: None, StopSignal()).prepare("batch", requests)


def kept(directory: Path) -> list[str]:
    return [row["id"] for row in read_json_lines(directory / "completions.jsonl")]


@pytest.fixture
def answered(tmp_path: Path) -> Path:
    directory = prepare(tmp_path, request("a"), request("b"))
    write_json_lines(directory / "completions.jsonl", ({"id": name, "text": name} for name in "ab"))
    write_json(directory / RESULT_FILE, {"completions": 2})
    return directory


def test_the_same_requests_keep_answers_and_result(answered, tmp_path):
    prepare(tmp_path, request("a"), request("b"))

    assert (kept(answered), (answered / RESULT_FILE).exists()) == (["a", "b"], True)


@pytest.mark.parametrize(
    ("requests", "left"),
    [
        ([request("a"), request("b"), request("c")], ["a", "b"]),
        ([request("b")], ["b"]),
        ([request("a", "bye"), request("b")], ["b"]),
        ([request("a"), request("b", tokens=9)], ["a"]),
    ],
)
def test_other_requests_keep_the_answers_that_still_fit_and_no_result(requests, left, answered, tmp_path):
    prepare(tmp_path, *requests)

    assert (kept(answered), (answered / RESULT_FILE).exists()) == (left, False)


@pytest.mark.parametrize(
    "change", [{"quantisation": "nf4"}, {"precision": "bf16"}, {"adapter": Path("/a")}, {"path": Path("/other")}]
)  # fmt: skip
def test_other_weights_keep_nothing(change, answered, tmp_path):
    prepare(tmp_path, request("a"), request("b"), spec=SPEC.model_copy(update=change))

    assert kept(answered) == []


def test_a_faster_way_to_the_same_answers_keeps_them(answered, tmp_path):
    changed: dict[str, Any] = {"attention": "sdpa"}

    prepare(tmp_path, request("a"), request("b"), spec=SPEC.model_copy(update=changed))

    assert kept(answered) == ["a", "b"]
