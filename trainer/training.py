"""Training of an adapter: peft on transformers' Trainer, resumable at any moment with the same losses.

What differs from the Trainer's defaults and why is in KNOWLEDGE.md sections 6 and 7: the loss covers answers
only and is a mean over the tokens of the whole optimizer step, the head is applied to supervised positions only,
the batch order is a pure function of seed and epoch, dev is measured with sums, the best checkpoint is restored.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import EarlyStoppingCallback, Trainer, TrainerCallback, TrainingArguments

from rubrics.errors import ExitCode, Fault
from trainer.batches import EpochOrder, collate, to_device
from trainer.conversation import Example
from trainer.events import Listener, Metric, Progress
from trainer.job import HistoryPoint, Hyperparameters
from trainer.model import LoadedModel
from trainer.scoring import score_batches, token_sums

_COMPLETE = "complete"
"""Marker written after everything else of a checkpoint: a kill while saving leaves a folder without it."""

_METRIC_NAMES = {"grad_norm": "grad_norm", "learning_rate": "learning_rate", "loss": "loss"}


def attach_lora(loaded: LoadedModel, parameters: Hyperparameters) -> PeftModel:
    """Put a fresh low-rank adapter on every linear layer (LoRA Without Regret: attention alone is worse)."""
    torch.manual_seed(parameters.seed)
    config = LoraConfig(
        r=parameters.rank,
        lora_alpha=parameters.alpha,
        lora_dropout=0.0,
        target_modules="all-linear",
        bias="none",
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(loaded.model, config)
    loaded.model = model
    return model


class SupervisedTrainer(Trainer):
    """The Trainer with loss, order and evaluation as this module's docstring says."""

    def __init__(
        self, *args: Any, examples: Sequence[Example], parameters: Hyperparameters, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        # compute_loss below normalises by num_items_in_batch itself, whatever the model's forward accepts.
        self.model_accepts_loss_kwargs = True
        self._lengths = [len(example.ids) for example in examples]
        self._parameters = parameters
        self._correct = 0
        self._tokens = 0

    def _get_train_sampler(self, train_dataset: Any = None) -> EpochOrder:
        return EpochOrder(
            self._lengths,
            self._parameters.batch_size,
            self._parameters.seed,
            lambda: int(self.state.epoch or 0),
        )

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """Token-weighted mean over the whole optimizer step, so that accumulation does not change it."""
        sums = token_sums(model, inputs)
        self._correct += int(sums.correct)
        self._tokens += int(sums.tokens)
        loss = sums.loss / (sums.tokens if num_items_in_batch is None else num_items_in_batch)
        if num_items_in_batch is not None and self.args.average_tokens_across_devices:
            loss = loss * self.accelerator.num_processes
        return (loss, None) if return_outputs else loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the next-token accuracy of the steps since the last log line."""
        if "loss" in logs and self._tokens:
            logs["next_token_accuracy"] = self._correct / self._tokens
            self._correct = self._tokens = 0
        super().log(logs, start_time)

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Dev loss and next-token accuracy by sums over tokens; no logits are kept."""
        loader = self.get_eval_dataloader(eval_dataset)
        scores = score_batches(self.model, (to_device(batch, self.args.device) for batch in loader))
        metrics = {
            f"{metric_key_prefix}_loss": scores.loss,
            f"{metric_key_prefix}_next_token_accuracy": scores.next_token_accuracy,
        }
        self.log(dict(metrics))
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


class Reporter(TrainerCallback):
    """Tells events, marks whole checkpoints, asks for a last evaluation, and honours a stop."""

    def __init__(
        self, emit: Listener, should_stop: Callable[[], bool], on_evaluation: Callable[[int], None]
    ) -> None:
        self._emit = emit
        self._should_stop = should_stop
        self._on_evaluation = on_evaluation
        self.stopped = False

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Pass measured values on; lines without any (the Trainer's summary) are not ours."""
        point = _point(state.global_step, float(state.epoch or 0), logs or {})
        values = point.model_dump(exclude={"step", "epoch"}, exclude_none=True)
        if values:
            self._emit(Metric(step=point.step, epoch=point.epoch, values=values))

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Progress; the last step is always measured and kept; a stop saves first."""
        self._emit(Progress(task="train", done=state.global_step, total=state.max_steps, unit="steps"))
        if not math.isfinite(_last_loss(state)):
            raise Fault(
                f"the loss is not a number at step {state.global_step}",
                fix="Lower --learning-rate, or train with --precision fp32.",
                code=ExitCode.LACKING,
            )
        if state.global_step >= state.max_steps:
            control.should_evaluate = True
            control.should_save = True
        elif self._should_stop():
            self.stopped = True
            control.should_save = True
            control.should_training_stop = True

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Let the caller show sample answers of the model as it is now."""
        self._on_evaluation(state.global_step)

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The checkpoint is whole."""
        (Path(args.output_dir) / f"checkpoint-{state.global_step}" / _COMPLETE).touch()


def _last_loss(state: Any) -> float:
    return next((float(entry["loss"]) for entry in reversed(state.log_history) if "loss" in entry), 0.0)


def training_arguments(
    directory: Path, parameters: Hyperparameters, rows: int, device: torch.device
) -> TrainingArguments:
    """The Trainer's arguments for these hyperparameters."""
    steps = planned_steps(parameters, rows)
    every = max(1, steps // parameters.evaluations)
    paged = parameters.method == "qlora" and device.type == "cuda"
    return TrainingArguments(
        output_dir=str(directory),
        per_device_train_batch_size=parameters.micro_batch_size,
        per_device_eval_batch_size=max(8, parameters.micro_batch_size),
        gradient_accumulation_steps=max(1, parameters.batch_size // parameters.micro_batch_size),
        learning_rate=parameters.learning_rate,
        weight_decay=parameters.weight_decay,
        max_grad_norm=parameters.max_grad_norm,
        num_train_epochs=parameters.epochs,
        lr_scheduler_type="cosine",
        warmup_steps=math.ceil(steps * parameters.warmup_share),
        optim="paged_adamw_32bit" if paged else "adamw_torch",
        logging_strategy="steps",
        logging_steps=1,
        logging_nan_inf_filter=False,
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=3,
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        seed=parameters.seed,
        data_seed=parameters.seed,
        remove_unused_columns=False,
        dataloader_pin_memory=device.type == "cuda",
        use_cpu=device.type == "cpu",
        report_to="none",
        disable_tqdm=True,
    )


def planned_steps(parameters: Hyperparameters, rows: int) -> int:
    """Optimizer steps of the whole training, as the Trainer counts them."""
    micro_batches = math.ceil(rows / parameters.micro_batch_size)
    accumulation = max(1, parameters.batch_size // parameters.micro_batch_size)
    return max(1, math.ceil(parameters.epochs * math.ceil(micro_batches / accumulation)))


def build_trainer(
    loaded: LoadedModel,
    parameters: Hyperparameters,
    train: Sequence[Example],
    dev: Sequence[Example],
    directory: Path,
    reporter: Reporter | None = None,
) -> SupervisedTrainer:
    """Wire model, rows and arguments together."""
    pad_id = loaded.codec.pad_id

    def collator(rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        return collate([Example(row["ids"], row["supervised_from"]) for row in rows], pad_id)

    callbacks: list[TrainerCallback] = [EarlyStoppingCallback(parameters.patience)]
    if reporter is not None:
        callbacks.append(reporter)
    return SupervisedTrainer(
        model=loaded.model,
        args=training_arguments(directory, parameters, len(train), loaded.device),
        data_collator=collator,
        train_dataset=_dataset(train),
        eval_dataset=_dataset(sorted(dev, key=lambda example: len(example.ids))),
        callbacks=callbacks,
        examples=train,
        parameters=parameters,
    )


def _dataset(examples: Sequence[Example]) -> Dataset:
    return Dataset.from_dict(
        {
            "ids": [example.ids for example in examples],
            "supervised_from": [example.supervised_from for example in examples],
        }
    )


def last_checkpoint(directory: Path) -> Path | None:
    """The newest whole checkpoint; unfinished ones (killed while saving) are removed."""
    whole: list[Path] = []
    for folder in directory.glob("checkpoint-*"):
        if (folder / _COMPLETE).exists():
            whole.append(folder)
        else:
            shutil.rmtree(folder)
    return max(whole, key=lambda folder: int(folder.name.rpartition("-")[2]), default=None)


def history(log: Sequence[dict[str, Any]]) -> list[HistoryPoint]:
    """Fold the Trainer's log into one point a step."""
    points: dict[int, dict[str, Any]] = {}
    for entry in log:
        point = _point(int(entry["step"]), float(entry.get("epoch") or 0), entry)
        values = point.model_dump(exclude_none=True)
        if len(values) > 2:  # more than step and epoch
            points.setdefault(point.step, {}).update(values)
    return [HistoryPoint(**points[step]) for step in sorted(points)]


def _point(step: int, epoch: float, logs: dict[str, Any]) -> HistoryPoint:
    names = HistoryPoint.model_fields.keys() - {"step", "epoch"}
    values = {name: float(logs[name]) for name in names if logs.get(name) is not None}
    return HistoryPoint(step=step, epoch=epoch, **values)
