"""A local model as a `ChatModel`: each batch is a generate job of the trainer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from advisor.chat.protocol import ChatRequest
from advisor.interrupt import StopSignal
from advisor.jobs import run_jobs, write_job
from trainer.events import Listener
from trainer.job import (
    JOB_FILE,
    RESULT_FILE,
    Completion,
    GenerateJob,
    ModelSpec,
    read_json_lines,
    write_json_lines,
)

REQUESTS_FILE = "requests.jsonl"
COMPLETIONS_FILE = "completions.jsonl"


class LocalModel:
    """Answers through `python -m trainer`; batches live in `<folder>/<batch>/`."""

    def __init__(
        self, name: str, spec: ModelSpec, folder: Path, emit: Listener, stop: StopSignal, batch_size: int = 32
    ) -> None:
        self._name = name
        self._spec = spec
        self._folder = folder
        self._emit = emit
        self._stop = stop
        self._batch_size = batch_size

    @property
    def name(self) -> str:
        """The model's name, as the plan has it."""
        return self._name

    def prepare(self, batch: str, requests: Sequence[ChatRequest]) -> Path:
        """Write the job of a batch and return its directory, for running it together with other jobs.

        Answers of a former try are kept where the request is still the same and goes to the same weights.
        """
        directory = self._folder / batch
        job = GenerateJob(model=self._spec, batch_size=self._batch_size)
        keep = _asks_the_same_weights(directory / JOB_FILE, job)
        write_requests(directory, requests, keep=keep)
        write_job(directory, job)
        return directory

    def complete(self, batch: str, requests: Sequence[ChatRequest]) -> Iterator[Completion]:
        """See `ChatModel.complete`."""
        directory = self.prepare(batch, requests)
        run_jobs([directory], self._emit, self._stop)
        yield from read_completions(directory)


def _asks_the_same_weights(former: Path, job: GenerateJob) -> bool:
    """Whether a former job differs at most in how fast it computes."""
    if not former.exists():
        return True
    settings = {"attention": None}
    before = GenerateJob.model_validate_json(former.read_bytes()).model.model_copy(update=settings)
    return before == job.model.model_copy(update=settings)


def write_requests(directory: Path, requests: Sequence[ChatRequest], *, keep: bool = True) -> None:
    """Write a batch's requests; answers to requests that changed or are no longer made are dropped.

    Args:
        keep: False drops every answer.
    """
    path = directory / REQUESTS_FILE
    rows = [
        {
            "id": request.id,
            "group": request.group,
            "messages": list(request.messages),
            "max_new_tokens": request.max_new_tokens,
            **request.sampling(),
        }
        for request in requests
    ]
    before = {row["id"]: row for row in read_json_lines(path)} if keep else {}
    if not keep or list(before.values()) != rows:
        kept = {row["id"] for row in rows if before.get(row["id"]) == row}
        (directory / RESULT_FILE).unlink(missing_ok=True)
        completions = directory / COMPLETIONS_FILE
        if completions.exists():
            # Killed in between, the former requests still tell which of these answers fit.
            write_json_lines(completions, [row for row in read_json_lines(completions) if row["id"] in kept])
    write_json_lines(path, rows)


def read_completions(directory: Path) -> Iterator[Completion]:
    """The answers of a finished batch."""
    return (Completion.model_validate(row) for row in read_json_lines(directory / COMPLETIONS_FILE))
