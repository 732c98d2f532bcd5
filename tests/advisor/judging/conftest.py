"""A loopback server with a judge behind it, and a desk with the files that it judges."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from judging_desk import KEY, Desk
from server import FakeServer, serving


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ADVISOR_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving() as fake:
        yield fake


@pytest.fixture
def desk(tmp_path: Path, server: FakeServer) -> Desk:
    return Desk(tmp_path, server.url)
