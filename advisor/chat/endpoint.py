"""An OpenAI-compatible endpoint as a `ChatModel`: bounded concurrency, visible retries, answers kept on disk.

The requests run in an event loop on a thread of their own, so that latencies are the server's whatever the
caller does between two answers, and a stop ends even a request that waits for its next try.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from advisor.chat.exchange import Dialect, Exchange
from advisor.chat.kept import KeptAnswers
from advisor.chat.protocol import ChatRequest
from advisor.chat.service import Service, fault_of, offered_models
from advisor.data.rows import Message
from advisor.interrupt import Interrupted, StopSignal
from trainer.events import Listener, Logged, Progress, Warned
from trainer.job import Completion

if TYPE_CHECKING:
    from openai import AsyncOpenAI

TASK = "endpoint"
"""Name of the progress events."""

_POLL_SECONDS = 0.1
_JOIN_SECONDS = 2.0
_CHECK_RETRIES = 1
_LIST_TIMEOUT_S = 10.0
_ANSWER_TIMEOUT_S = 60.0
"""Ollama and others load a model at its first request."""

_CHECK_TOKENS = 16

_row: ContextVar[str] = ContextVar("row", default="")


class EndpointModel:
    """Answers through an endpoint; batches live in `<folder>/<batch>/`.

    Args:
        base_url: up to and with `/v1`.
        concurrency: requests under way at a time, at most.
        max_retries: further tries after 408, 409, 429, 5xx and lost connections.
        timeout_s: for one try.

    Raises:
        Fault: the address is not a URL, or the key cannot be one.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        folder: Path,
        emit: Listener,
        stop: StopSignal,
        *,
        concurrency: int = 4,
        max_retries: int = 4,
        timeout_s: float = 60,
    ) -> None:
        self._service = Service.at(base_url, model)
        self._folder = folder
        self._emit = emit
        self._stop = stop
        self._limits = _Limits(concurrency, max_retries, timeout_s)
        self._dialect = Dialect()
        self._warnings: set[str] = set()

    @property
    def name(self) -> str:
        """The model's name at the server."""
        return self._service.model

    def complete(self, batch: str, requests: Sequence[ChatRequest]) -> Iterator[Completion]:
        """See `ChatModel.complete`; answers of an earlier try come first."""
        self._stop.check()
        asked_of = {"model": self._service.model, "endpoint": self._service.shown_url}
        kept = KeptAnswers(self._folder / batch, requests, asked_of)
        self._emit(Progress(task=TASK, done=len(kept.found), total=len(requests)))
        yield from kept.found
        answered = {answer.id for answer in kept.found}
        missing = [request for request in requests if request.id not in answered]
        if missing:
            yield from self._ask(missing, kept, len(requests))

    def _ask(self, missing: Sequence[ChatRequest], kept: KeptAnswers, total: int) -> Iterator[Completion]:
        asking = _Asking(self._service, self._dialect, self._limits, kept, self._stop)
        asking.start(missing)
        done = total - len(missing)
        try:
            for item in asking.results():
                if isinstance(item, Completion):
                    done += 1
                    self._emit(Progress(task=TASK, done=done, total=total))
                    yield item
                else:
                    self._pass_on(item)
        finally:
            asking.close()

    def _pass_on(self, event: Logged | Warned) -> None:
        if isinstance(event, Warned):
            if event.message in self._warnings:
                return
            self._warnings.add(event.message)
        self._emit(event)


@dataclass(frozen=True, slots=True)
class _Limits:
    concurrency: int
    max_retries: int
    timeout_s: float


class _Asking:
    """One batch on its way: a thread asks, the caller takes `results`; answers are on disk before they show."""

    def __init__(
        self, service: Service, dialect: Dialect, limits: _Limits, kept: KeptAnswers, stop: StopSignal
    ) -> None:
        self._service = service
        self._dialect = dialect
        self._limits = limits
        self._kept = kept
        self._stop = stop
        self._closed = threading.Event()
        self._queue: SimpleQueue[Completion | Logged | Warned | BaseException | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self, requests: Sequence[ChatRequest]) -> None:
        """Begin to ask."""
        self._thread = threading.Thread(target=self._run, args=(requests,), name="endpoint", daemon=True)
        self._thread.start()

    def results(self) -> Iterator[Completion | Logged | Warned]:
        """Yield answers and events as they come; raises what ended the asking."""
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def close(self) -> None:
        """End the asking; what was answered is on disk when this returns."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(_JOIN_SECONDS)

    def _run(self, requests: Sequence[ChatRequest]) -> None:
        try:
            asyncio.run(self._ask_all(requests))
            self._queue.put(None)
        # Whatever it is, the caller's thread is where an error belongs.
        except BaseException as error:  # noqa: BLE001
            self._queue.put(_innermost(error))

    async def _ask_all(self, requests: Sequence[ChatRequest]) -> None:
        client = self._service.client(
            max_retries=self._limits.max_retries,
            timeout_s=self._limits.timeout_s,
            on_request=self._on_request,
            on_response=self._on_response,
        )
        exchange = Exchange(self._service, client, self._dialect, self._queue.put)
        waiting = iter(requests)
        async with client, asyncio.TaskGroup() as watching:
            watch = watching.create_task(self._watch())
            async with asyncio.TaskGroup() as workers:
                for _ in range(min(self._limits.concurrency, len(requests))):
                    workers.create_task(self._work(exchange, waiting))
            watch.cancel()

    async def _watch(self) -> None:
        while not (self._stop or self._closed.is_set()):
            await asyncio.sleep(_POLL_SECONDS)
        raise Interrupted

    async def _work(self, exchange: Exchange, waiting: Iterator[ChatRequest]) -> None:
        for request in waiting:
            _row.set(request.id)
            answer = await exchange.ask(request)
            self._kept.append(answer)
            self._queue.put(answer)

    async def _on_request(self, request: Any) -> None:
        retry = request.headers.get("x-stainless-retry-count", "0")
        if retry != "0":
            self._log(f"{_row.get()}: asking again, retry {retry} of {self._limits.max_retries}")

    async def _on_response(self, response: Any) -> None:
        if response.is_error:
            wait = response.headers.get("retry-after")
            hint = f", to ask again after {wait} s" if wait else ""
            self._log(f"{_row.get()}: the server answered with status {response.status_code}{hint}")

    def _log(self, message: str) -> None:
        self._queue.put(Logged(message=self._service.mask(message)))


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@dataclass(frozen=True, slots=True)
class EndpointCheck:
    """A server that answered.

    Attributes:
        url: without anything secret.
        models: names that it lists; empty where it lists none.
        seconds: until its answer.
    """

    url: str
    models: tuple[str, ...]
    seconds: float


def check_endpoint(base_url: str, model: str = "") -> EndpointCheck:
    """Ask the server for a few tokens, or without a model for its list; not from inside an event loop.

    A list that lacks the model proves nothing (llama.cpp takes any name, others have no list): an answer does.

    Raises:
        Fault: it does not answer, refuses the key or the model (exit code 5), or the URL is none (2).
    """
    return asyncio.run(_check(Service.at(base_url, model)))


async def _check(service: Service) -> EndpointCheck:
    timeout_s = _ANSWER_TIMEOUT_S if service.model else _LIST_TIMEOUT_S
    async with service.client(max_retries=_CHECK_RETRIES, timeout_s=timeout_s) as client:
        started = time.monotonic()
        if service.model:
            hello = ChatRequest("", "", (Message(role="user", content="Hello"),), _CHECK_TOKENS)
            await Exchange(service, client, Dialect(), lambda event: None).ask(hello)
        else:
            await _knock(service, client)
        seconds = time.monotonic() - started
        return EndpointCheck(service.shown_url, await offered_models(client), seconds)


async def _knock(service: Service, client: AsyncOpenAI) -> None:
    from openai import APIError, APIStatusError

    try:
        await client.models.with_raw_response.list()
    except APIError as error:
        # Some servers have no list and answer chats all the same.
        if not isinstance(error, APIStatusError) or error.status_code in (401, 403):
            raise await fault_of(service, client, error, "") from None
