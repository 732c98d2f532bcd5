"""A local model as a `ChatModel`: each batch is a generate job of the trainer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from advisor.chat.protocol import ChatRequest
from advisor.interrupt import StopSignal
from advisor.jobs import run_jobs, write_job
from trainer.events import Listener
from trainer.job import Completion, GenerateJob, ModelSpec, read_json_lines, write_json_lines

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
        """Write the job of a batch and return its directory, for running it together with other jobs."""
        directory = self._folder / batch
        write_requests(directory, requests)
        write_job(directory, GenerateJob(model=self._spec, batch_size=self._batch_size))
        return directory

    def complete(self, batch: str, requests: Sequence[ChatRequest]) -> Iterator[Completion]:
        """See `ChatModel.complete`."""
        directory = self.prepare(batch, requests)
        run_jobs([directory], self._emit, self._stop)
        yield from read_completions(directory)


def write_requests(directory: Path, requests: Sequence[ChatRequest]) -> None:
    """Write a batch's requests; requests that differ from those of a former try drop its answers."""
    path = directory / "requests.jsonl"
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
    if path.exists() and list(read_json_lines(path)) != rows:
        (directory / COMPLETIONS_FILE).unlink(missing_ok=True)
        (directory / "result.json").unlink(missing_ok=True)
    write_json_lines(path, rows)


def read_completions(directory: Path) -> Iterator[Completion]:
    """The answers of a finished batch."""
    return (Completion.model_validate(row) for row in read_json_lines(directory / COMPLETIONS_FILE))
