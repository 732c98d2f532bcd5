"""What the doctor finds, on this machine and on others that are made up."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from packaging.requirements import Requirement

from advisor import doctor
from advisor.doctor import Check, examine
from advisor.models.catalogue import MANIFEST_FILE, Manifest

GIB = 2**30
PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
TORCH_SEES_NOTHING = {"cuda": None, "hip": None, "mps": False, "gpus": []}


@pytest.fixture(autouse=True)
def _no_gpu_is_asked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading torch in a child takes seconds: one test does it, the others make its answer up."""
    if "real_torch" not in request.fixturenames:
        torch_says(monkeypatch, TORCH_SEES_NOTHING)


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Empty caches instead of the user's."""
    monkeypatch.setenv("ADVISOR_CACHE", str(tmp_path / "own"))
    monkeypatch.setattr(doctor, "_hub_cache", lambda: tmp_path / "hub")
    return tmp_path


@pytest.fixture
def real_torch() -> None:
    return None


def torch_says(monkeypatch: pytest.MonkeyPatch, seen: dict[str, Any], driver: str = "") -> None:
    def run(command: list[str]) -> subprocess.CompletedProcess[str]:
        text = driver if "nvidia-smi" in command[0] else "a warning\n" + json.dumps(seen)
        return subprocess.CompletedProcess(command, 0, text, "")

    monkeypatch.setattr(doctor, "_run", run)
    versions = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: "2.13.0" if name == "torch" else versions(name))
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if driver else None)


def named(checks: list[Check], name: str) -> Check:
    return next(check for check in checks if check.name == name)


def test_every_check_has_a_state_and_only_the_lacking_need_a_fix() -> None:
    checks = examine()
    names = [check.name for check in checks]
    assert len(set(names)) == len(names)
    assert {"python", "gpu", "cpu", "memory", "disk, model cache", "disk, here", "models at hand"} <= set(
        names
    )
    assert "endpoint" not in names
    for check in checks:
        assert check.state in ("ok", "lacking", "info")
        assert check.found
        assert check.fix or check.state != "lacking"


def test_a_check_is_plain_json() -> None:
    check = Check("gpu", "info", "none")
    assert json.loads(json.dumps(check.to_dict())) == {
        "name": "gpu",
        "state": "info",
        "found": "none",
        "fix": "",
    }


def test_torch_is_not_loaded_in_this_process() -> None:
    code = (
        "import sys; from advisor.doctor import examine; examine();"
        "sys.exit(any(name in sys.modules for name in ('torch', 'transformers', 'openai')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0


def test_a_python_that_is_too_old_or_too_new_is_lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor._python().state == "ok"
    for version in ((3, 10, 1), (3, 14, 0)):
        monkeypatch.setattr(sys, "version_info", version)
        assert doctor._python().state == "lacking"


def test_python_bounds_are_those_of_the_project() -> None:
    low, high = doctor._PYTHON
    wanted = tomllib.loads(PYPROJECT.read_text())["project"]["requires-python"]
    assert wanted == f">={low[0]}.{low[1]},<{high[0]}.{high[1]}"


# Packages


def test_packages_are_those_of_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_installed(name: str) -> list[str]:
        raise doctor.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "requires", not_installed)
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    base = {Requirement(line).name for line in project["dependencies"]}
    train = {Requirement(line).name for line in project["optional-dependencies"]["train"]}
    found = doctor.requirements()
    assert {needed.name for needed, is_extra in found if not is_extra} == base
    assert {needed.name for needed, is_extra in found if is_extra} == train


def test_an_installed_distribution_tells_the_same_as_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        'rich>=13 ; python_version >= "3.11"',
        "torch>=2.11,<2.15 ; extra == 'train'",
        'ruff ; extra == "test"',
    ]
    monkeypatch.setattr(doctor.metadata, "requires", lambda name: lines)
    assert [(needed.name, is_extra) for needed, is_extra in doctor.requirements()] == [
        ("rich", False),
        ("torch", True),
    ]


def test_a_missing_and_an_old_package_are_lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        doctor, "_requirement_lines", lambda: ["a>=2", "b>=2,<3", "c>=2", 'd ; extra == "train"']
    )
    monkeypatch.setattr(doctor, "_version", {"a": "2.1+cpu", "b": "3.0"}.get)
    checks = {check.name: check for check in doctor._packages()}
    assert {name: check.state for name, check in checks.items()} == {
        "package a": "ok",
        "package b": "lacking",
        "package c": "lacking",
        "package d": "lacking",
    }
    assert checks["package b"].found == "3.0, needed is <3,>=2"
    assert checks["package c"].fix == "pip install 'finetune-advisor'"
    assert checks["package d"].fix == "pip install 'finetune-advisor[train]' (only to run models here)"


# Processors and memory


@pytest.mark.usefixtures("real_torch")
def test_the_child_tells_what_torch_sees() -> None:
    pytest.importorskip("torch")
    check = doctor._gpu()
    assert check.state in ("ok", "info"), check


def test_a_gpu_is_named_with_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = {"name": "H100", "total": 80 * GIB, "free": 79 * GIB}
    torch_says(monkeypatch, {**TORCH_SEES_NOTHING, "cuda": "12.8", "bf16": True, "gpus": [gpu, gpu]})
    one = "H100, 80.0 GiB (79.0 GiB free)"
    assert doctor._gpu() == Check("gpu", "ok", f"{one}; {one}; bf16 supported")


def test_a_gpu_without_bf16_hints_at_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = {"name": "T4", "total": 16 * GIB, "free": 16 * GIB}
    torch_says(monkeypatch, {**TORCH_SEES_NOTHING, "cuda": "12.8", "bf16": False, "gpus": [gpu]})
    assert "--precision fp32" in doctor._gpu().found


def test_a_gpu_that_torch_cannot_use_is_lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    torch_says(monkeypatch, TORCH_SEES_NOTHING, driver="NVIDIA L4, 23034 MiB\n")
    check = doctor._gpu()
    assert check.state == "lacking"
    assert check.found == "NVIDIA L4, 23034 MiB, but torch (a CPU build) cannot use it"


@pytest.mark.parametrize(("driver", "found"), [("NVIDIA L4, 23034 MiB\n", "NVIDIA L4"), ("", "none found")])
def test_without_torch_the_driver_is_asked(monkeypatch: pytest.MonkeyPatch, driver: str, found: str) -> None:
    torch_says(monkeypatch, TORCH_SEES_NOTHING, driver)
    monkeypatch.setattr(doctor, "_version", lambda name: None)
    check = doctor._gpu()
    assert check.state == "info"
    assert found in check.found


@pytest.mark.usefixtures("real_torch")
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise ImportError('libcudart is missing')", "ImportError: libcudart is missing"),
        ("raise SystemExit(3)", "exit code 3"),
        ("import time; time.sleep(9)", "no answer within 1 s"),
        ("print('no json')", "cannot be read"),
    ],
)
def test_a_torch_that_does_not_load_is_lacking(
    monkeypatch: pytest.MonkeyPatch, code: str, reason: str
) -> None:
    monkeypatch.setattr(doctor, "_version", lambda name: "2.13.0")
    monkeypatch.setattr(doctor, "_ASK_TORCH", code)
    monkeypatch.setattr(doctor, "_CHILD_SECONDS", 1)
    check = doctor._gpu()
    assert check.state == "lacking"
    assert reason in check.found


@pytest.mark.usefixtures("real_torch")
def test_a_command_that_is_not_there_is_a_reason() -> None:
    assert "No such file" in str(doctor._run(["/no/such/tool"]))


def reading(**texts: str) -> Callable[[Path], str]:
    return lambda path: texts.get(path.name.replace(".", "_"), "")


@pytest.mark.parametrize(
    ("cpuinfo", "hint"),
    [("flags\t\t: fpu avx512_bf16 amx_bf16\n", "avx512_bf16"), ("flags : fpu\n", "fp32 is"), ("", "fp32 is")],
)
def test_the_cpu_hints_at_bf16(monkeypatch: pytest.MonkeyPatch, cpuinfo: str, hint: str) -> None:
    monkeypatch.setattr(doctor, "_read", reading(cpuinfo=cpuinfo))
    check = doctor._processor()
    assert check.found.startswith(f"{len(os.sched_getaffinity(0))} core")
    assert hint in check.found


MEMINFO = f"MemTotal:  {16 * GIB // 1024} kB\nMemFree: 5 kB\nMemAvailable:   {8 * GIB // 1024} kB\n"


def without_psutil(name: str) -> Any:
    raise ImportError(name)


def with_psutil(name: str) -> Any:
    return SimpleNamespace(virtual_memory=lambda: SimpleNamespace(total=16 * GIB, available=8 * GIB))


@pytest.mark.parametrize("importing", [without_psutil, with_psutil])
def test_memory_with_and_without_psutil(
    monkeypatch: pytest.MonkeyPatch, importing: Callable[[str], Any]
) -> None:
    monkeypatch.setattr(doctor.importlib, "import_module", importing)
    monkeypatch.setattr(doctor, "_read", reading(meminfo=MEMINFO))
    assert doctor._memory() == Check("memory", "ok", "16.0 GiB, 8.0 GiB available")


def test_memory_within_a_containers_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.importlib, "import_module", with_psutil)
    limits = reading(memory_max=f"{4 * GIB}\n", memory_current=f"{3 * GIB}\n")
    monkeypatch.setattr(doctor, "_read", limits)
    check = doctor._memory()
    assert (check.state, check.found) == ("lacking", "4.0 GiB, 1.0 GiB available")


def test_memory_that_cannot_be_read_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.importlib, "import_module", without_psutil)
    monkeypatch.setattr(doctor, "_read", reading())
    assert doctor._memory().state == "info"


# Disk and models


def test_disk_of_a_folder_that_is_not_there_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = SimpleNamespace(free=100 * GIB)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    folder = tmp_path / "not" / "yet"
    assert doctor._disk("disk", folder) == Check("disk", "ok", f"100.0 GiB free at {folder}")
    usage.free = GIB
    assert doctor._disk("disk", folder).state == "lacking"


def test_models_at_hand_are_listed_with_their_size(cache: Path) -> None:
    assert named(examine(), "models at hand") == Check(
        "models at hand", "info", "none", "advisor models get NAME"
    )

    manifest = Manifest(name="mine", source="mine.gguf", sha256="0", repair=None, converted_with={})
    own = cache / "own" / "models" / "mine-0"
    own.mkdir(parents=True)
    (own / MANIFEST_FILE).write_text(manifest.model_dump_json())
    hub = cache / "hub" / "models--some--model"
    for file, text in (("snapshots/0123/config.json", "{}"), ("refs/main", "0123")):
        (hub / file).parent.mkdir(parents=True)
        (hub / file).write_text(text)
    assert named(examine(), "models at hand").found == "mine (0.0 GiB), some/model (0.0 GiB)"


# Endpoint


def test_an_endpoint_that_answers_and_one_that_does_not() -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = json.dumps({"object": "list", "data": [{"id": "tiny", "object": "model"}]}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}/v1"
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        check = named(examine(url), "endpoint")
        server.shutdown()
    assert check.state == "ok"
    assert check.found.endswith("models: tiny")

    check = named(examine(url), "endpoint")
    assert check.state == "lacking"
    assert url in check.found
    assert check.fix == f"Is it running, and is {url} its address?"


def test_an_endpoint_that_is_no_address_is_lacking_too() -> None:
    assert named(examine("localhost:8000"), "endpoint").state == "lacking"
