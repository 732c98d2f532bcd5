"""What every screen's test needs: the language fixed, so that the machine's own does not matter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from advisor.texts import use_language


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Texts are English unless a test says otherwise."""
    use_language("en")
    yield
    use_language("en")
