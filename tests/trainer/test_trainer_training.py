"""Training: the loss it reports, accumulation, dev, the best checkpoint, early stopping, what it refuses."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch.nn.functional import cross_entropy
from trainer_jobs import (
    STANDARD,
    Training,
    assert_same_history,
    result_of,
    rows,
    run,
    stop_after,
    train,
    trained_steps,
    write_training,
)

from rubrics.errors import ExitCode, Fault
from trainer import training
from trainer.batches import batch_order, read_examples
from trainer.errors import Stopped
from trainer.events import Metric, Sample
from trainer.job import ModelSpec, TokenScores, planned_steps, read_job, write_json
from trainer.model import load
from trainer.scoring import TokenSums, token_sums
from trainer.training import attach_lora, rows_at_once


def _whole_checkpoints(directory: Path) -> list[int]:
    return sorted(
        int(marker.parent.name.rpartition("-")[2]) for marker in directory.glob("checkpoint-*/complete")
    )


def _scripted_dev(monkeypatch: pytest.MonkeyPatch, losses: list[float]) -> None:
    """Dev losses by script, the last one for ever after."""
    script = itertools.chain(losses, itertools.repeat(losses[-1]))

    def score(model: Any, batches: Any) -> TokenScores:
        return TokenScores(loss=next(script), next_token_accuracy=0.5, supervised_tokens=1)

    monkeypatch.setattr(training, "score_batches", score)


def _broken_loss(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """The loss becomes NaN in the given training step (the standard job has one micro-batch a step)."""
    calls = itertools.count(1)

    def sums(model: Any, batch: dict[str, Any]) -> TokenSums:
        found = token_sums(model, batch)
        factor = math.nan if model.training and next(calls) == at else 1.0
        return TokenSums(found.loss * factor, found.correct, found.tokens)

    monkeypatch.setattr(training, "token_sums", sums)


def test_loss_falls_and_every_step_is_reported(undisturbed: Training) -> None:
    # given the standard training: 40 rows, batch 4, two epochs
    result = undisturbed.result
    losses = [point.loss for point in result.history if point.loss is not None]
    # then each of the 20 steps has its loss, said once as an event, and the model learned
    assert result.steps == result.planned_steps == len(losses) == 20
    assert trained_steps(undisturbed.events) == list(range(1, 21))
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])
    assert result.trainable_parameters > 0
    assert result.epochs == 2


def test_pace_and_memory_are_told_at_every_step_and_stand_in_no_history(undisturbed: Training) -> None:
    # given the standard training, whose history a resumed one must repeat number by number
    told = [
        event.values for event in undisturbed.events if isinstance(event, Metric) and "loss" in event.values
    ]
    # then who watches hears the tokens a second and the memory of each step, and the history knows nothing of them
    assert all(values["tokens_per_second"] > 0 and values["memory_bytes"] >= 0 for values in told)
    assert {"grad_norm", "learning_rate", "next_token_accuracy"} <= told[0].keys()
    assert not {"tokens_per_second", "memory_bytes"} & undisturbed.result.history[0].model_dump().keys()


def test_as_many_dev_rows_are_answered_at_each_evaluation_as_were_asked_for(
    tiny_model: Path, tmp_path: Path
) -> None:
    # given five sample rows, more than go through the model at once
    parameters = STANDARD.model_copy(update={"micro_batch_size": 2, "evaluations": 2})
    done = train(tmp_path / "job", tiny_model, parameters, samples=5)
    # then each evaluation shows the same five, by their ids
    samples = [(event.step, event.id) for event in done.events if isinstance(event, Sample)]
    assert sorted(samples) == [(step, f"r{at}") for step in (10, 20) for at in range(5)]


def test_first_loss_is_the_token_mean_of_a_plain_computation(tiny_model: Path, undisturbed: Training) -> None:
    # given the rows of the first batch, one at a time and unpadded, through the whole head
    loaded = load(ModelSpec(path=tiny_model, precision="fp32", attention="eager"))
    examples = read_examples(undisturbed.directory / "train.jsonl", loaded.codec, STANDARD.max_length)
    order = batch_order(
        [len(example.ids) for example in examples], STANDARD.batch_size, STANDARD.seed, epoch=0
    )
    total, tokens = 0.0, 0
    for example in (examples[index] for index in order[: STANDARD.batch_size]):
        with torch.no_grad():
            logits = loaded.model(input_ids=torch.tensor([example.ids])).logits[0]
        start = example.supervised_from
        total += float(
            cross_entropy(logits[start - 1 : -1], torch.tensor(example.ids[start:]), reduction="sum")
        )
        tokens += len(example.ids) - start
    # then the first reported loss is their sum over the number of answer tokens (the adapter begins as zero)
    assert undisturbed.result.history[0].loss == pytest.approx(total / tokens, abs=1e-5)


@pytest.mark.parametrize(("micro_batch", "attention"), [(1, "eager"), (2, "eager"), (1, "sdpa")])
def test_accumulation_changes_nothing(
    tiny_model: Path, tmp_path: Path, micro_batch: int, attention: str
) -> None:
    # given 18 rows, so that the last step of an epoch holds half a batch
    data = {"train": rows(18), "attention": attention, "samples": 0}
    whole = train(tmp_path / "whole", tiny_model, **data)
    # when the same batches go through the model in parts
    parts = train(
        tmp_path / "parts", tiny_model, STANDARD.model_copy(update={"micro_batch_size": micro_batch}), **data
    )
    # then loss, gradient norm, accuracy and dev values are the same at every step
    assert parts.result.effective["gradient_accumulation_steps"] == 4 // micro_batch
    assert_same_history(whole.result, parts.result, tolerance=1e-5)


@pytest.mark.parametrize(
    ("batch", "micro", "expected"), [(8, 8, 8), (8, 5, 4), (4, 8, 4), (6, 4, 3), (7, 6, 1), (1, 8, 1)]
)
def test_micro_batches_make_up_the_batch_exactly(batch: int, micro: int, expected: int) -> None:
    # given a micro-batch limit that may not divide the batch (a dry run halves it when memory is short)
    parameters = STANDARD.model_copy(update={"batch_size": batch, "micro_batch_size": micro})
    # then an optimizer step still covers the batch that was asked for, within the limit
    assert rows_at_once(parameters) == expected


def test_effective_configuration_is_what_was_asked(tiny_model: Path, tmp_path: Path) -> None:
    # given values that are nobody's default, and a micro-batch that does not divide the batch
    parameters = STANDARD.model_copy(
        update={
            "rank": 3, "alpha": 7, "learning_rate": 2e-3, "epochs": 1.5, "batch_size": 6, "micro_batch_size": 4,
            "warmup_share": 0.25, "weight_decay": 0.02, "max_grad_norm": 0.5, "evaluations": 5, "seed": 11,
        }
    )  # fmt: skip
    # when it trains
    result = train(tmp_path / "job", tiny_model, parameters, train=rows(20), samples=0).result
    # then what the libraries report is the request
    asked = {
        "rank": 3, "alpha": 7, "learning_rate": 2e-3, "epochs": 1.5, "batch_size": 6, "micro_batch_size": 3,
        "gradient_accumulation_steps": 2, "warmup_steps": 2, "weight_decay": 0.02, "max_grad_norm": 0.5,
        "evaluate_every_steps": 1, "seed": 11, "max_steps": 6, "quantised": False,
    }  # fmt: skip
    assert {name: result.effective[name] for name in asked} == asked
    assert planned_steps(parameters, 20) == result.planned_steps == result.steps == 6
    assert {"q_proj", "o_proj", "gate_proj", "down_proj"} <= set(result.effective["target_modules"])
    assert "lm_head" not in result.effective["target_modules"]


@pytest.mark.parametrize("count", [37, 54])
def test_dev_is_measured_and_kept_at_least_every_tenth_of_the_steps(
    tiny_model: Path, tmp_path: Path, count: int
) -> None:
    # given trainings whose number of steps is no multiple of ten
    directory = write_training(tmp_path / "job", tiny_model, train=rows(count), samples=0)
    kept: set[int] = set()

    def look() -> bool:
        kept.update(_whole_checkpoints(directory))
        return False

    # when it trains, looking at the disk after every step
    run(directory, should_stop=look)
    result = result_of(directory)
    kept.update(_whole_checkpoints(directory))
    # then neither dev values nor whole checkpoints are further apart than a tenth, and the last step has both
    measured = [point.step for point in result.history if point.eval_loss is not None]
    assert measured[-1] == result.steps
    for steps in (measured, sorted(kept)):
        assert max(b - a for a, b in itertools.pairwise([0, *steps])) <= math.ceil(result.steps / 10)
    assert all(
        point.eval_next_token_accuracy is not None for point in result.history if point.step in measured
    )


def test_samples_are_shown_at_each_evaluation(undisturbed: Training) -> None:
    # given the standard training, which answers one dev row at each evaluation
    shown = [event.step for event in undisturbed.events if event.type == "sample"]
    # then it did so at the evaluations, and only there
    assert shown == [point.step for point in undisturbed.result.history if point.eval_loss is not None]


def test_best_checkpoint_is_the_adapter(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a dev loss that is lowest at the second of ten evaluations, long before the checkpoints that stay
    _scripted_dev(monkeypatch, [3.0, 1.0, 2.0])
    # when it trains to its end
    done = train(tmp_path / "job", tiny_model, STANDARD.model_copy(update={"patience": 20}))
    # then the adapter is that of step 4 and not of step 20
    assert (done.result.best_step, done.result.best_eval_loss, done.result.steps) == (4, 1.0, 20)
    adapter = load_file(done.directory / "adapter" / "adapter_model.safetensors")
    best = load_file(done.directory / "checkpoint-4" / "adapter_model.safetensors")
    last = load_file(done.directory / "checkpoint-20" / "adapter_model.safetensors")
    assert all(torch.equal(adapter[name], best[name]) for name in best)
    assert not all(torch.equal(adapter[name], last[name]) for name in last)


def test_adapter_loads_on_the_base_and_scores_as_the_history_says(
    tiny_model: Path, undisturbed: Training
) -> None:
    # given the adapter that a training left
    spec = ModelSpec(
        path=tiny_model, adapter=undisturbed.directory / "adapter", precision="fp32", attention="eager"
    )
    # when it is loaded afresh and dev is scored
    loaded = load(spec)
    dev = read_examples(undisturbed.directory / "dev.jsonl", loaded.codec, 256)
    scores = training.score_batches(loaded.model, [training.collate(dev, loaded.codec.pad_id)])
    # then it is the best dev loss of the history
    assert scores.loss == pytest.approx(undisturbed.result.best_eval_loss, abs=1e-5)


def test_best_checkpoint_survives_a_resume_in_a_moved_directory(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a training that had its best step 4 and was stopped at step 19, one step before its last
    _scripted_dev(monkeypatch, [3.0, 1.0, 2.0])
    parameters = STANDARD.model_copy(update={"patience": 20})
    directory = write_training(tmp_path / "here", tiny_model, parameters, samples=0)
    should_stop, events = stop_after(19)
    with pytest.raises(Stopped):
        run(directory, should_stop, events.append)
    # when the run's folder is moved, and it goes on there
    moved = directory.rename(tmp_path / "there")
    run(moved)
    # then the best is still the best
    assert result_of(moved).best_step == 4
    best = (moved / "checkpoint-4" / "adapter_model.safetensors").read_bytes()
    assert (moved / "adapter" / "adapter_model.safetensors").read_bytes() == best


@pytest.mark.parametrize("interrupted_at", [None, 7])
def test_early_stopping_counts_across_an_interruption(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupted_at: int | None
) -> None:
    # given dev losses that get no better after the second evaluation (step 4), and a patience of three
    _scripted_dev(monkeypatch, [2.0, 1.0, 1.5])
    directory = write_training(
        tmp_path / "job", tiny_model, STANDARD.model_copy(update={"patience": 3}), samples=0
    )
    # when it trains, once undisturbed and once with a stop after the first evaluation without progress
    if interrupted_at is not None:
        should_stop, events = stop_after(interrupted_at)
        with pytest.raises(Stopped):
            run(directory, should_stop, events.append)
    run(directory)
    # then it ends at the third evaluation without progress in both cases, with the best adapter
    result = result_of(directory)
    assert (result.steps, result.best_step, result.stopped_early) == (10, 4, True)
    assert not result.out_of_time
    best = (directory / "checkpoint-4" / "adapter_model.safetensors").read_bytes()
    assert (directory / "adapter" / "adapter_model.safetensors").read_bytes() == best


@pytest.mark.parametrize("at", [4, 5, 20])
def test_a_loss_that_is_not_a_number_ends_training_and_is_not_kept(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    # given a loss that breaks: at a step that would be saved, between two of them, and at the very last one
    _broken_loss(monkeypatch, at)
    directory = write_training(tmp_path / "job", tiny_model, samples=0)
    # when it trains
    with pytest.raises(Fault, match=f"not a number at step {at}") as caught:
        run(directory)
    # then it says what to do, and no checkpoint holds the broken weights
    assert caught.value.code == ExitCode.LACKING
    assert "--learning-rate" in caught.value.fix
    assert max(_whole_checkpoints(directory), default=0) < at
    assert not (directory / "adapter").exists()


def test_a_dev_loss_that_is_not_a_number_ends_training(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given dev losses that break at the second evaluation: no best checkpoint could be chosen
    _scripted_dev(monkeypatch, [1.0, math.nan])
    directory = write_training(tmp_path / "job", tiny_model, samples=0)
    # then training ends there
    with pytest.raises(Fault, match="dev loss is not a number at step 4"):
        run(directory)


def test_a_time_limit_ends_training_with_the_best_so_far(tiny_model: Path, tmp_path: Path) -> None:
    # given a limit that has passed once the first step is done
    directory = write_training(tmp_path / "job", tiny_model, samples=0)
    job = read_job(directory).model_copy(update={"max_seconds": 1e-6})
    write_json(directory / "job.json", job)
    # when it trains
    run(directory)
    # then that step was measured and kept, the result says that there was more to do, and the adapter is there
    result = result_of(directory)
    assert (result.steps, result.planned_steps, result.best_step, result.stopped_early) == (1, 20, 1, True)
    assert result.out_of_time
    assert result.history[0].eval_loss is not None
    best = (directory / "checkpoint-1" / "adapter_model.safetensors").read_bytes()
    assert (directory / "adapter" / "adapter_model.safetensors").read_bytes() == best


def test_gradients_reach_every_adapter_matrix(tiny_model: Path) -> None:
    # given a fresh adapter whose second factor was moved off zero
    loaded = load(ModelSpec(path=tiny_model, precision="fp32", attention="eager"))
    model = attach_lora(loaded, STANDARD)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.1)
    # when one padded batch is differentiated
    examples = [loaded.codec.example(row["messages"], row["answer"]) for row in rows(4)]
    token_sums(model.train(), training.collate(examples, loaded.codec.pad_id)).loss.backward()
    # then all of both factors of all seven matrices of both layers learn, and nothing else does
    learned = {name for name, parameter in model.named_parameters() if parameter.grad is not None}
    assert len(learned) == 2 * 7 * 2
    assert all("lora_" in name for name in learned)
    assert all(
        float(parameter.grad.abs().max()) > 0
        for parameter in model.parameters()
        if parameter.grad is not None
    )


def _one_row_too_long(data: list[dict[str, Any]]) -> str:
    data[3]["messages"][0]["content"] = "late " * 300
    return "r3: .* tokens, the limit is 256"


def _one_row_without_answer(data: list[dict[str, Any]]) -> str:
    data[5]["answer"] = ""
    return "r5: the answer is empty"


@pytest.mark.parametrize("spoil", [_one_row_too_long, _one_row_without_answer])
def test_rows_that_cannot_be_trained_on_are_named_before_anything_trains(
    tiny_model: Path, tmp_path: Path, spoil: Callable[[list[dict[str, Any]]], str]
) -> None:
    # given one bad row among good ones
    data = rows(8)
    words = spoil(data)
    directory = write_training(tmp_path / "job", tiny_model, train=data)
    # then the row is named, and there is no checkpoint
    with pytest.raises(Fault, match="1 of 8 rows") as caught:
        run(directory)
    assert caught.value.code == ExitCode.BAD_DATA
    (problem,) = caught.value.problems
    assert re.match(words, problem)
    assert not list(directory.glob("checkpoint-*"))


@pytest.mark.parametrize("count", [6, 24])
def test_steps_that_are_asked_for_are_trained_whatever_the_rows(
    count: int, tiny_model: Path, tmp_path: Path
) -> None:
    # given the same steps for few rows and for many, when trained, then every schedule goes by those steps
    parameters = STANDARD.model_copy(update={"max_steps": 7, "epochs": 1})
    result = train(tmp_path / "job", tiny_model, parameters, train=rows(count), samples=0).result
    assert result.steps == result.planned_steps == result.effective["max_steps"] == 7
    rates = [point.learning_rate for point in result.history if point.learning_rate is not None]
    assert rates[-1] is not None
    assert rates[-1] < 0.2 * max(rates)
    assert result.history[-1].eval_loss is not None
