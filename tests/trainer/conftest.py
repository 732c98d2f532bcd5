"""What the tests of the trainer share: two threads, no hub, and one undisturbed training to compare with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the train extra")

import torch
from trainer_jobs import Training, train

os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture(autouse=True, scope="session")
def _two_threads() -> None:
    torch.set_num_threads(2)


@pytest.fixture(scope="session")
def undisturbed(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Training:
    """The standard training of `trainer_jobs`, run once from its start to its end."""
    return train(tmp_path_factory.mktemp("undisturbed") / "job", tiny_model)
