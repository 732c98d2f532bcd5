"""The home screen: the runs there are, and what can be done with them. Beside it two runs are compared."""

from advisor.tui.home.screen import HomeScreen

__all__ = ["HomeScreen"]
