"""The Cheap options step: what to measure and what it takes, then the ladder as it is measured."""

from advisor.tui.steps.options.step import OptionsStep

__all__ = ["OptionsStep"]
