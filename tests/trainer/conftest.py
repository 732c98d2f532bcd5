"""What the tests of the trainer share: one thread, no hub, and one undisturbed training to compare with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the train extra")

import torch
from trainer_jobs import Training, train

os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    # The matrices are too small for two, and where other processes hold the cores the wait for the second
    # thread at the end of each product made these tests ten times slower.
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def undisturbed(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Training:
    """The standard training of `trainer_jobs`, run once from its start to its end."""
    return train(tmp_path_factory.mktemp("undisturbed") / "job", tiny_model)
