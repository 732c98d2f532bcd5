"""The wizard by plain questions, for screen readers and dumb terminals: the same steps over the same core.

Nothing here moves a cursor or draws: a line is said, an answer is typed. What a question works out, `advisor/*.py`
works out.
"""

from advisor.plain.home import converse

__all__ = ["converse"]
