"""Which prompts leave a model room for its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from advisor.data.rows import Row
from advisor.models.resolve import ResolvedModel
from advisor.rungs.prompts import Prompt

_PLAIN = "zero_shot"


def too_long(
    model: ResolvedModel, prompts: Mapping[str, Prompt], rows: Sequence[Row], answer_room: int
) -> dict[str, str]:
    """Return the rungs whose longest prompt leaves no room for the answer in the model's context, with the reason.

    The plain prompt is not among them: where it does not fit the rows themselves are too long, and the trainer names
    each of them.

    Args:
        answer_room: tokens that an answer may have.
    """
    if model.context_length is None:
        return {}
    codec, left_out = model.codec(), {}
    for rung, prompt in prompts.items():
        if rung == _PLAIN:
            continue
        asked = ([{"role": turn["role"], "content": turn["content"]} for turn in prompt(row)] for row in rows)
        longest = max((len(codec.prompt_ids(turns)) for turns in asked), default=0)
        if longest + answer_room > model.context_length:
            left_out[rung] = (
                f"its longest prompt has {longest:,} tokens and the answer may have {answer_room:,}, "
                f"which is more than the model's context of {model.context_length:,}"
            )
    return left_out
