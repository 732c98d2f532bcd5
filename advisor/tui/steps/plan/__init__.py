"""The Plan step: methods of training side by side, settings, what a change costs, the command, and the start."""

from advisor.tui.steps.plan.step import PlanStep

__all__ = ["PlanStep"]
