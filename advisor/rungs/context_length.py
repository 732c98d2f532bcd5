"""Room for an answer, and which prompts leave a model enough of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from advisor.data.rows import Row
from advisor.rungs.prompts import Prompt
from trainer.conversation import ChatCodec

_PLAIN = "zero_shot"
_SPARE_TOKENS = 8
_CHARACTERS_PER_TOKEN = 2
"""Without the model's tokenizer: few enough that no answer is cut for a wrong guess."""


def room_by_tokens(longest: float) -> int:
    """Tokens that an answer may have: half as many again as the longest reference, of so many tokens."""
    return math.ceil(1.5 * longest) + _SPARE_TOKENS


def room_by_characters(longest: int) -> int:
    """Tokens that an answer may have, where only the characters of the longest reference are known."""
    return math.ceil(longest / _CHARACTERS_PER_TOKEN) + _SPARE_TOKENS


def too_long(
    codec: ChatCodec, context: int | None, prompts: Mapping[str, Prompt], rows: Sequence[Row], room: int
) -> dict[str, str]:
    """Return the rungs whose longest prompt leaves no room for the answer in the model's context, with the reason.

    The plain prompt is not among them: where it does not fit the rows themselves are too long, and the trainer names
    each of them.

    Args:
        context: tokens that the model can read and write together; None where nobody says.
        room: tokens that an answer may have.
    """
    if context is None:
        return {}
    left_out = {}
    for rung, prompt in prompts.items():
        if rung == _PLAIN:
            continue
        asked = ([{"role": turn["role"], "content": turn["content"]} for turn in prompt(row)] for row in rows)
        longest = max((len(codec.prompt_ids(turns)) for turns in asked), default=0)
        if longest + room > context:
            left_out[rung] = (
                f"its longest prompt has {longest:,} tokens and the answer may have {room:,}, "
                f"which is more than the model's context of {context:,}"
            )
    return left_out
