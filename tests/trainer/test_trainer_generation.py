"""Answers are those of transformers' own `generate`, one by one, whatever the batch and the shared prefix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from trainer_jobs import rows, run, write_job

from rubrics.errors import ExitCode, Fault
from trainer.errors import Stopped
from trainer.generate import Request, check_lengths, generate, plan_batches, shared_prefix
from trainer.job import Completion, GenerateJob, ModelSpec, read_json_lines, write_json
from trainer.model import LoadedModel, load
from trainer.run import COMPLETIONS_FILE

INSTRUCTION = "You are a helpful AI assistant: name refund, delivery, card, transfer, login or other."


@pytest.fixture(scope="module", params=["eager", "sdpa"])
def loaded(request: pytest.FixtureRequest, tiny_model: Path) -> LoadedModel:
    return load(ModelSpec(path=tiny_model, precision="fp32", attention=request.param))


def _requests(loaded: LoadedModel, *, system: bool, group: str = "all") -> list[Request]:
    """Twelve prompts of many lengths with limits of 1 to 24 tokens."""
    start = [{"role": "system", "content": INSTRUCTION}] if system else []
    return [
        Request(row["id"], group, loaded.codec.prompt_ids([*start, *row["messages"]]), 1 + 5 * (index % 5) + index // 5)
        for index, row in enumerate(rows(12, seed=4))
    ]  # fmt: skip


def _answers(loaded: LoadedModel, requests: list[Request], batch_size: int) -> dict[str, Completion]:
    parts = generate(loaded, plan_batches(requests, batch_size))
    return {answer.id: answer for part in parts for answer in part}


def _theirs(loaded: LoadedModel, request: Request) -> tuple[str, int, str]:
    """Text, tokens and finish reason by transformers, alone in its batch."""
    ids = torch.tensor([request.ids])
    output = loaded.model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        max_new_tokens=request.max_new_tokens,
        eos_token_id=sorted(loaded.codec.end_ids),
        pad_token_id=loaded.codec.pad_id,
    )
    answer = output[0, len(request.ids) :].tolist()
    reason = "stop" if answer[-1] in loaded.codec.end_ids else "length"
    return loaded.codec.decode(answer), len(answer), reason


def _ours(completion: Completion) -> tuple[str, int, str]:
    return completion.text, completion.completion_tokens, completion.finish_reason


@pytest.fixture
def with_ends(loaded: LoadedModel) -> Iterator[LoadedModel]:
    """The model with a few more end tokens, those that it likes to say, or random weights would never stop."""
    said = [
        token
        for request in _requests(loaded, system=True)
        for token in loaded.model.generate(
            torch.tensor([request.ids]), do_sample=False, max_new_tokens=24, pad_token_id=loaded.codec.pad_id
        )[0, len(request.ids) :].tolist()[3::9]
    ]
    before = loaded.codec.end_ids
    loaded.codec.end_ids = before | frozenset(said)
    yield loaded
    loaded.codec.end_ids = before


@pytest.mark.parametrize("system", [False, True])
@pytest.mark.parametrize("batch_size", [1, 5, 32])
def test_answers_are_those_of_transformers(with_ends: LoadedModel, batch_size: int, system: bool) -> None:
    # given prompts with and without a long common start
    requests = _requests(with_ends, system=system)
    prefix = plan_batches(requests, batch_size)[0].prefix
    assert (len(prefix) > len(with_ends.codec.encode(INSTRUCTION))) == system
    # when they are answered together
    answers = _answers(with_ends, requests, batch_size)
    # then each answer is what transformers says to that prompt alone; some ended by themselves, some were cut
    assert {name: _ours(answer) for name, answer in answers.items()} == {
        request.id: _theirs(with_ends, request) for request in requests
    }
    assert {answer.finish_reason for answer in answers.values()} == {"stop", "length"}
    assert all(answers[request.id].prompt_tokens == len(request.ids) for request in requests)
    assert all(answer.latency_s > 0 for answer in answers.values())


def test_answers_do_not_depend_on_prefix_reuse(loaded: LoadedModel) -> None:
    # given prompts with a common start, once as one group and once each a group of its own
    shared = _requests(loaded, system=True)
    alone = [replace(request, group=request.id) for request in shared]
    assert not any(batch.prefix for batch in plan_batches(alone, 4))
    # then the answers are equal, and so are those of two groups with different starts in one go
    expected = {name: _ours(answer) for name, answer in _answers(loaded, alone, 4).items()}
    assert {name: _ours(answer) for name, answer in _answers(loaded, shared, 4).items()} == expected
    other = [replace(r, id=f"x{r.id}") for r in _requests(loaded, system=False, group="other")]
    mixed = _answers(loaded, [*shared, *other], 4)
    assert {name: _ours(mixed[name]) for name in expected} == expected


def test_the_end_token_is_no_part_of_the_text(with_ends: LoadedModel) -> None:
    # given answers that ended by themselves
    answers = _answers(with_ends, _requests(with_ends, system=True), 32).values()
    ended = [answer for answer in answers if answer.finish_reason == "stop"]
    # then their token count has the end token and their text has not
    assert ended
    for answer in ended:
        assert "<|im_end|>" not in answer.text
        if answer.completion_tokens == 1:
            assert answer.text == ""


def test_rows_that_have_ended_leave_the_batch(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    # given one batch with different limits, and a look at every forward pass
    requests = _requests(loaded, system=False)
    sizes: list[int] = []
    forward = loaded.model.forward

    def look(*args: Any, **kwargs: Any) -> Any:
        sizes.append(kwargs["input_ids"].shape[0])
        return forward(*args, **kwargs)

    monkeypatch.setattr(loaded.model, "forward", look)
    # when it is answered
    answers = _answers(loaded, requests, 32)
    # then as many rows went through the model as tokens came out, and never more than before
    if plan_batches(requests, 32)[0].prefix:
        sizes.pop(0)  # the shared start, computed once
    assert sum(sizes) == sum(answer.completion_tokens for answer in answers.values())
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == len(requests) > sizes[-1]


def test_batches_are_a_pure_function_of_the_requests(loaded: LoadedModel) -> None:
    # given requests, and the same requests again
    requests = _requests(loaded, system=True)
    batches = plan_batches(requests, 5)
    # then batches are equal, sorted by length, and hold every row once
    assert plan_batches(_requests(loaded, system=True), 5) == batches
    lengths = [len(row.ids) for batch in batches for row in batch.rows]
    assert lengths == sorted(lengths)
    assert sorted(row.id for batch in batches for row in batch.rows) == sorted(r.id for r in requests)


@pytest.mark.parametrize(
    ("sequences", "length"),
    [
        ([[1] * 30, [1] * 30], 29),
        ([[1] * 20 + [2], [1] * 20 + [3]], 20),
        ([[1] * 20, [1] * 25], 19),
        ([[1] * 15 + [2], [1] * 15 + [3]], 0),
        ([[1] * 30], 0),
        ([], 0),
    ],
)
def test_shared_prefix_leaves_every_row_a_token(sequences: list[list[int]], length: int) -> None:
    # given sequences with this common start, then that much of it is shared (sixteen tokens or nothing)
    assert len(shared_prefix(sequences)) == length


def test_prompts_without_room_for_the_answer_are_named(loaded: LoadedModel) -> None:
    # given a context of 512 tokens and prompts around it
    requests = [
        Request("fits", "g", [1] * 500, 12),
        Request("one over", "g", [1] * 500, 13),
        Request("far over", "g", [1] * 600, 1),
    ]
    # then the two that do not fit are named
    with pytest.raises(Fault, match=r"2 prompts do not fit .* 512") as caught:
        check_lengths(requests, loaded.context_length)
    assert caught.value.code == ExitCode.BAD_DATA
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["one over", "far over"]
    check_lengths(requests, None)


def _write(directory: Path, model: Path) -> Path:
    job = GenerateJob(model=ModelSpec(path=model, precision="fp32", attention="sdpa"), batch_size=3)
    wanted = [
        {"id": row["id"], "group": "g", "messages": row["messages"], "max_new_tokens": 6}
        for row in rows(8, seed=4)
    ]
    return write_job(directory, job, requests=wanted)


def test_an_interrupted_job_keeps_its_answers_and_says_nothing_twice(
    tiny_model: Path, tmp_path: Path
) -> None:
    # given a job that was stopped after its first batch, and a line that a kill left unfinished
    whole = _write(tmp_path / "whole", tiny_model)
    run(whole)
    directory = _write(tmp_path / "job", tiny_model)
    output = directory / COMPLETIONS_FILE
    with pytest.raises(Stopped):
        run(directory, should_stop=lambda: output.stat().st_size > 0)
    assert len(list(read_json_lines(output))) == 3
    lines = output.read_bytes().splitlines(keepends=True)
    output.write_bytes(b"".join(lines[:2]) + lines[2][:20])
    # when it is run again
    run(directory)
    # then each row was answered once, with the answers of an undisturbed job
    answers = [Completion(**row) for row in read_json_lines(output)]
    undisturbed = [Completion(**row) for row in read_json_lines(whole / COMPLETIONS_FILE)]
    assert [(answer.id, *_ours(answer)) for answer in answers] == [
        (answer.id, *_ours(answer)) for answer in undisturbed
    ]


def test_a_job_without_requests_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    # given a job directory whose requests never arrived
    directory = tmp_path / "job"
    directory.mkdir()
    write_json(directory / "job.json", GenerateJob(model=ModelSpec(path=tiny_model, precision="fp32")))
    # then that is a fault, and no empty success
    with pytest.raises(Fault, match=r"requests\.jsonl"):
        run(directory)
