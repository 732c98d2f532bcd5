"""Models of the Hugging Face hub: what its cache holds is used first, the rest is fetched by a child process."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from advisor.interrupt import StopSignal
from advisor.models.download import run_download
from rubrics.errors import ExitCode, Fault
from trainer.events import Listener, Logged

_WANTED = ["*.safetensors", "*.json", "*.jinja"]
_UNWANTED = ["*/*", "consolidated*"]
"""Files in subfolders are other formats of the same weights; `consolidated` is Mistral's own format."""

_CHILD = (
    "import json, sys; from huggingface_hub import snapshot_download; "
    "snapshot_download(**json.loads(sys.argv[1]))"
)


_ENVIRONMENT = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    # The library's own 10 s are too few on a slow line or a busy machine.
    "HF_HUB_ETAG_TIMEOUT": "60",
    "HF_HUB_DOWNLOAD_TIMEOUT": "60",
}


def get_from_hub(repository: str, revision: str | None, emit: Listener, stop: StopSignal) -> tuple[Path, str]:
    """The folder of a hub model in the hub's own cache, and its commit.

    A snapshot that lies there is used without asking the hub; to follow a moved branch, give its commit.

    Raises:
        Fault: the hub has no such model or revision (exit code 2); it cannot be reached, or does not give the
            model to this user (exit code 5).
        Interrupted: a stop was asked for; the next call goes on with the partial files.
    """
    folder = cached_snapshot(repository, revision)
    if folder is None:
        _fetch(repository, revision, emit, stop)
        folder = cached_snapshot(repository, revision)
    if folder is None:
        raise Fault(
            "holds no model that can be loaded here (config.json, tokenizer.json and *.safetensors)",
            where=repository,
            fix="Choose a repository with weights in the safetensors format.",
            code=ExitCode.LACKING,
        )
    return folder, folder.name


def cached_snapshot(repository: str, revision: str | None) -> Path | None:
    """The snapshot in the hub's own cache, if it has what a model needs; the hub is not asked."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(**_request(repository, revision), local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        return None
    has_all = (folder / "config.json").is_file() and (folder / "tokenizer.json").is_file()
    return folder if has_all and _has_weights(folder) else None


def _has_weights(folder: Path) -> bool:
    """Whether every weight file is there: an interrupted download leaves some out."""
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return any(folder.glob("*.safetensors"))
    names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    return all((folder / name).is_file() for name in names)


def _request(repository: str, revision: str | None) -> dict[str, Any]:
    return {
        "repo_id": repository,
        "revision": revision,
        "allow_patterns": _WANTED,
        "ignore_patterns": _UNWANTED,
    }


def _fetch(repository: str, revision: str | None, emit: Listener, stop: StopSignal) -> None:
    from huggingface_hub import constants

    total = _ask(repository, revision)
    size = f" ({total / 1e9:.1f} GB)" if total else ""
    emit(Logged(message=f"fetching {repository}{size} from the hub"))
    folder = Path(constants.HF_HUB_CACHE) / f"models--{repository.replace('/', '--')}"
    ended = run_download(
        ["-c", _CHILD, json.dumps(_request(repository, revision))],
        folder,
        total,
        emit,
        stop,
        environment=_ENVIRONMENT,
    )
    if ended.code:
        raise Fault(
            f"the model {repository} could not be fetched",
            fix="Try again: what was fetched is kept. A local folder works too: --model FOLDER.",
            code=ExitCode.LACKING,
            problems=ended.last_lines(),
        )


def _ask(repository: str, revision: str | None) -> int | None:
    """The bytes to fetch; asked in this process, since its errors tell the cases apart."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        info = HfApi().model_info(repository, revision=revision, files_metadata=True, timeout=20)
    except HFValidationError as error:
        raise Fault(
            f"is no hub id: {error}", where=repository, fix="A hub id is ORGANISATION/NAME."
        ) from error
    except HfHubHTTPError as error:
        raise _refused(repository, revision, error) from error
    except Exception as error:
        if not _is_transport_error(error):
            raise
        raise _unreachable(repository, error) from error
    sizes = [file.size for file in info.siblings or () if _is_wanted(file.rfilename)]
    return sum(size for size in sizes if size) or None


def _is_transport_error(error: Exception) -> bool:
    """By name, since the hub's client brings httpx or httpx2, whichever its version uses."""
    return any(kind.__name__ in ("HTTPError", "OSError") for kind in type(error).__mro__)


def _is_wanted(name: str) -> bool:
    return any(fnmatch(name, wanted) for wanted in _WANTED) and not any(
        fnmatch(name, unwanted) for unwanted in _UNWANTED
    )


def _refused(repository: str, revision: str | None, error: Exception) -> Fault:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    if isinstance(error, GatedRepoError):
        fix = "Accept its licence on its page, and set HF_TOKEN to a token of yours."
        return Fault("is only given to users who asked", where=repository, fix=fix, code=ExitCode.LACKING)
    if isinstance(error, RevisionNotFoundError):
        return Fault(
            f"has no revision {revision}", where=repository, fix="Give a branch, tag or commit of it."
        )
    if isinstance(error, RepositoryNotFoundError):
        return Fault(
            "is neither a model on the hub nor a folder here",
            where=repository,
            fix="Check the spelling; a private model needs HF_TOKEN; a local folder is given as ./FOLDER.",
        )
    return _unreachable(repository, error)


def _unreachable(repository: str, error: Exception) -> Fault:
    return Fault(
        "the hub cannot be reached, and its cache here does not hold this model",
        where=repository,
        fix="Connect to the network; or give the folder of a model that you have: --model FOLDER.",
        code=ExitCode.LACKING,
        problems=[f"{type(error).__name__}: {error}".splitlines()[0]],
    )
