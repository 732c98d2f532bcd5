"""An OpenAI-compatible server on loopback for the tests, its replies in the shape of recorded traffic.

`test_endpoint.py` holds these shapes against the recordings and the published schema.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]
MODEL = "gpt-fake"


@dataclass(frozen=True)
class Answer:
    """What the server sends; a `body` that is text goes out as it is."""

    body: Body | str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


def reply(text: str | None, *, finish_reason: str = "stop", with_usage: bool = True) -> Body:
    """A chat completion of one choice."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, "refusal": None, "annotations": []},
        "logprobs": None,
        "finish_reason": finish_reason,
    }
    body: Body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1754836037,
        "model": MODEL,
        "choices": [choice],
        "service_tier": "default",
        "system_fingerprint": None,
    }
    if with_usage:
        words = len((text or "").split())
        body["usage"] = {"prompt_tokens": 7, "completion_tokens": words, "total_tokens": 7 + words}
    return body


def failure(
    message: str, *, type_: str = "invalid_request_error", param: str | None = None, code: str | None = None
) -> Body:
    """An error body."""
    return {"error": {"message": message, "type": type_, "param": param, "code": code}}


def models(*names: str) -> Body:
    """The list of models."""
    listed = [{"id": name, "object": "model", "created": 1692901427, "owned_by": "system"} for name in names]
    return {"object": "list", "data": listed}


def refused(status: int, body: Body, **headers: str) -> Answer:
    """An error; `retry_after="1"` becomes a header."""
    return Answer(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


def echo(request: Body) -> Answer:
    """Says back what the last turn said."""
    return Answer(reply(f"echo {request['messages'][-1]['content']}"))


class FakeServer:
    """Answers by `script` while it has answers, then by `respond`; keeps what it was asked."""

    def __init__(self) -> None:
        self.respond: Callable[[Body], Answer] = echo
        self.script: deque[Answer] = deque()
        self.models = Answer(models(MODEL))
        self.delay_s = 0.0
        self.requests: list[Body] = []
        self.keys: list[str] = []
        self.most_at_a_time = 0
        self.url = ""
        self._at_a_time = 0
        self._lock = threading.Lock()

    def asked(self) -> list[str]:
        """The last turn of each request, in the order of arrival."""
        return [str(request["messages"][-1]["content"]) for request in self.requests]

    def answer(self, request: Body, key: str) -> Answer:
        """One request in, one answer out."""
        with self._lock:
            self.requests.append(request)
            self.keys.append(key)
            self._at_a_time += 1
            self.most_at_a_time = max(self.most_at_a_time, self._at_a_time)
            scripted = self.script.popleft() if self.script else None
        time.sleep(self.delay_s)
        with self._lock:
            self._at_a_time -= 1
        return scripted or self.respond(request)


@contextmanager
def serving() -> Iterator[FakeServer]:
    """A server on a free port while the block runs."""
    fake = FakeServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(
                fake.models if self.path.endswith("/models") else refused(404, failure("no such path"))
            )

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self._send(fake.answer(request, self.headers.get("authorization", "")))

        def _send(self, answer: Answer) -> None:
            text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            data = text.encode()
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-type", answer.content_type)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        http.block_on_close = False
        fake.url = f"http://127.0.0.1:{http.server_port}/v1"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield fake
        finally:
            http.shutdown()
            thread.join()
