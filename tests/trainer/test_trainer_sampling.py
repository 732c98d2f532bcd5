"""Sampled answers: by the model's own probabilities, the same for the same seed whatever the company."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from trainer_jobs import rows, run, write_job

from trainer.errors import Stopped
from trainer.generate import Request, draw, generate, plan_batches
from trainer.job import GenerateJob, ModelSpec, read_json_lines
from trainer.model import LoadedModel, load
from trainer.run import COMPLETIONS_FILE


@pytest.fixture(scope="module")
def loaded(tiny_model: Path) -> LoadedModel:
    return load(ModelSpec(path=tiny_model, precision="fp32", attention="eager"))


def _requests(loaded: LoadedModel, *, temperature: float = 1.0, seed: int = 0) -> list[Request]:
    return [
        Request(row["id"], "all", loaded.codec.prompt_ids(row["messages"]), 12, temperature, seed)
        for row in rows(10, seed=4)
    ]


def _texts(loaded: LoadedModel, requests: list[Request], batch_size: int = 32) -> dict[str, str]:
    parts = generate(loaded, plan_batches(requests, batch_size))
    return {answer.id: answer.text for part in parts for answer in part}


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_tokens_are_drawn_with_the_probabilities_of_the_softmax(temperature: float) -> None:
    # given one row of logits, one of them impossible, and 20,000 draws
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0, -torch.inf])
    count, rng = 20_000, np.random.default_rng(3)
    drawn = draw(logits.expand(count, -1), [temperature] * count, rng.random(count).tolist())
    # then each token comes as often as it should, within four standard errors
    shares = torch.softmax(logits / temperature, dim=-1).tolist()
    found = Counter(drawn.tolist())
    assert found[4] == 0
    for token, share in enumerate(shares[:4]):
        assert abs(found[token] / count - share) < 4 * (share * (1 - share) / count) ** 0.5


def test_the_ends_of_chance_draw_the_first_and_the_last_possible_token() -> None:
    logits = torch.tensor([[-torch.inf, 0.0, 0.0, -torch.inf]] * 2)
    assert draw(logits, [1.0, 1.0], [0.0, float(np.nextafter(1, 0))]).tolist() == [1, 2]


def test_at_temperature_0_the_likeliest_token_is_taken_beside_sampled_rows() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0]] * 2)
    assert draw(logits, [0.0, 1.0], [0.999999, 0.0]).tolist() == [1, 0]


def test_a_vanishing_temperature_is_greedy(loaded: LoadedModel) -> None:
    greedy = _texts(loaded, _requests(loaded, temperature=0.0))
    assert _texts(loaded, _requests(loaded, temperature=1e-6)) == greedy


def test_the_same_seed_gives_the_same_answers_whatever_the_batch(loaded: LoadedModel) -> None:
    # given sampled answers, which are not the greedy ones
    answers = _texts(loaded, _requests(loaded, seed=7))
    assert answers != _texts(loaded, _requests(loaded, temperature=0.0))
    # then they come again, in other batches and beside greedy rows too, and with another seed they do not
    assert _texts(loaded, _requests(loaded, seed=7)) == answers
    assert _texts(loaded, _requests(loaded, seed=7), batch_size=3) == answers
    greedy = [replace(request, id=f"greedy {request.id}", temperature=0.0) for request in _requests(loaded)]
    mixed = _texts(loaded, [*_requests(loaded, seed=7), *greedy])
    assert {name: mixed[name] for name in answers} == answers
    assert _texts(loaded, _requests(loaded, seed=8)) != answers


def test_rows_with_the_same_prompt_are_drawn_each_for_itself(loaded: LoadedModel) -> None:
    first = _requests(loaded, seed=1)[0]
    answers = _texts(loaded, [replace(first, id=f"{at}/{first.id}") for at in range(8)])
    assert len(set(answers.values())) > 1


def _write(directory: Path, model: Path, **sampling: float) -> Path:
    job = GenerateJob(model=ModelSpec(path=model, precision="fp32", attention="eager"), batch_size=3)
    wanted = [
        {"id": row["id"], "group": "g", "messages": row["messages"], "max_new_tokens": 6} | sampling
        for row in rows(8, seed=4)
    ]
    return write_job(directory, job, requests=wanted)


def _answers(directory: Path) -> list[tuple[str, str]]:
    return [(row["id"], row["text"]) for row in read_json_lines(directory / COMPLETIONS_FILE)]


def test_a_job_samples_what_its_requests_say_and_goes_on_alike(tiny_model: Path, tmp_path: Path) -> None:
    # given a greedy job, a sampled one, and the same stopped after its first batch
    greedy = _write(tmp_path / "greedy", tiny_model)
    whole = _write(tmp_path / "whole", tiny_model, temperature=1.0, seed=5)
    halted = _write(tmp_path / "halted", tiny_model, temperature=1.0, seed=5)
    run(greedy)
    run(whole)
    output = halted / COMPLETIONS_FILE
    with pytest.raises(Stopped):
        run(halted, should_stop=lambda: output.stat().st_size > 0)
    # when it goes on
    run(halted)
    # then its answers are those of the undisturbed one, and not the greedy ones
    assert _answers(halted) == _answers(whole) != _answers(greedy)
