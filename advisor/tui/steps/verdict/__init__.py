"""The Verdict step: the outcome, what it rests on, what would change it, and accepting or overruling it."""

from advisor.tui.steps.verdict.step import VerdictStep

__all__ = ["VerdictStep"]
