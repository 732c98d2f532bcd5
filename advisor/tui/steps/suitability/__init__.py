"""The step Suitability: ten questions, one at a time, and what each answer does to the score."""

from advisor.tui.steps.suitability.step import SuitabilityStep

__all__ = ["SuitabilityStep"]
