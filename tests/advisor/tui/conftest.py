"""What every screen's test needs: the language fixed, so that the machine's own does not matter, and the four looks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from looks import LOOKS, AsPictured, Look, Show, stand_still
from measuring import unmeasured
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from advisor.texts import use_language
from advisor.tui.app import AdvisorApp


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Texts are English unless a test says otherwise."""
    use_language("en")
    yield
    use_language("en")


@pytest.fixture(params=LOOKS, ids=[look.name for look in LOOKS])
def look(request: pytest.FixtureRequest) -> Look:
    """Each of the four looks, its language in use."""
    found: Look = request.param
    use_language(found.language)
    return found


@pytest.fixture
def as_pictured(look: Look, snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> AsPictured:
    """Compares an application with its picture in each of the four looks; no cursor blinks."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda field: None)
    monkeypatch.setattr(TextArea, "_toggle_cursor_blink_visible", lambda field: None)

    def compare(app: AdvisorApp, show: Show) -> bool:
        async def ready(pilot: Pilot[Any]) -> None:
            await show(pilot)
            await stand_still(pilot)

        app.theme = look.theme
        with unmeasured():
            same: bool = snap_compare(app, terminal_size=look.size, run_before=ready)
        return same

    return compare
