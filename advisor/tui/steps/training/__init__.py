"""The Training step: charts, gauges, answers, findings and log of a training as it goes, and how it is ended."""

from advisor.tui.steps.training.step import TrainingStep

__all__ = ["TrainingStep"]
