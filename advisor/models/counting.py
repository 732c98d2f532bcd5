"""Token counts of rows, many at once: the same ids as training and generation see, counted in batches."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.data.rows import Row
from rubrics.errors import ExitCode, Fault
from trainer.conversation import ChatCodec, Turns

if TYPE_CHECKING:
    from advisor.models.resolve import ResolvedModel

_BATCH = 1000

Counter = Callable[[Sequence[Row]], list[tuple[int, int]]]


@lru_cache(maxsize=4)
def load_codec(path: Path, digest: str) -> ChatCodec:
    """The codec of a folder with this content; reading a large vocabulary takes a tenth of a second and more."""
    return ChatCodec.of(path)


def count_tokens(model: ResolvedModel) -> Counter:
    """Return a function that gives (prompt tokens, answer tokens) of each row.

    The prompt is counted with its template, the answer with its end-of-turn token: together they are the row's
    length in training. The function raises one `Fault` (exit code 3) that names every row which cannot be
    trained on: refused by the template, without an answer, without an end token.
    """
    return count_with(model.codec(), model.name)


def count_with(codec: ChatCodec, name: str) -> Counter:
    """Return what `count_tokens` does, of a codec alone.

    Args:
        name: of the model, for the fault.
    """
    # Named explicitly, or tokenizers prints a warning into the terminal when a child process is forked later.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")

    def count(rows: Sequence[Row]) -> list[tuple[int, int]]:
        counts: list[tuple[int, int]] = []
        problems: list[str] = []
        for start in range(0, len(rows), _BATCH):
            for row, lengths in _count_batch(codec, rows[start : start + _BATCH]):
                if lengths is None:
                    lengths = _count_alone(codec, row, problems)
                counts.append(lengths)
        if problems:
            raise _refusal(name, problems)
        return counts

    return count


def _count_batch(codec: ChatCodec, rows: Sequence[Row]) -> Iterator[tuple[Row, tuple[int, int] | None]]:
    """Count what is plain; None where a row needs the codec's own, careful look."""
    texts = [_render(codec, row) for row in rows]
    prompts = _encode(codec, [prompt for prompt, _ in texts])
    answers = _encode(codec, [answer for _, answer in texts])
    for row, prompt, answer in zip(rows, prompts, answers, strict=True):
        ends = [index for index, token in enumerate(answer) if token in codec.end_ids]
        doubtful = len(ends) != 1 or ends[0] == 0 or len(prompt) < 2 or prompt[0] == prompt[1]
        yield row, None if doubtful else (len(prompt), ends[0] + 1)


def _render(codec: ChatCodec, row: Row) -> tuple[str, str]:
    """Prompt and answer as the model reads them; both empty where the template does not give them."""
    turns = _turns(row)
    answered = [*turns, {"role": "assistant", "content": row.answer}]
    try:
        prompt = codec.template.render(turns, add_generation_prompt=True)
        whole = codec.template.render(answered, add_generation_prompt=False)
    except Fault:
        return "", ""
    return (prompt, whole[len(prompt) :]) if whole.startswith(prompt) else ("", "")


def _turns(row: Row) -> Turns:
    return [{"role": turn["role"], "content": turn["content"]} for turn in row.messages]


def _encode(codec: ChatCodec, texts: list[str]) -> list[list[int]]:
    return [encoding.ids for encoding in codec.tokenizer.encode_batch(texts, add_special_tokens=False)]


def _count_alone(codec: ChatCodec, row: Row, problems: list[str]) -> tuple[int, int]:
    try:
        example = codec.example(_turns(row), row.answer)
    except Fault as fault:
        problems.append(f"{row.source or row.id}: {fault.what}")
        return 0, 0
    return example.supervised_from, len(example.ids) - example.supervised_from


def _refusal(model: str, problems: list[str]) -> Fault:
    count = f"{len(problems)} row{'' if len(problems) == 1 else 's'}"
    return Fault(
        f"{count} cannot be read by the model {model}: {problems[0]}",
        fix="Correct the rows, or choose another model.",
        code=ExitCode.BAD_DATA,
        problems=problems,
    )
