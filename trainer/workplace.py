"""Where a job works, and the model that jobs on the same weights share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trainer.errors import Stopped
from trainer.events import Listener, Logged
from trainer.job import RESULT_FILE, ModelSpec
from trainer.model import LoadedModel, load


@dataclass
class Workplace:
    """What a job may use: its directory, a voice, and the question whether it should stop."""

    directory: Path
    emit: Listener
    should_stop: Callable[[], bool]

    @property
    def result(self) -> Path:
        """The file whose presence means that the job is done."""
        return self.directory / RESULT_FILE

    def check(self) -> None:
        """End here where a stop was asked for: of work that has nothing to save.

        Raises:
            Stopped: it was.
        """
        if self.should_stop():
            raise Stopped


class ModelCache:
    """Holds the last loaded model, so that jobs on the same weights pay for loading once."""

    def __init__(self) -> None:
        self._loaded: LoadedModel | None = None

    def get(self, spec: ModelSpec, emit: Listener) -> LoadedModel:
        """The model of a spec, loaded or held."""
        if self._loaded is None or self._loaded.spec != spec:
            self._loaded = None
            self._loaded = load(spec)
            emit(
                Logged(
                    message=f"loaded {spec.path.name} ({self._loaded.precision}, {self._loaded.device.type})"
                )
            )
        return self._loaded

    def drop(self) -> None:
        """Forget the model: its weights or structure were changed by a training."""
        self._loaded = None
