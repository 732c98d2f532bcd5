"""The step Task: what is wanted, by which rows, and how a good answer is told from a bad one."""

from advisor.tui.steps.task.step import TaskStep

__all__ = ["TaskStep"]
