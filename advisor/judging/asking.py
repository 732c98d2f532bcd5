"""The calls of a judgement, asked in waves that cannot pass the cap, each reply kept at once.

The price of a call is known only afterwards. So a call is started only if the dearest it could be still fits: no
token is shorter than a byte of the text, and a reply has its limit. What calls really cost is then counted, and the
rest of the cap goes to the next wave; at the end less than the dearest price of one row is left unspent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from advisor.chat.protocol import ChatModel, ChatRequest
from advisor.data.rows import Message
from advisor.judging.kept import Call, Judgement, KeptJudgements
from trainer.job import Completion

_TEMPLATE_TOKENS = 64
"""Room for what a chat template puts around two turns."""


@dataclass(frozen=True, slots=True)
class Caps:
    """What a judgement may cost, judgements kept of an earlier try included.

    Attributes:
        price: of a million prompt and completion tokens.
        max_cost: in the currency of the price.
    """

    max_tokens: int
    price: tuple[float, float] | None = None
    max_cost: float | None = None
    max_calls: int | None = None

    def cost(self, judgement: Judgement, call: Call) -> float:
        """What a call cost; where the server counts no tokens, the most it can have cost."""
        if self.price is None:
            return 0.0
        if not (judgement.prompt_tokens or judgement.completion_tokens):
            return self.bound(call)
        return _cost(self.price, judgement.prompt_tokens, judgement.completion_tokens)

    def bound(self, call: Call) -> float:
        """The most that a call can cost."""
        if self.price is None:
            return 0.0
        framed = call.framed
        texts = (framed.system, framed.user, json.dumps(framed.schema))
        return _cost(
            self.price, sum(len(text.encode()) for text in texts) + _TEMPLATE_TOKENS, self.max_tokens
        )


def _cost(price: tuple[float, float], prompt_tokens: int, completion_tokens: int) -> float:
    return (prompt_tokens * price[0] + completion_tokens * price[1]) / 1e6


@dataclass(frozen=True, slots=True)
class Wave:
    """Calls to ask at once; `stopped_by` names the flag that keeps further calls back, if one does."""

    calls: tuple[Call, ...]
    stopped_by: str = ""


def next_wave(groups: Sequence[Sequence[Call]], kept: Mapping[str, Judgement], caps: Caps) -> Wave:
    """Return the calls that still fit, row by row in their order; never one order of a row without the other."""
    number, spent = spent_on(groups, kept, caps)
    chosen: dict[str, Call] = {}
    for group in groups:
        missing = [call for call in group if call.key not in kept and call.key not in chosen]
        number += len(missing)
        spent += sum(caps.bound(call) for call in missing)
        if missing and caps.max_calls is not None and number > caps.max_calls:
            return Wave(tuple(chosen.values()), "--max-calls")
        if missing and caps.max_cost is not None and spent > caps.max_cost:
            return Wave(tuple(chosen.values()), "--max-cost")
        chosen |= {call.key: call for call in missing}
    return Wave(tuple(chosen.values()))


def spent_on(
    groups: Sequence[Sequence[Call]], kept: Mapping[str, Judgement], caps: Caps
) -> tuple[int, float]:
    """Calls that were made for these rows, and what they cost; equal rows share one call."""
    done = {call.key: call for group in groups for call in group if call.key in kept}
    return len(done), sum(caps.cost(kept[key], call) for key, call in done.items())


def ask_all(
    model: ChatModel, groups: Sequence[Sequence[Call]], kept: KeptJudgements, caps: Caps, rubric: str
) -> str:
    """Ask all that the caps allow; return the flag that ended it early, or an empty text.

    Raises:
        Fault: the judge cannot answer; what it answered is kept.
        Interrupted: a stop was asked for; what was answered is kept.
    """
    number = 0
    while (wave := next_wave(groups, kept.by_key, caps)).calls:
        by_id = {f"{call.id} ({call.order})": call for call in wave.calls}
        requests = [_request(name, call, caps.max_tokens) for name, call in by_id.items()]
        for completion in model.complete(f"wave-{number}", requests):
            kept.append(_judgement(by_id[completion.id], completion, model.name, rubric))
        number += 1
    return wave.stopped_by


def _request(name: str, call: Call, max_tokens: int) -> ChatRequest:
    turns = (
        Message(role="system", content=call.framed.system),
        Message(role="user", content=call.framed.user),
    )
    return ChatRequest(name, "judge", turns, max_tokens, call.framed.schema)


def _judgement(call: Call, completion: Completion, judge: str, rubric: str) -> Judgement:
    return Judgement(
        key=call.key,
        id=call.id,
        order=call.order,
        judge=judge,
        rubric=rubric,
        reply=completion.text,
        prompt_tokens=completion.prompt_tokens,
        completion_tokens=completion.completion_tokens,
        latency_s=completion.latency_s,
        finish_reason=completion.finish_reason,
    )
