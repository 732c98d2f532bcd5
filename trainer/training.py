"""Training of an adapter: peft on transformers' Trainer, resumable at any moment with the same losses.

What differs from the Trainer's defaults and why is in KNOWLEDGE.md sections 6 and 7: the loss covers answers
only and is a mean over the tokens of the whole optimizer step, the head is applied to supervised positions only,
the batch order is a pure function of seed and epoch, dev is measured with sums, the best checkpoint is restored.
"""

from __future__ import annotations

import math
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import EarlyStoppingCallback, Trainer, TrainerCallback, TrainerState, TrainingArguments

from rubrics.errors import ExitCode, Fault
from trainer.batches import EpochOrder, collate, to_device
from trainer.conversation import Example
from trainer.deadline import Deadline, Pace
from trainer.events import Listener, Metric, Progress
from trainer.job import HistoryPoint, Hyperparameters, planned_steps
from trainer.model import LoadedModel
from trainer.scoring import score_batches, token_sums

_COMPLETE = "complete"
"""Marker written after everything else of a checkpoint: a kill while saving leaves a folder without it."""

_MUST_BE_FINITE = {"loss": "loss", "grad_norm": "gradient norm", "eval_loss": "dev loss"}
"""Log entries that end a training when they are not numbers, and what to call them."""

_ADAPTER_FILES = "adapter_*"


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
        self.tokens_seen = 0  # with prompts, without padding, in this try

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
        self.tokens_seen += int(inputs["attention_mask"].sum())
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
        self,
        emit: Listener,
        should_stop: Callable[[], bool],
        on_evaluation: Callable[[int], None],
        deadline: Deadline | None = None,
        peak_memory: Callable[[], int] | None = None,
    ) -> None:
        self._deadline = deadline or Deadline(None)
        self._timed_steps, self._timed_seconds = 0, 0.0
        self._is_first_step = True
        self._step_ended, self._look_seconds = 0.0, 0.0
        self._emit = emit
        self._should_stop = should_stop
        self._on_evaluation = on_evaluation
        self._peak_memory = peak_memory
        self._step_began = 0.0
        self._tokens_before = 0
        self.tokens_seen: Callable[[], int] | None = None
        self.stopped = False
        self.out_of_time = False

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Note when the step began: evaluations between steps are no part of its pace."""
        self._step_began = time.perf_counter()

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Pass measured values on; lines without any (the Trainer's summary) are not ours.

        The Trainer logs a step before it saves it, so a checkpoint never holds weights that are not numbers.

        Raises:
            Fault: the loss, its gradient or the dev loss is not a number.
        """
        _refuse_not_finite(state.global_step, logs or {})
        point = _point(state.global_step, float(state.epoch or 0), logs or {})
        values = point.model_dump(exclude={"step", "epoch"}, exclude_none=True)
        if "loss" in values:
            # Of this machine and moment: told to who watches, and no part of the history that a resume repeats.
            values |= self._gauges()
        if values:
            self._emit(Metric(step=point.step, epoch=point.epoch, values=values))

    def _gauges(self) -> dict[str, float]:
        """Tokens a second of the last step, and peak memory so far in bytes, as far as they are measured."""
        gauges: dict[str, float] = {}
        if self.tokens_seen is not None:
            # The loss was read just now, so on a GPU too the step has ended.
            seen, seconds = self.tokens_seen(), time.perf_counter() - self._step_began
            gauges["tokens_per_second"] = (seen - self._tokens_before) / max(seconds, 1e-9)
            self._tokens_before = seen
        if self._peak_memory is not None:
            gauges["memory_bytes"] = float(self._peak_memory())
        return gauges

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Progress; the last step is always measured and kept; a stop saves first."""
        self._time_step()
        self._emit(Progress(task="train", done=state.global_step, total=state.max_steps, unit="steps"))
        is_late = state.global_step < state.max_steps and self._is_late(state)
        if state.global_step >= state.max_steps or is_late:
            self.out_of_time = is_late
            control.should_evaluate = True
            control.should_save = True
            control.should_training_stop = True
        elif self._should_stop():
            self.stopped = True
            control.should_save = True
            control.should_training_stop = True

    def _is_late(self, state: Any) -> bool:
        pace = Pace(self._timed_steps / state.max_steps, self._timed_seconds)
        return self._deadline.is_over(pace, self._look_seconds)

    def _time_step(self) -> None:
        self._step_ended = time.perf_counter()
        if not self._is_first_step:
            self._timed_steps += 1
            self._timed_seconds += self._step_ended - self._step_began
        self._is_first_step = False

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Let the caller show sample answers of the model as it is now."""
        self._on_evaluation(state.global_step)
        self._look_seconds = time.perf_counter() - self._step_ended

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The checkpoint is whole."""
        (Path(args.output_dir) / f"checkpoint-{state.global_step}" / _COMPLETE).touch()


def _refuse_not_finite(step: int, logs: dict[str, Any]) -> None:
    for key, name in _MUST_BE_FINITE.items():
        if key in logs and not math.isfinite(logs[key]):
            raise Fault(
                f"the {name} is not a number at step {step}",
                fix="Lower --learning-rate, or train with --precision fp32.",
                code=ExitCode.LACKING,
            )


def training_arguments(
    directory: Path, parameters: Hyperparameters, rows: int, device: torch.device
) -> TrainingArguments:
    """The Trainer's arguments for these hyperparameters."""
    steps = planned_steps(parameters, rows)
    every = max(1, steps // parameters.evaluations)
    paged = parameters.method == "qlora" and device.type == "cuda"
    micro_batch = rows_at_once(parameters)
    return TrainingArguments(
        output_dir=str(directory),
        per_device_train_batch_size=micro_batch,
        per_device_eval_batch_size=max(8, micro_batch),
        gradient_accumulation_steps=parameters.batch_size // micro_batch,
        learning_rate=parameters.learning_rate,
        weight_decay=parameters.weight_decay,
        max_grad_norm=parameters.max_grad_norm,
        num_train_epochs=parameters.epochs,
        max_steps=parameters.max_steps or -1,
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
        restore_callback_states_from_checkpoint=True,  # or a resumed run forgets how long it has waited
        seed=parameters.seed,
        data_seed=parameters.seed,
        remove_unused_columns=False,
        dataloader_pin_memory=device.type == "cuda",
        use_cpu=device.type == "cpu",
        report_to="none",
        disable_tqdm=True,
    )


def rows_at_once(parameters: Hyperparameters) -> int:
    """Rows of a micro-batch: the most that `micro_batch_size` allows and that make up `batch_size` exactly."""
    most = min(parameters.micro_batch_size, parameters.batch_size)
    return next(rows for rows in range(most, 0, -1) if parameters.batch_size % rows == 0)


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
    trainer = SupervisedTrainer(
        model=loaded.model,
        args=training_arguments(directory, parameters, len(train), loaded.device),
        data_collator=collator,
        train_dataset=_dataset(train),
        eval_dataset=_dataset(sorted(dev, key=lambda example: len(example.ids))),
        callbacks=callbacks,
        examples=train,
        parameters=parameters,
    )
    if reporter is not None:
        reporter.tokens_seen = lambda: trainer.tokens_seen
    return trainer


def _dataset(examples: Sequence[Example]) -> Dataset:
    return Dataset.from_dict(
        {
            "ids": [example.ids for example in examples],
            "supervised_from": [example.supervised_from for example in examples],
        }
    )


def remove_unfinished(directory: Path) -> None:
    """Remove checkpoints whose saving was cut short by a kill or a full disk."""
    for folder in directory.glob("checkpoint-*"):
        if not (folder / _COMPLETE).exists():
            shutil.rmtree(folder)


def last_checkpoint(directory: Path) -> Path | None:
    """The newest whole checkpoint."""
    whole = [folder for folder in directory.glob("checkpoint-*") if (folder / _COMPLETE).exists()]
    return max(whole, key=lambda folder: int(folder.name.rpartition("-")[2]), default=None)


def train_on(trainer: SupervisedTrainer, directory: Path) -> None:
    """Train from the last whole checkpoint of a directory, or from the start.

    A checkpoint of a training that had reached its end is only read back: the Trainer would take at least one
    more step from it where the number of epochs is not whole or where patience had run out.
    """
    remove_unfinished(directory)
    checkpoint = last_checkpoint(directory)
    if checkpoint is not None:
        state = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
        if _has_ended(state):
            trainer.state = state
            return
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except Exception:
        remove_unfinished(directory)  # also what lets a full disk take the failure record
        raise


def _has_ended(state: TrainerState) -> bool:
    callbacks: dict[str, Any] = state.stateful_callbacks or {}  # type: ignore[assignment]
    early = callbacks.get("EarlyStoppingCallback", {})
    waited = early.get("attributes", {}).get("early_stopping_patience_counter", 0)
    patience = early.get("args", {}).get("early_stopping_patience", math.inf)
    return bool(state.global_step >= state.max_steps or waited >= patience)


def keep_best(directory: Path, target: Path, best_step: int) -> None:
    """Copy the adapter of the best checkpoint to `target`; it appears whole or not at all.

    Copied by step number, not by the path that the Trainer noted: a run may be moved between two tries.
    """
    temporary = Path(tempfile.mkdtemp(dir=directory, prefix=f".{target.name}."))
    try:
        for file in (directory / f"checkpoint-{best_step}").glob(_ADAPTER_FILES):
            shutil.copyfile(file, temporary / file.name)
        temporary.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


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
