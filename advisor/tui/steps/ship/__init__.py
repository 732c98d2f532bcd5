"""The step Ship: what won, where it lies, and the code to use it."""

from advisor.tui.steps.ship.step import ShipStep

__all__ = ["ShipStep"]
