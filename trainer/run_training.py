"""The jobs that train: a training to its end, and the dry run that measures its rates and memory."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from trainer.batches import read_examples
from trainer.deadline import Deadline
from trainer.errors import Stopped
from trainer.events import Logged, Sample
from trainer.generate import Request, generate, plan_batches
from trainer.job import (
    Completion,
    MeasureJob,
    ModelSpec,
    TrainJob,
    TrainResult,
    read_json_lines,
    write_json,
)
from trainer.measure import PeakMemory, measure
from trainer.model import LoadedModel, device_name, pick_device
from trainer.training import (
    Reporter,
    attach_lora,
    build_trainer,
    history,
    keep_best,
    last_checkpoint,
    rows_at_once,
    train_on,
)
from trainer.workplace import ModelCache, Workplace

CHOICES_FILE = "choices.json"


def run_measure(job: MeasureJob, place: Workplace, models: ModelCache) -> None:
    """Rates and memory by a dry run."""
    memory = PeakMemory(pick_device())
    loaded = models.get(job.model, place.emit)
    models.drop()
    examples = read_examples(place.directory / "train.jsonl", loaded.codec, job.hyperparameters.max_length)
    result = measure(
        loaded,
        examples,
        job.hyperparameters,
        train=job.train,
        generate_batch_size=job.generate_batch_size,
        memory=memory,
        check=place.check,
    )
    write_json(place.result, result)


def run_train(job: TrainJob, place: Workplace, models: ModelCache) -> None:
    """Train from the last whole checkpoint, or from the start."""
    start, deadline = time.perf_counter(), Deadline.of(job)
    memory = PeakMemory(pick_device())
    spec = _settled(job.model, place.directory / CHOICES_FILE)
    loaded = models.get(spec, place.emit)
    models.drop()
    parameters = job.hyperparameters
    train = read_examples(place.directory / "train.jsonl", loaded.codec, parameters.max_length)
    dev = read_examples(place.directory / "dev.jsonl", loaded.codec, parameters.max_length)
    model = attach_lora(loaded, parameters)
    _settle(loaded, place.directory / CHOICES_FILE)
    sampler = _Sampler(job, place, loaded)
    reporter = Reporter(place.emit, place.should_stop, sampler, deadline, memory.read)
    trainer = build_trainer(loaded, parameters, train, dev, place.directory, reporter)
    checkpoint = last_checkpoint(place.directory)
    if checkpoint is not None:
        place.emit(Logged(message=f"going on from {checkpoint.name}"))
    train_on(trainer, place.directory)
    if reporter.stopped:
        raise Stopped
    best_step = trainer.state.best_global_step or trainer.state.global_step
    keep_best(place.directory, place.directory / "adapter", best_step)
    trainable, total = model.get_nb_trainable_parameters()
    result = TrainResult(
        steps=trainer.state.global_step,
        planned_steps=trainer.state.max_steps,
        epochs=float(trainer.state.epoch or 0),
        best_step=best_step,
        best_eval_loss=trainer.state.best_metric,
        stopped_early=trainer.state.global_step < trainer.state.max_steps,
        history=history(trainer.state.log_history),
        trainable_parameters=trainable,
        total_parameters=total,
        seconds=time.perf_counter() - start,
        peak_memory_bytes=memory.read(),
        device=device_name(loaded.device),
        precision=loaded.precision,
        attention=str(loaded.model.config._attn_implementation),
        effective=_effective(trainer, model),
        out_of_time=reporter.out_of_time,
    )
    write_json(
        place.directory / "history.json", {"history": [point.model_dump() for point in result.history]}
    )
    write_json(place.result, result)


def _settled(spec: ModelSpec, choices: Path) -> ModelSpec:
    """The spec with what a former try of this training measured, so that a resumed run computes alike."""
    if not choices.exists():
        return spec
    return spec.model_copy(update=json.loads(choices.read_text(encoding="utf-8")))


def _settle(loaded: LoadedModel, choices: Path) -> None:
    attention = loaded.spec.attention or "sdpa"
    loaded.set_attention(attention)
    if not choices.exists():
        write_json(choices, {"precision": loaded.precision, "attention": attention})


def _effective(trainer: Any, model: Any) -> dict[str, Any]:
    """What the libraries were really given, read back from them and not from the request."""
    arguments = trainer.args
    config = model.peft_config["default"]
    return {
        "rank": config.r,
        "alpha": config.lora_alpha,
        # peft lists every layer's matrices; their kinds say the same in a line.
        "target_modules": sorted({name.rpartition(".")[2] for name in config.target_modules}),
        "learning_rate": arguments.learning_rate,
        "epochs": arguments.num_train_epochs,
        "batch_size": arguments.per_device_train_batch_size
        * arguments.gradient_accumulation_steps
        * arguments.world_size,
        "micro_batch_size": arguments.per_device_train_batch_size,
        "gradient_accumulation_steps": arguments.gradient_accumulation_steps,
        "devices": arguments.world_size,
        "lr_scheduler": str(arguments.lr_scheduler_type),
        "warmup_steps": arguments.warmup_steps,
        "weight_decay": arguments.weight_decay,
        "max_grad_norm": arguments.max_grad_norm,
        "optimizer": str(arguments.optim),
        "evaluate_every_steps": arguments.eval_steps,
        "seed": arguments.seed,
        "max_steps": trainer.state.max_steps,
        "quantised": bool(getattr(model.get_base_model(), "is_loaded_in_4bit", False)),
    }


class _Sampler:
    """Answers some dev rows at each evaluation, for a person to see the model change."""

    def __init__(self, job: TrainJob, place: Workplace, loaded: LoadedModel) -> None:
        self._rows = list(read_json_lines(place.directory / "dev.jsonl"))[: job.samples]
        # What fits into memory for a training step fits for answers beside it.
        self._at_once = rows_at_once(job.hyperparameters)
        self._place = place
        self._loaded = loaded

    def __call__(self, step: int) -> None:
        codec = self._loaded.codec
        requests = [
            Request(
                str(index), "samples", codec.prompt_ids(row["messages"]), 2 * codec.count(row["answer"]) + 8
            )
            for index, row in enumerate(self._rows)
        ]
        was_training = self._loaded.model.training
        self._loaded.model.eval()
        answers: list[Completion] = []
        for part in generate(self._loaded, plan_batches(requests, self._at_once)):
            answers.extend(part)
        self._loaded.model.train(was_training)
        for answer in answers:
            row = self._rows[int(answer.id)]
            self._place.emit(
                Sample(
                    step=step,
                    id=str(row["id"]),
                    prompt=row["messages"][-1]["content"],
                    reference=row["answer"],
                    prediction=answer.text,
                )
            )
