"""An OpenAI-compatible service: its address, its key, and what its failures mean to a person.

The key is read from the environment here and goes nowhere but into the client; every text that comes from the
server passes `mask` before it is shown or written.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rubrics.errors import ExitCode, Fault

if TYPE_CHECKING:
    from openai import APIError, APIStatusError, AsyncOpenAI

KEY_VARIABLES = ("ADVISOR_API_KEY", "OPENAI_API_KEY")
"""The first that is set wins."""

Hook = Callable[[Any], Awaitable[None]]

_NO_KEY = "none"
_SECRET_LENGTH = 8
"""Shorter keys are the placeholders of keyless servers (EMPTY, none): masking them would blot out words."""
_CONNECT_SECONDS = 10.0
_SHOWN_CHARACTERS = 300
_SHOWN_MODELS = 10
_RESUME = " Answers so far are kept: `advisor resume`, for a judgement the same command again, goes on."
_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context|context (length|size|window)|maximum model length|inputs. tokens",
    re.IGNORECASE,
)
"""OpenAI, llama.cpp, vLLM and text-generation-inference say it in words and codes of their own."""


@dataclass(frozen=True, slots=True)
class Service:
    """Where to ask, for which model, with which key.

    Attributes:
        base_url: up to and with `/v1`.
        key: never shown; `none` where no variable holds one, since keyless servers ignore it.
        key_variable: the environment variable that the key came from; empty where none is set.
    """

    base_url: str
    model: str
    key: str = field(repr=False)
    key_variable: str

    @classmethod
    def at(cls, base_url: str, model: str) -> Service:
        """Check the address and read the key.

        Raises:
            Fault: the address is not a http(s) URL (exit code 2), or the key cannot be sent.
        """
        url = base_url.strip().rstrip("/").removesuffix("/chat/completions")
        _check_url(url)
        variable = next((name for name in KEY_VARIABLES if os.environ.get(name, "").strip()), "")
        key = os.environ[variable].strip() if variable else _NO_KEY
        if not (key.isascii() and key.isprintable()):
            raise Fault(
                "holds characters that no key has",
                where=variable,
                fix="Copy the key again, without quotes or line breaks.",
                code=ExitCode.LACKING,
            )
        return cls(url, model, key, variable)

    @property
    def shown_url(self) -> str:
        """The address without user, password and query, which may be secrets."""
        parts = urlsplit(self.base_url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()

    def mask(self, text: str) -> str:
        """The text without the key."""
        return text.replace(self.key, "***") if len(self.key) >= _SECRET_LENGTH else text

    def client(
        self,
        *,
        max_retries: int,
        timeout_s: float,
        on_request: Hook | None = None,
        on_response: Hook | None = None,
    ) -> AsyncOpenAI:
        """A client whose own retries wait with back-off and jitter, or as long as Retry-After says."""
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

        timeout = Timeout(timeout_s, connect=min(timeout_s, _CONNECT_SECONDS))
        http = DefaultAsyncHttpxClient(
            timeout=timeout,
            # A proxy of the environment cannot reach this machine's loopback.
            trust_env=not _is_loopback(self.base_url),
            event_hooks={
                "request": [on_request] if on_request else [],
                "response": [on_response] if on_response else [],
            },
        )
        return AsyncOpenAI(
            api_key=self.key,
            base_url=self.base_url,
            max_retries=max_retries,
            timeout=timeout,
            http_client=http,
        )

    def fault(self, what: str, fix: str, row: str = "") -> Fault:
        """A failure of this service; `row` is the id of the request that met it."""
        where = f"{self.shown_url}, row {row}" if row else self.shown_url
        return Fault(self.mask(what), where=where, fix=self.mask(fix), code=ExitCode.LACKING)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        shown = url.rpartition("@")[2]
        raise Fault(
            f"{shown!r} is not a http(s) address", where="--endpoint", fix="Such as http://localhost:8000/v1"
        )


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback or ip_address(host).is_unspecified
    except ValueError:
        return host == "localhost"


async def offered_models(client: AsyncOpenAI) -> tuple[str, ...]:
    """Names under `/models`; none where the server does not list them."""
    from openai import APIError

    try:
        reply = await client.with_options(
            max_retries=0, timeout=_CONNECT_SECONDS
        ).models.with_raw_response.list()
        return _model_names(json.loads(reply.text))
    except (APIError, ValueError):
        return ()


def _model_names(body: Any) -> tuple[str, ...]:
    listed = body.get("data") if isinstance(body, dict) else None
    models = listed if isinstance(listed, list) else []
    return tuple(str(model["id"]) for model in models if isinstance(model, dict) and "id" in model)


def name_some(models: Sequence[str]) -> str:
    """A list short enough for a message."""
    more = len(models) - _SHOWN_MODELS
    return ", ".join(models[:_SHOWN_MODELS]) + (f" and {more} more" if more > 0 else "")


def said(error: APIStatusError) -> str:
    """The server's own words: error bodies come as objects, plain strings, `message`, `detail` or pages."""
    body = error.body
    if isinstance(body, dict):
        body = body.get("message") or body.get("detail") or body
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:_SHOWN_CHARACTERS]


async def fault_of(service: Service, client: AsyncOpenAI, error: APIError, row: str) -> Fault:
    """What a failed request means, and what to do about it; exit code 5.

    Args:
        row: id of the request; empty where nothing but a look was asked for.
    """
    from openai import APIStatusError

    resume = _RESUME if row else ""
    if not isinstance(error, APIStatusError):
        return _unreachable(service, error, resume)
    status = error.status_code
    if status in (401, 403):
        return _refused_key(service, error)
    if status == 404:
        return _not_found(service, error, await offered_models(client))
    if is_too_long(error):
        return service.fault(
            f"the conversation is longer than the model's context: {said(error)}",
            "Leave the row out, take fewer examples into the prompt, or start the server with a longer context.",
            row,
        )
    if status == 429:
        fix = f"Wait, or see the quota of the account.{resume}"
        return service.fault(
            f"the server keeps refusing for its rate limit or quota: {said(error)}", fix, row
        )
    if status >= 500 or status in (408, 409):
        fix = f"See the server's log.{resume}"
        return service.fault(f"the server keeps failing (status {status}): {said(error)}", fix, row)
    return service.fault(
        f"the server refuses the request (status {status}): {said(error)}", "See its words.", row
    )


def is_too_long(error: APIStatusError) -> bool:
    """Whether the refusal is about the length of the conversation."""
    words = f"{error.code} {error.type} {said(error)}"
    return error.status_code in (400, 413, 422) and bool(_TOO_LONG.search(words))


def _unreachable(service: Service, error: APIError, resume: str) -> Fault:
    reason = str(error.__cause__ or "") or error.message
    return service.fault(
        f"the server does not answer: {reason}",
        f"Is it running, and is {service.shown_url} its address?{resume}",
    )


def _refused_key(service: Service, error: APIStatusError) -> Fault:
    if service.key_variable:
        fix = f"The key came from {service.key_variable}: is it valid for this server and model?"
    else:
        fix = f"Set {KEY_VARIABLES[0]} (or {KEY_VARIABLES[1]}) to a key of this server."
    return service.fault(f"the server refuses the key (status {error.status_code}): {said(error)}", fix)


def _not_found(service: Service, error: APIStatusError, offered: Sequence[str]) -> Fault:
    if not offered:
        fix = f"Check the address (most end in /v1) and the model's name, {service.model!r}."
    elif service.model in offered:
        fix = "The server lists this model: see its words, or its log."
    else:
        fix = f"The server offers {name_some(offered)}."
    return service.fault(
        f"the server finds no model {service.model!r} at this address (status 404): {said(error)}", fix
    )
