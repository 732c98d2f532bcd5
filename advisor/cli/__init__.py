"""The commands: they fill a plan, start the core, fold events and show artefacts, and hold no logic.

Imports of the core stand inside the commands: `advisor --help` must not pay for them.
"""
