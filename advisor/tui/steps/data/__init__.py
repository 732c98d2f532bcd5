"""The step Data: what is wrong with the rows, which they are, and a mended copy of the file."""

from advisor.tui.steps.data.step import DataStep

__all__ = ["DataStep"]
