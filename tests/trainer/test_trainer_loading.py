"""Imports without a search for garbage, which goes on as before afterwards."""

from __future__ import annotations

import gc

import pytest

from trainer.loading import loading


def test_garbage_is_looked_for_again_even_when_the_import_failed():
    seen = []

    def fail() -> None:
        with loading():
            seen.append(gc.isenabled())
            raise ImportError

    with pytest.raises(ImportError):
        fail()

    assert [*seen, gc.isenabled()] == [False, True]


def test_a_process_that_looks_for_none_is_left_so():
    gc.disable()
    try:
        with loading():
            pass

        assert not gc.isenabled()
    finally:
        gc.enable()
