"""What this machine can do: packages, processors, memory, disk, models at hand, and whether an endpoint answers.

torch is never loaded here: its version comes from the installed metadata, and what it sees of a GPU from a
short child process.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from packaging.markers import default_environment
from packaging.requirements import Requirement

from advisor.chat.endpoint import check_endpoint
from advisor.chat.service import name_some
from advisor.models.catalogue import cache_folder, list_models
from rubrics.errors import Fault

State = Literal["ok", "lacking", "info"]

_DISTRIBUTION = "finetune-advisor"
_TRAIN = "train"
_CHILD_SECONDS = 60
_GIBIBYTE = 2**30
_DISK_NEEDED = 3 * _GIBIBYTE
"""The embedded model, an adapter and its checkpoints, with room to spare."""
_MEMORY_NEEDED = 2 * _GIBIBYTE
"""An estimate for training the embedded model on a CPU: 0.5 GiB of fp32 weights, then activations and torch."""
_PYTHON = ((3, 11), (3, 14))

_ASK_TORCH = """
import json, torch
found = {"cuda": torch.version.cuda, "hip": torch.version.hip, "gpus": []}
found["mps"] = torch.backends.mps.is_available()
if torch.cuda.is_available():
    found["bf16"] = torch.cuda.is_bf16_supported()
    for index in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(index)
        found["gpus"].append({"name": torch.cuda.get_device_name(index), "total": total, "free": free})
print(json.dumps(found))
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at.

    Attributes:
        state: `info` where neither way is a fault.
        fix: what to do; empty where nothing is lacking.
    """

    name: str
    state: State
    found: str
    fix: str = ""

    def to_dict(self) -> dict[str, str]:
        """The form of `--json`."""
        return asdict(self)


def examine(endpoint: str | None = None, model: str = "") -> list[Check]:
    """Look at everything; a missing thing is a check in state `lacking`, never an error.

    Args:
        endpoint: base URL to try; None tries none.
        model: asked for a few tokens at the endpoint; without it only the server's list is read.
    """
    checks = [_python(), *_packages(), _gpu(), _processor(), _memory()]
    checks += [_disk("disk, model cache", cache_folder()), _disk("disk, here", Path.cwd()), _models()]
    if endpoint:
        checks.append(_endpoint(endpoint, model))
    return checks


def _python() -> Check:
    low, high = _PYTHON
    found = f"{platform.python_version()} at {sys.executable}"
    if low <= sys.version_info[:2] < high:
        return Check("python", "ok", found)
    wanted = f"Python {low[0]}.{low[1]} up to before {high[0]}.{high[1]}"
    return Check("python", "lacking", found, f"Use {wanted}.")


# Packages


def requirements() -> list[tuple[Requirement, bool]]:
    """What the program needs, and whether only models run here need it (the `train` extra)."""
    environment: dict[str, Any] = {**default_environment(), "extra": _TRAIN}
    without = {**environment, "extra": ""}
    return [
        (needed, needed.marker is not None and not needed.marker.evaluate(without))
        for needed in map(Requirement, _requirement_lines())
        if needed.marker is None or needed.marker.evaluate(environment)
    ]


def _requirement_lines() -> Iterable[str]:
    try:
        return metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return _lines_of_checkout(Path(__file__).resolve().parent.parent / "pyproject.toml")


def _lines_of_checkout(file: Path) -> Iterable[str]:
    if not file.is_file():
        return []
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    extra = project["optional-dependencies"][_TRAIN]
    return [*project["dependencies"], *(f'{line} ; extra == "{_TRAIN}"' for line in extra)]


def _packages() -> Iterator[Check]:
    for needed, is_extra in requirements():
        name = f"package {needed.name}"
        extra = f"[{_TRAIN}]" if is_extra else ""
        fix = f"pip install '{_DISTRIBUTION}{extra}'" + (" (only to run models here)" if is_extra else "")
        version = _version(needed.name)
        if version is None:
            yield Check(name, "lacking", "not installed", fix)
        elif not needed.specifier.contains(version, prereleases=True):
            yield Check(name, "lacking", f"{version}, needed is {needed.specifier}", fix)
        else:
            yield Check(name, "ok", version)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


# Processors and memory


def _gpu() -> Check:
    if _version("torch") is None:
        return _gpu_without_torch()
    found = _run([sys.executable, "-c", _ASK_TORCH])
    if isinstance(found, str):
        return Check("gpu", "lacking", f"torch cannot be asked: {found}", "Install torch again.")
    try:
        return _gpu_of_torch(json.loads(found.stdout.splitlines()[-1]))
    except (ValueError, IndexError):
        return Check("gpu", "lacking", "torch's answer cannot be read", "Install torch again.")


def _gpu_of_torch(seen: dict[str, Any]) -> Check:
    if seen["gpus"]:
        bf16 = "bf16 supported" if seen.get("bf16") else "no bf16: use --precision fp32"
        names = [f"{gpu['name']}, {_gib(gpu['total'])} ({_gib(gpu['free'])} free)" for gpu in seen["gpus"]]
        return Check("gpu", "ok", f"{'; '.join(names)}; {bf16}")
    if seen["mps"]:
        return Check("gpu", "info", "Apple GPU (MPS)")
    driver = _nvidia_smi()
    if driver:
        build = f"built for CUDA {seen['cuda']}" if seen["cuda"] else "a CPU build"
        fix = "Install a torch that fits the driver: https://pytorch.org/get-started/locally"
        return Check("gpu", "lacking", f"{driver}, but torch ({build}) cannot use it", fix)
    return Check("gpu", "info", "none; models run on the CPU")


def _gpu_without_torch() -> Check:
    driver = _nvidia_smi()
    return Check("gpu", "info", f"{driver}; torch is not installed" if driver else "none found")


def _nvidia_smi() -> str:
    """Name and memory by the driver's own tool; empty where there is none."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    found = _run([tool, "--query-gpu=name,memory.total", "--format=csv,noheader"])
    return "" if isinstance(found, str) else "; ".join(found.stdout.strip().splitlines())


def _run(command: list[str]) -> subprocess.CompletedProcess[str] | str:
    """What a short command printed, or why it did not work."""
    environment = {**os.environ, "PYTHONSAFEPATH": "1"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_CHILD_SECONDS, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {_CHILD_SECONDS} s"
    except OSError as error:
        return str(error)
    lines = done.stderr.strip().splitlines()
    return done if done.returncode == 0 else (lines[-1] if lines else f"exit code {done.returncode}")


def _processor() -> Check:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    flags = sorted(_cpu_flags() & {"amx_bf16", "avx512_bf16"})
    if flags:
        bf16 = f"bf16 in hardware ({', '.join(flags)}): --precision auto measures whether it pays"
    else:
        bf16 = "no bf16 in hardware: fp32 is the faster precision here"
    return Check("cpu", "info", f"{cores} {'core' if cores == 1 else 'cores'}, {platform.machine()}; {bf16}")


def _cpu_flags() -> set[str]:
    match = re.search(r"^flags\s*:(.*)$", _read(Path("/proc/cpuinfo")), re.MULTILINE)
    return set(match[1].split()) if match else set()


def _memory() -> Check:
    total, available = _memory_bytes()
    if not total:
        return Check("memory", "info", "unknown")
    found = f"{_gib(total)}, {_gib(available)} available"
    if available < _MEMORY_NEEDED:
        fix = f"Close other programs; the smallest training needs about {_gib(_MEMORY_NEEDED)}: `advisor forecast`."
        return Check("memory", "lacking", found, fix)
    return Check("memory", "ok", found)


def _memory_bytes() -> tuple[int, int]:
    """Total and available bytes, within a container's limit; zeros where unknown."""
    try:
        psutil: Any = importlib.import_module("psutil")
    except ImportError:
        values = dict(
            re.findall(r"^(MemTotal|MemAvailable):\s+(\d+) kB", _read(Path("/proc/meminfo")), re.MULTILINE)
        )
        total, available = (int(values.get(name, 0)) * 1024 for name in ("MemTotal", "MemAvailable"))
    else:
        memory = psutil.virtual_memory()
        total, available = int(memory.total), int(memory.available)
    limit, used = (_read(Path("/sys/fs/cgroup") / name).strip() for name in ("memory.max", "memory.current"))
    if limit.isdigit() and used.isdigit() and int(limit) < total:
        return int(limit), min(available, int(limit) - int(used))
    return total, available


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


# Disk, models, endpoint


def _hub_cache() -> Path:
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE)


def _disk(name: str, folder: Path) -> Check:
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    found = f"{_gib(free)} free at {folder}"
    if free < _DISK_NEEDED:
        return Check(name, "lacking", found, f"Make room: a run takes about {_gib(_DISK_NEEDED)}.")
    if not os.access(there, os.W_OK):
        return Check(name, "lacking", f"{found}, which cannot be written", "Choose another folder.")
    return Check(name, "ok", found)


def _models() -> Check:
    names = [f"{entry.name} ({_gib(entry.size_bytes)})" for entry in list_models() if entry.fetched]
    names += _hub_models()
    if not names:
        return Check("models at hand", "info", "none", "advisor models get NAME")
    return Check("models at hand", "ok", name_some(names))


def _hub_models() -> list[str]:
    """What the hub's own cache holds."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repositories = [repo for repo in scan_cache_dir(_hub_cache()).repos if repo.repo_type == "model"]
    except (CacheNotFound, ValueError, OSError):
        return []
    return sorted(f"{repo.repo_id} ({_gib(repo.size_on_disk)})" for repo in repositories)


def _endpoint(url: str, model: str) -> Check:
    try:
        check = check_endpoint(url, model)
    except Fault as fault:
        return Check("endpoint", "lacking", str(fault), fault.fix)
    models = f"models: {name_some(check.models)}" if check.models else "it lists no models"
    return Check("endpoint", "ok", f"{check.url} answers in {check.seconds:.2f} s; {models}")


def _gib(size: int) -> str:
    return f"{size / _GIBIBYTE:.1f} GiB"
