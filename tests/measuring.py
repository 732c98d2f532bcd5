"""Where coverage is not measured: it doubles the time of a test, so what repeats the lines of others goes without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import coverage
import pytest


@contextmanager
def unmeasured() -> Iterator[None]:
    """Measure neither this process nor the ones that it starts meanwhile."""
    measuring = coverage.Coverage.current()
    with children_unmeasured():
        if measuring is not None:
            measuring.stop()
        try:
            yield
        finally:
            if measuring is not None:
                measuring.start()


@contextmanager
def children_unmeasured() -> Iterator[None]:
    """Measure no process that is started meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        yield
