"""The verdict: what was measured says whether to train; a person accepts it, or overrules it with a reason."""

from advisor.tui.steps.verdict.step import VerdictStep

__all__ = ["VerdictStep"]
