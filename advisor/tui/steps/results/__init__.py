"""The step Results: what was measured, row by row if wanted, and the report."""

from advisor.tui.steps.results.step import ResultsStep

__all__ = ["ResultsStep"]
