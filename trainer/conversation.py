"""Conversations to token ids: the same code for counting, training and generation, without torch.

A chat template is rendered with jinja2 as transformers does it, and tokenised with `tokenizers` without adding
special tokens (a second BOS is one of the costly mistakes of KNOWLEDGE.md section 6). The prompt's ids are the
same in training and generation by construction: a training row is the generation prompt's ids, then the ids of
what the template puts after it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.parser
import jinja2.sandbox
from tokenizers import Tokenizer

from rubrics.errors import ExitCode, Fault

PLAIN_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ message['content'] + '\n\n' }}"
    "{% elif message['role'] == 'user' %}{{ 'Question: ' + message['content'] + '\n' }}"
    "{% else %}{{ 'Answer: ' + message['content'] + eos_token + '\n' }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ 'Answer: ' }}{% endif %}"
)
"""For models that bring no chat template (base models); documented in `advisor help models`."""

Turns = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Example:
    """A training row in token ids.

    Attributes:
        ids: prompt, answer and end-of-turn token.
        supervised_from: index of the first answer token; the loss covers `ids[supervised_from:]`.
    """

    ids: list[int]
    supervised_from: int


class _Generation(jinja2.ext.Extension):
    """Accept the `{% generation %}` marker that some templates carry; the mask here does not need it."""

    tags = {"generation"}  # noqa: RUF012 - jinja2 reads the class attribute

    def parse(self, parser: jinja2.parser.Parser) -> jinja2.nodes.Node | list[jinja2.nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class ChatTemplate:
    """A model's chat template with the special tokens that it names."""

    def __init__(self, source: str | None, special_tokens: Mapping[str, str]) -> None:
        self.is_plain = source is None
        self.source = PLAIN_TEMPLATE if source is None else source
        self._special = {"bos_token": "", "eos_token": "", **special_tokens}
        environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", _Generation]
        )
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _raise
        environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
        self._template = environment.from_string(self.source)

    @property
    def digest(self) -> str:
        """SHA-256 of the template text: stored with an adapter, compared when it is used again."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    def render(self, messages: Turns, *, add_generation_prompt: bool) -> str:
        """Return the text that the model reads.

        Raises:
            Fault: the template refuses the conversation (roles that do not alternate, say).
        """
        try:
            return self._template.render(
                messages=list(messages),
                add_generation_prompt=add_generation_prompt,
                tools=None,
                **self._special,
            )
        except jinja2.TemplateError as error:
            raise Fault(
                f"the model's chat template refuses the conversation: {error}",
                fix="Give the turns in the order that this model expects, or choose another model.",
                code=ExitCode.BAD_DATA,
            ) from error


def _to_json(value: Any, ensure_ascii: bool = False, **options: Any) -> str:
    """Jinja's own filter escapes HTML characters; transformers' does not."""
    return json.dumps(value, ensure_ascii=ensure_ascii, **options)


def _raise(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)


class ChatCodec:
    """Turns conversations into token ids and answers back into text, for one model folder."""

    def __init__(
        self, tokenizer: Tokenizer, template: ChatTemplate, end_ids: frozenset[int], pad_id: int
    ) -> None:
        self.tokenizer = tokenizer
        self.template = template
        self.end_ids = end_ids
        self.pad_id = pad_id

    @classmethod
    def of(cls, folder: Path) -> ChatCodec:
        """Read the codec of a model folder.

        Raises:
            Fault: no tokenizer.json, no end token to be found, or a broken chat template.
        """
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise Fault(
                "has no tokenizer.json",
                where=str(folder),
                fix="Save the model with a fast tokenizer: AutoTokenizer.from_pretrained(...).save_pretrained(...).",
                code=ExitCode.LACKING,
            )
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        config = _read_json(folder / "tokenizer_config.json")
        special = _special_tokens(config)
        end_ids = _end_ids(folder, tokenizer, special)
        if not end_ids:
            raise Fault(
                "names no end token, so a trained model would never stop",
                where=str(folder),
                fix="Set eos_token in tokenizer_config.json or eos_token_id in generation_config.json.",
                code=ExitCode.LACKING,
            )
        # A base model may name its end token in generation_config.json only; the plain template needs its text.
        special.setdefault("eos_token", tokenizer.id_to_token(min(end_ids)) or "")
        try:
            template = ChatTemplate(_template_source(folder, config), special)
        except jinja2.TemplateError as error:
            raise Fault(
                f"the chat template cannot be read: {error}",
                where=str(folder),
                fix="Correct chat_template.jinja, or choose another model.",
                code=ExitCode.LACKING,
            ) from error
        return cls(tokenizer, template, end_ids, _pad_id(tokenizer, special, end_ids))

    def encode(self, text: str) -> list[int]:
        """Token ids of a rendered text; no special tokens are added."""
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def prompt_ids(self, messages: Turns) -> list[int]:
        """Token ids of a conversation up to where the model's answer begins.

        Raises:
            Fault: the template refuses it, or renders the begin token twice.
        """
        ids = self.encode(self.template.render(messages, add_generation_prompt=True))
        self._refuse_double_bos(ids)
        return ids

    def example(self, messages: Turns, answer: str) -> Example:
        """Token ids of a training row; only the answer and its end-of-turn token are supervised.

        Raises:
            Fault: nothing to supervise, no end token after the answer, a begin token twice, or a template whose
                rendering of the answered conversation does not begin with the prompt.
        """
        prompt = self.template.render(messages, add_generation_prompt=True)
        whole = self.template.render(
            [*messages, {"role": "assistant", "content": answer}], add_generation_prompt=False
        )
        if not whole.startswith(prompt):
            raise _bad_row("the chat template changes the prompt once an answer follows it")
        prompt_ids = self.encode(prompt)
        self._refuse_double_bos(prompt_ids)
        rest = self.encode(whole[len(prompt) :])
        end = next((index for index, token in enumerate(rest) if token in self.end_ids), None)
        if end is None:
            raise _bad_row(
                "the chat template puts no end token after the answer, so the model would never stop"
            )
        if end == 0:
            raise _bad_row("the answer is empty: there is no token to learn from")
        if not self.end_ids.isdisjoint(self.encode(answer)):
            raise _bad_row("the answer contains the end token, and would be cut there")
        return Example(ids=prompt_ids + rest[: end + 1], supervised_from=len(prompt_ids))

    def decode(self, ids: Sequence[int]) -> str:
        """Text of an answer, its end token left out."""
        text: str = self.tokenizer.decode([token for token in ids if token not in self.end_ids])
        return text

    def count(self, text: str) -> int:
        """Number of tokens of a plain text."""
        return len(self.encode(text))

    def _refuse_double_bos(self, ids: Sequence[int]) -> None:
        if len(ids) > 1 and ids[0] == ids[1] and ids[0] in self._special_ids:
            raise _bad_row("the rendered conversation begins with the begin token twice")

    @property
    def _special_ids(self) -> set[int]:
        return {index for index, token in self.tokenizer.get_added_tokens_decoder().items() if token.special}


def _bad_row(what: str) -> Fault:
    return Fault(what, fix="Correct the row, or choose another model.", code=ExitCode.BAD_DATA)


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def _special_tokens(config: Mapping[str, Any]) -> dict[str, str]:
    """Special tokens by name; the file holds either strings or objects with a content."""
    found: dict[str, str] = {}
    for name in ("bos_token", "eos_token", "pad_token", "unk_token"):
        value = config.get(name)
        if isinstance(value, dict):
            value = value.get("content")
        if isinstance(value, str):
            found[name] = value
    return found


def _template_source(folder: Path, config: Mapping[str, Any]) -> str | None:
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    source = config.get("chat_template")
    if isinstance(source, list):
        source = next((item["template"] for item in source if item.get("name") == "default"), None)
    return source if isinstance(source, str) else None


def _end_ids(folder: Path, tokenizer: Tokenizer, special: Mapping[str, str]) -> frozenset[int]:
    found: set[int] = set()
    if "eos_token" in special:
        index = tokenizer.token_to_id(special["eos_token"])
        if index is not None:
            found.add(index)
    for name in ("generation_config.json", "config.json"):
        value = _read_json(folder / name).get("eos_token_id")
        found.update([value] if isinstance(value, int) else value if isinstance(value, list) else [])
    return frozenset(found)


def _pad_id(tokenizer: Tokenizer, special: Mapping[str, str], end_ids: frozenset[int]) -> int:
    """A token for padding that is not an end token where there is one; padding is masked by attention anyway."""
    for name in ("pad_token", "unk_token", "bos_token"):
        index = tokenizer.token_to_id(special[name]) if name in special else None
        if index is not None and index not in end_ids:
            return int(index)
    return 0 if 0 not in end_ids else min(end_ids)
