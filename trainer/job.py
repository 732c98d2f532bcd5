"""What the advisor asks of the trainer: a directory with a `job.json`.

A job directory holds: `job.json` (the request), `events.jsonl` and `log.txt` (written while it works), `lock`
(held by the working process), `stop` (created by whoever wants it to end early), and at the end `result.json`
(written last: its presence means that everything else is complete) or `failure.json`.
"""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from rubrics.errors import ExitCode, Fault
from trainer.locks import JobBusy as JobBusy
from trainer.locks import hold as hold
from trainer.locks import lock_owner as lock_owner

JOB_FILE = "job.json"
RESULT_FILE = "result.json"
FAILURE_FILE = "failure.json"
STOP_FILE = "stop"
LOCK_FILE = "lock"
LOG_FILE = "log.txt"
EVENTS_FILE = "events.jsonl"
ROW_SCORES_FILE = "row-scores.jsonl"

Method = Literal["lora", "qlora"]
Precision = Literal["auto", "fp32", "bf16"]
Attention = Literal["eager", "sdpa"]


class Frozen(BaseModel):
    """Base of everything that is written to a job directory."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class ModelSpec(Frozen):
    """Which weights to load and how.

    Attributes:
        path: folder with config.json, tokenizer.json and safetensors.
        adapter: folder of a peft adapter put on top, or None for the base model.
        precision: of the computation; `auto` measures whether bf16 pays on this processor.
        quantisation: `nf4` stores linear layers in 4 bits with double quantisation (QLoRA).
        attention: implementation by transformers' name; None measures (on a CPU) or takes sdpa.
    """

    path: Path
    adapter: Path | None = None
    precision: Precision = "auto"
    quantisation: Literal["nf4"] | None = None
    attention: Attention | None = None


class GenerateJob(Frozen):
    """Answer the conversations of `requests.jsonl`: `{id, group, messages, max_new_tokens}` a line.

    Rows of one group share the start of their prompt (instruction, examples), which is computed once.
    Greedy decoding; a row with `temperature` above 0 is sampled, the same for the same `seed` and id. Answers go to
    `completions.jsonl` as they finish.
    """

    kind: Literal["generate"] = "generate"
    model: ModelSpec
    batch_size: int = Field(default=32, ge=1)


class EvaluateJob(Frozen):
    """Teacher-forced loss and next-token accuracy over the supervised tokens of `rows.jsonl`.

    Leaves `row-scores.jsonl` too: `{id, loss, correct, tokens}` a line, sums over a row's supervised tokens.
    """

    kind: Literal["evaluate"] = "evaluate"
    model: ModelSpec
    batch_size: int = Field(default=16, ge=1)
    max_length: int = Field(ge=8)


class Hyperparameters(Frozen):
    """What decides the result of a training, apart from the rows.

    Attributes:
        rank: r of the low-rank update; `alpha` is fixed at 32 (KNOWLEDGE.md section 1).
        batch_size: rows an optimizer step; at most `micro_batch_size` of them go through the model at once.
        max_length: tokens a row, prompt and answer; longer rows are refused.
        warmup_share: share of the steps with a linearly rising learning rate; then a cosine to zero.
        evaluations: how often dev is measured and a checkpoint written, over the whole training.
        patience: evaluations without a better dev loss before training stops.
        max_steps: optimizer steps of the whole training, whatever the epochs say; None goes by the epochs.
    """

    method: Method = "lora"
    rank: int = Field(default=16, ge=1, le=1024)
    alpha: int = Field(default=32, gt=0)
    learning_rate: float = Field(default=1e-3, gt=0, le=1)
    epochs: float = Field(default=2, gt=0)
    batch_size: int = Field(default=8, ge=1)
    micro_batch_size: int = Field(default=8, ge=1)
    max_length: int = Field(default=512, ge=8)
    warmup_share: float = Field(default=0.05, ge=0, lt=1)
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    evaluations: int = Field(default=10, ge=1)
    patience: int = Field(default=4, ge=1)
    max_steps: int | None = Field(default=None, ge=1)
    seed: int = 0


def planned_steps(parameters: Hyperparameters, rows: int) -> int:
    """Optimizer steps of the whole training, as the Trainer counts them."""
    if parameters.max_steps is not None:
        return parameters.max_steps
    return max(1, math.ceil(parameters.epochs * math.ceil(rows / parameters.batch_size)))


class TrainJob(Frozen):
    """Train an adapter on `train.jsonl`, watched on `dev.jsonl` (`{id, messages, answer}` a line).

    Leaves `adapter/` (the best checkpoint by dev loss), `history.json` and checkpoints; started again in the
    same directory it goes on from its last complete checkpoint.
    """

    kind: Literal["train"] = "train"
    model: ModelSpec
    hyperparameters: Hyperparameters
    samples: int = Field(default=2, ge=0, description="dev rows answered at each evaluation")
    max_seconds: float | None = Field(
        default=None, gt=0, description="for training and what follows; ends with the best so far"
    )
    expected_seconds: float | None = Field(
        default=None, gt=0, description="estimate of all steps, without looks at dev"
    )
    reserve_seconds: float = Field(default=0.0, ge=0, description="estimate of the work after training")


class MeasureJob(Frozen):
    """Two training steps and one generated batch at the longest rows of `train.jsonl`: rates and memory."""

    kind: Literal["measure"] = "measure"
    model: ModelSpec
    hyperparameters: Hyperparameters
    generate_batch_size: int = Field(default=32, ge=1)
    train: bool = True


class ConvertJob(Frozen):
    """Turn a GGUF file into a model folder that loads fast; `repair` names a known tokenizer fault to mend."""

    kind: Literal["convert"] = "convert"
    source: Path
    target: Path
    repair: Literal["split-digits"] | None = None


Job = Annotated[
    GenerateJob | EvaluateJob | TrainJob | MeasureJob | ConvertJob,
    Field(discriminator="kind"),
]
_JOB: TypeAdapter[Job] = TypeAdapter(Job)


class Completion(Frozen):
    """One answer.

    Attributes:
        latency_s: wall seconds from the start of this row's batch to this row's last token.
        finish_reason: `stop` at the end of turn, `length` when the token limit cut the answer.
    """

    id: str
    text: str
    prompt_tokens: int
    completion_tokens: int
    latency_s: float
    finish_reason: str


class TokenScores(Frozen):
    """Loss in nats a supervised token, and the share of them predicted right by arg-max."""

    loss: float
    next_token_accuracy: float
    supervised_tokens: int


class RowScores(Frozen):
    """Sums over the supervised tokens of one row: loss in nats, arg-max predictions that are right, tokens."""

    id: str
    loss: float
    correct: int
    tokens: int


class HistoryPoint(Frozen):
    """What was measured at one optimizer step; dev values only where dev was measured."""

    step: int
    epoch: float
    loss: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    next_token_accuracy: float | None = None
    eval_loss: float | None = None
    eval_next_token_accuracy: float | None = None


class TrainResult(Frozen):
    """How a training went; `steps` were run of `planned_steps`, fewer for want of time where `out_of_time`."""

    steps: int
    planned_steps: int
    epochs: float
    best_step: int
    best_eval_loss: float | None
    stopped_early: bool
    history: list[HistoryPoint]
    trainable_parameters: int
    total_parameters: int
    seconds: float
    peak_memory_bytes: int
    device: str
    precision: str
    attention: str
    effective: dict[str, Any]
    out_of_time: bool = False


class Measurement(Frozen):
    """Rates of this model on this machine, from a dry run at the longest rows.

    `device_memory_bytes` is what the device has in all, or what a container allows of it; None where not known.
    """

    device: str
    precision: str
    attention_training: Attention
    attention_generation: Attention
    load_seconds: float
    train_tokens_per_second: float | None
    evaluate_tokens_per_second: float
    prefill_tokens_per_second: float
    decode_tokens_per_second: float
    tuned_prefill_tokens_per_second: float | None = None
    tuned_decode_tokens_per_second: float | None = None
    train_peak_memory_bytes: int | None
    micro_batch_size: int | None
    trainable_parameters: int | None
    longest_row_tokens: int
    device_memory_bytes: int | None = None


class Failure(Frozen):
    """Why a job failed: an expected fault in its parts, or the last lines of an unexpected one."""

    what: str
    where: str = ""
    fix: str = ""
    code: int = 1
    problems: list[str] = []
    traceback: str = ""

    @classmethod
    def of(cls, fault: Fault) -> Failure:
        """Keep an expected fault across the process border."""
        return cls(
            what=fault.what,
            where=fault.where,
            fix=fault.fix,
            code=int(fault.code),
            problems=list(fault.problems),
        )

    def as_fault(self) -> Fault:
        """The same failure as the error to raise."""
        return Fault(
            self.what, where=self.where, fix=self.fix, code=ExitCode(self.code), problems=self.problems
        )


def write_text(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old content or the new one, never a part (fsync, rename)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not mkstemp, whose files nobody else may read: reports are handed on.
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: BaseModel | dict[str, Any]) -> None:
    """Write one JSON object atomically."""
    if isinstance(value, BaseModel):
        write_text(path, value.model_dump_json(indent=1) + "\n")
    else:
        write_text(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def write_json_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write JSONL atomically."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def read_json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSONL file; a partial last line (a killed writer) is passed over.

    Raises:
        Fault: a line is no JSON object.
    """
    return (entry for _number, entry in numbered_json_lines(path))


def numbered_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects as `read_json_lines` does, each with its 1-based line."""
    if not path.exists():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.endswith(b"\n") and line.strip():
                yield number, _object_of(line, f"{path}:{number}")


def _object_of(line: bytes, where: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise _damaged(f"is not JSON: {error}", where) from None
    if not isinstance(found, dict):
        raise _damaged(f"expected an object, found {type(found).__name__}", where)
    return found


def _damaged(what: str, where: str) -> Fault:
    return Fault(
        what, where=where, fix="Put the run directory back as it was, or measure again in a new run."
    )


def drop_partial_line(path: Path) -> None:
    """Cut off the unfinished last line that a killed writer left, or what is appended next is glued to it."""
    if path.exists():
        with path.open("r+b") as file:
            file.truncate(file.read().rfind(b"\n") + 1)


def read_job(directory: Path) -> Job:
    """Read the request of a job directory.

    Raises:
        Fault: no job.json, or one that does not fit.
    """
    path = directory / JOB_FILE
    try:
        return _JOB.validate_json(path.read_bytes())
    except FileNotFoundError:
        raise Fault("is not a job directory", where=str(directory), fix="It needs a job.json.") from None
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise Fault(f"{problem['msg']}", where=f"{path}: {field}", fix="Start the run again.") from None
