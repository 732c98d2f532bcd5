"""The hub's client against a server on loopback that speaks the hub's protocol."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from huggingface_hub import constants

from advisor.interrupt import StopSignal
from advisor.models.resolve import resolve
from rubrics.errors import ExitCode, Fault
from trainer.events import Event, Listener, Logged

COMMIT = "c0ffee" + "0" * 34


class _Hub(BaseHTTPRequestHandler):
    folder: Path
    requests: list[str]

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, *_: object) -> None:
        return

    def _answer(self, *, with_body: bool) -> None:
        path = self.path.split("?")[0]
        self.requests.append(path)
        files = {file.name: file.read_bytes() for file in self.folder.iterdir()}
        if path == "/api/models/org/tiny/revision/lost":
            self._send(b"{}", with_body, 404, {"X-Error-Code": "RevisionNotFound"})
        elif path in ("/api/models/org/tiny", "/api/models/org/tiny/revision/main"):
            siblings = [{"rfilename": name, "size": len(data)} for name, data in files.items()]
            self._send_json({"id": "org/tiny", "sha": COMMIT, "siblings": siblings}, with_body)
        elif path == f"/api/models/org/tiny/tree/{COMMIT}":
            rows = [
                {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}  # noqa: S324
                for name, data in files.items()
            ]
            self._send_json(rows, with_body)
        elif path.startswith(f"/org/tiny/resolve/{COMMIT}/"):
            data = files[path.rsplit("/", 1)[1]]
            etag = hashlib.sha1(data).hexdigest()  # noqa: S324 - as git names blobs
            self._send(data, with_body, 200, {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT})
        else:
            self._send(b"{}", with_body, 404, {"X-Error-Code": "RepoNotFound"})

    def _send_json(self, value: object, with_body: bool) -> None:
        self._send(json.dumps(value).encode(), with_body, 200, {"Content-Type": "application/json"})

    def _send(self, data: bytes, with_body: bool, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(data)


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(folder))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")  # the trainer's tests forbid the network to everybody
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    return folder


def _point_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", url)
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}"
    )


@pytest.fixture
def hub(tiny_model: Path, hub_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A hub with the model org/tiny; the paths that were asked for."""
    handler = type("Handler", (_Hub,), {"folder": tiny_model, "requests": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _point_to(f"http://127.0.0.1:{server.server_port}", monkeypatch)
    yield handler.requests  # type: ignore[attr-defined]
    server.shutdown()


@pytest.fixture
def no_hub(hub_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _point_to("http://127.0.0.1:9", monkeypatch)


def test_is_fetched_with_its_commit_and_then_used_without_asking(
    hub: list[str], tiny_model: Path, events: list[Event], emit: Listener
) -> None:
    first = resolve("org/tiny", emit, StopSignal())
    asked = len(hub)
    second = resolve("org/tiny", emit, StopSignal())

    assert (first.kind, first.revision) == ("hub", COMMIT)
    assert first.digest == resolve(str(tiny_model), emit, StopSignal()).digest
    assert second == first
    assert len(hub) == asked > 0
    assert any(isinstance(event, Logged) and "org/tiny" in event.message for event in events)


@pytest.mark.parametrize(
    ("name", "revision", "said"),
    [("org/unknown", None, "neither a model on the hub"), ("org/tiny", "lost", "has no revision lost")],
)
def test_what_the_hub_does_not_have_is_wrong_use(
    name: str, revision: str | None, said: str, hub: list[str], emit: Listener
) -> None:
    with pytest.raises(Fault, match=said) as caught:
        resolve(name, emit, StopSignal(), revision=revision)

    assert caught.value.code == ExitCode.WRONG_USE


def test_without_a_network_a_local_folder_is_proposed(no_hub: None, emit: Listener) -> None:
    with pytest.raises(Fault, match="cannot be reached") as caught:
        resolve("org/tiny", emit, StopSignal())

    assert caught.value.code == ExitCode.LACKING
    assert "folder" in caught.value.fix


def test_a_cached_snapshot_needs_no_network(
    no_hub: None, hub_cache: Path, tiny_model: Path, emit: Listener
) -> None:
    snapshots = hub_cache / "models--org--tiny" / "snapshots"
    snapshots.mkdir(parents=True)
    (snapshots / COMMIT).symlink_to(tiny_model)
    (hub_cache / "models--org--tiny" / "refs").mkdir()
    (hub_cache / "models--org--tiny" / "refs" / "main").write_text(COMMIT, encoding="utf-8")

    assert resolve("org/tiny", emit, StopSignal()).revision == COMMIT
