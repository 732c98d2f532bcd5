"""Keys in the footer, the palette and the help carry their description in the language in use."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from textual.binding import ActiveBinding
from textual.screen import Screen

from advisor.texts import _

T = TypeVar("T")


class TranslatedKeys(Screen[T]):
    """A screen whose bindings are marked with `N_` where they are written, and shown translated."""

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The keys that work now."""
        return {
            key: active._replace(binding=replace(active.binding, description=_(active.binding.description)))
            for key, active in super().active_bindings.items()
        }


class TranslatedScreen(TranslatedKeys[T]):
    """A full screen of the wizard."""
