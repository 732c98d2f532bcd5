"""One conversation and its reply over the wire: the parameters that a server takes, the reply that it gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from advisor.chat.protocol import ChatRequest
from advisor.chat.service import Service, fault_of, is_too_long, said
from trainer.events import Logged, Warned
from trainer.job import Completion

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

Tell = Callable[[Logged | Warned], None]

_UNKNOWN = "unknown"
_SHOWN_CHARACTERS = 120
_NO_SCHEMA = re.compile(r"response_format|json_?schema|structured.?output|guided|grammar", re.IGNORECASE)
"""Of servers and models without structured output, in words of their own."""
_SEED = re.compile(r"\bseed\b", re.IGNORECASE)


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message = _Message()
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Reply(BaseModel):
    """What is used of a reply; servers leave out and add fields."""

    choices: list[_Choice]
    usage: _Usage | None = None


class Dialect:
    """Which parameters the server takes, learnt from its refusals: reasoning models refuse the usual ones."""

    def __init__(self) -> None:
        self._limit = "max_tokens"
        self._refused: set[str] = set()
        self._takes_schema = True

    def parameters(self, request: ChatRequest) -> dict[str, Any]:
        """Parameters of the next request."""
        sampling = {"temperature": 0} | request.sampling()
        taken = {name: value for name, value in sampling.items() if name not in self._refused}
        schema = request.schema if self._takes_schema else None
        return {
            self._limit: request.max_new_tokens,
            **taken,
            **({} if schema is None else _response_format(schema)),
        }

    def learn(self, error: APIStatusError, sent: dict[str, Any], tell: Tell) -> bool:
        """Take over what a refusal teaches; False where it teaches nothing and asking again is in vain."""
        words = said(error)
        # vLLM names both limits when a conversation is too long.
        if is_too_long(error):
            return False
        if "max_tokens" in sent and "max_completion_tokens" in words:
            self._limit = "max_completion_tokens"
            return True
        if "temperature" in sent and "temperature" in words:
            self._refused.add("temperature")
            tell(Warned(message=_refusal_of_temperature(sent["temperature"])))
            return True
        if "seed" in sent and _SEED.search(words):
            self._refused.add("seed")
            tell(Warned(message="the server takes no seed: the same samples cannot be drawn again"))
            return True
        if "response_format" in sent and _NO_SCHEMA.search(words):
            self._takes_schema = False
            tell(Warned(message="the server takes no JSON schema: the form of its answers is only asked for"))
            return True
        return False


def _refusal_of_temperature(asked: float) -> str:
    if asked == 0:
        return "the model refuses temperature 0: its answers differ from run to run"
    return f"the model refuses temperature {asked:g}: it samples in its own way"


def _response_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    form = {"name": "answer", "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": form}}


class Exchange:
    """Asks one service through one client; `tell` hears what a person should know about the replies."""

    def __init__(self, service: Service, client: AsyncOpenAI, dialect: Dialect, tell: Tell) -> None:
        self._service = service
        self._client = client
        self._dialect = dialect
        self._tell = tell

    async def ask(self, request: ChatRequest) -> Completion:
        """The answer to one conversation; its latency is that of the try that got it, without waiting before.

        Raises:
            Fault: the request failed for good, or the reply is not a chat completion.
        """
        raw = await self._send(request)
        reply = self._parse(raw.text, request.id)
        if not reply.choices:
            self._tell(
                Warned(message=f"{request.id}: the reply has no choices; it counts as an empty answer")
            )
        if reply.usage is None:
            self._tell(Warned(message="the server reports no token counts; they count as 0"))
        choice = reply.choices[0] if reply.choices else _Choice()
        usage = reply.usage or _Usage()
        return Completion(
            id=request.id,
            text=self._service.mask(choice.message.content or ""),
            prompt_tokens=usage.prompt_tokens or 0,
            completion_tokens=usage.completion_tokens or 0,
            latency_s=raw.elapsed.total_seconds(),
            finish_reason=self._service.mask(choice.finish_reason or _UNKNOWN),
        )

    async def _send(self, request: ChatRequest) -> Any:
        from openai import APIError, BadRequestError, UnprocessableEntityError

        create: Any = self._client.chat.completions.with_raw_response.create
        while True:
            sent = self._dialect.parameters(request)
            try:
                return await create(model=self._service.model, messages=list(request.messages), **sent)
            except APIError as error:
                if isinstance(error, BadRequestError | UnprocessableEntityError) and self._dialect.learn(
                    error, sent, self._tell
                ):
                    continue
                # Not chained: a logged traceback would show the server's words unmasked.
                raise await fault_of(self._service, self._client, error, request.id) from None

    def _parse(self, text: str, row: str) -> _Reply:
        try:
            return _Reply.model_validate_json(text)
        except ValidationError:
            # An empty answer here would make every baseline look hopeless, and training look needed.
            raise self._service.fault(
                f"the reply is not a chat completion: {' '.join(text.split())[:_SHOWN_CHARACTERS]}",
                "Is the address that of an OpenAI-compatible API? Most end in /v1.",
                row,
            ) from None
