"""The one way to ask a model: a batch of conversations in, answers out as they finish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from advisor.data.rows import Message
from trainer.job import Completion


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One conversation to answer.

    Attributes:
        id: unique within a batch; comes back with the answer.
        group: requests of one group share the start of their prompt, which is then computed (or cached) once.
        max_new_tokens: tokens after which the answer is cut, its finish reason being `length`.
        schema: JSON Schema that the answer should obey, where the model can be held to one; many cannot, or
            ignore it in silence, so the answer is to be checked all the same.
        temperature: 0 for the likeliest answer, else tokens are drawn at that temperature.
        seed: of the draws, together with the id; an endpoint may ignore or refuse it.
    """

    id: str
    group: str
    messages: tuple[Message, ...]
    max_new_tokens: int
    schema: Mapping[str, Any] | None = None
    temperature: float = 0.0
    seed: int = 0

    def sampling(self) -> dict[str, Any]:
        """Temperature and seed, where the answer is sampled; a greedy one has neither."""
        return {"temperature": self.temperature, "seed": self.seed} if self.temperature > 0 else {}


class ChatModel(Protocol):
    """Answers conversations, greedily unless a request says otherwise."""

    @property
    def name(self) -> str:
        """What to call it in tables and reports."""
        ...

    def complete(self, batch: str, requests: Sequence[ChatRequest]) -> Iterator[Completion]:
        """Yield one completion a request, in any order, as they finish.

        Args:
            batch: names this batch within the run (`baseline-dev`); an interrupted batch of the same name goes
                on where it stopped.

        Raises:
            Fault: the machine or the service cannot answer; says what to do.
            Interrupted: a stop was asked for; what was answered is kept.
        """
        ...
