"""Conversations to ids: the same for training, generation and transformers; what is supervised; what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from advisor.models.resolve import ResolvedModel
from rubrics.errors import ExitCode, Fault
from trainer.batches import read_examples
from trainer.conversation import PLAIN_TEMPLATE, ChatCodec
from trainer.job import write_json_lines

CONVERSATIONS = {
    "one turn": [{"role": "user", "content": "My card 4711 has not arrived."}],
    "system": [
        {"role": "system", "content": "Answer with one label."},
        {"role": "user", "content": "Where is it?\n\nI paid 12.50 €"},
    ],
    "examples": [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "refund"},
        {"role": "user", "content": "  b  "},
    ],
    "other scripts": [{"role": "user", "content": "日本語 and ñ, 😀 and\ttabs"}],
}


@pytest.fixture(params=["tiny", "embedded"])
def model(request: pytest.FixtureRequest, tiny_model: Path) -> Path:
    if request.param == "tiny":
        return tiny_model
    embedded: ResolvedModel = request.getfixturevalue("embedded_model")
    return embedded.path


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_prompt_ids_are_those_of_transformers_in_training_and_generation(model: Path, name: str) -> None:
    # given a conversation, and what transformers makes of it
    messages = CONVERSATIONS[name]
    theirs = AutoTokenizer.from_pretrained(model, local_files_only=True)
    prompt = theirs.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    answered = theirs.apply_chat_template(
        [*messages, {"role": "assistant", "content": "refund 7"}], return_dict=False
    )
    # when it is made a generation prompt and a training row
    codec = ChatCodec.of(model)
    example = codec.example(messages, "refund 7")
    # then all three agree on the prompt, and the row is transformers' answered conversation up to its end token
    assert codec.prompt_ids(messages) == prompt
    assert example.ids[: example.supervised_from] == prompt
    assert example.ids == answered[: len(example.ids)]
    assert theirs.decode(answered[len(example.ids) :]).strip() == ""


def test_only_the_answer_and_its_end_of_turn_are_supervised(model: Path) -> None:
    # given a training row
    codec = ChatCodec.of(model)
    example = codec.example(CONVERSATIONS["examples"], "refund 7")
    # then what is supervised is the answer, whole, and one end token, the last
    supervised = example.ids[example.supervised_from :]
    assert codec.tokenizer.decode(supervised, skip_special_tokens=False) == "refund 7<|im_end|>"
    assert codec.decode(supervised) == "refund 7"
    assert [token in codec.end_ids for token in supervised] == [False] * (len(supervised) - 1) + [True]


def test_padding_is_no_end_token_though_the_model_says_so(model: Path) -> None:
    # given a model whose pad token is its end token, as SmolLM2's is
    codec = ChatCodec.of(model)
    # then rows are padded with another
    assert codec.pad_id not in codec.end_ids


def _with_template(template: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "chat_template.jinja").write_text(template)


def _changed(source: Path, target: Path, change: Callable[[Path], None]) -> Path:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.safetensors"))
    change(target)
    return target


@pytest.mark.parametrize(
    ("template", "answer", "words"),
    [
        pytest.param(None, "", "the answer is empty", id="nothing to supervise"),
        pytest.param(None, "refund<|im_end|>more", "contains the end token", id="end token inside"),
        pytest.param(
            "{{ bos_token }}{{ bos_token }}{% for m in messages %}{{ m['content'] + '<|im_end|>' }}{% endfor %}",
            "refund",
            "the begin token twice",
            id="double begin",
        ),
        pytest.param(
            "{% for m in messages %}{{ m['role'] + ':' + m['content'] + '\n' }}{% endfor %}"
            "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}",
            "refund",
            "no end token after the answer",
            id="no end",
        ),
        pytest.param(
            "{{ messages | length }}{% for m in messages %}{{ m['content'] + '<|im_end|>' }}{% endfor %}",
            "refund",
            "changes the prompt",
            id="prompt changes",
        ),
        pytest.param(
            "{{ raise_exception('roles must alternate') }}", "refund", "roles must alternate", id="template refuses"
        ),
    ],
)  # fmt: skip
def test_rows_that_would_train_wrongly_are_refused_by_name(
    tiny_model: Path, tmp_path: Path, template: str | None, answer: str, words: str
) -> None:
    # given a model folder with this template, and a file whose second row has this answer
    change = _with_template(template) if template else lambda folder: None
    codec = ChatCodec.of(_changed(tiny_model, tmp_path / "model", change))
    messages = CONVERSATIONS["one turn"]
    given = [("a", "refund"), ("b", answer)] if template is None else [("b", answer)]
    path = tmp_path / "train.jsonl"
    write_json_lines(path, [{"id": name, "messages": messages, "answer": text} for name, text in given])
    # when the rows are read
    with pytest.raises(Fault) as caught:
        read_examples(path, codec, max_length=200)
    # then row b, and only it, is named with the reason
    assert caught.value.code == ExitCode.BAD_DATA
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith("b: ")
    assert words in caught.value.problems[0]


def test_every_row_over_the_limit_is_named_and_counted(tiny_model: Path, tmp_path: Path) -> None:
    # given four rows, two of them too long
    long = [{"role": "user", "content": "late " * 40}]
    rows = [
        {"id": "a", "messages": CONVERSATIONS["one turn"], "answer": "refund"},
        {"id": "b", "messages": long, "answer": "refund"},
        {"id": "c", "messages": CONVERSATIONS["one turn"], "answer": "refund"},
        {"id": "d", "source": "data.jsonl:9", "messages": long, "answer": "refund"},
    ]
    write_json_lines(tmp_path / "train.jsonl", rows)
    # then both are named, by their line where the row knows it, with their length and the limit
    with pytest.raises(Fault, match="2 of 4 rows") as caught:
        read_examples(tmp_path / "train.jsonl", ChatCodec.of(tiny_model), max_length=100)
    assert [problem.partition(": ")[0] for problem in caught.value.problems] == ["b", "data.jsonl:9"]
    assert all("the limit is 100" in problem for problem in caught.value.problems)


def _base_model(folder: Path) -> None:
    """Without a template, and with its end token named in generation_config.json only, as some base models are."""
    (folder / "chat_template.jinja").unlink()
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    for name in ("eos_token", "bos_token", "pad_token", "chat_template"):
        config.pop(name, None)
    path.write_text(json.dumps(config))


def test_a_model_without_a_template_gets_the_plain_one(tiny_model: Path, tmp_path: Path) -> None:
    # given a base model
    codec = ChatCodec.of(_changed(tiny_model, tmp_path / "model", _base_model))
    # when a conversation with a system prompt becomes a training row
    messages = CONVERSATIONS["system"]
    example = codec.example(messages, "refund")
    # then it reads as documented, has the generation prompt's ids, and ends with the end token
    assert codec.template.is_plain
    assert codec.template.source == PLAIN_TEMPLATE
    text = codec.tokenizer.decode(example.ids, skip_special_tokens=False)
    assert text == (
        "Answer with one label.\n\nQuestion: Where is it?\n\nI paid 12.50 €\nAnswer: refund<|im_end|>"
    )
    assert example.ids[: example.supervised_from] == codec.prompt_ids(messages)
    assert example.ids[-1] in codec.end_ids


def _without_end(folder: Path) -> None:
    _base_model(folder)
    for name in ("generation_config.json", "config.json"):
        config = json.loads((folder / name).read_text())
        config.pop("eos_token_id", None)
        (folder / name).write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_without_end, "no end token"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "no tokenizer.json"),
        (_with_template("{% for %}"), "chat template cannot be read"),
    ],
)
def test_a_folder_without_a_usable_codec_is_refused(
    tiny_model: Path, tmp_path: Path, change: Callable[[Path], None], words: str
) -> None:
    # given a model folder that lacks what conversations need
    folder = _changed(tiny_model, tmp_path / "model", change)
    # then it is refused with what to do
    with pytest.raises(Fault, match=words) as caught:
        ChatCodec.of(folder)
    assert caught.value.code == ExitCode.LACKING
    assert caught.value.fix


def test_template_may_write_json_as_transformers_does(tiny_model: Path, tmp_path: Path) -> None:
    # given a template that prints its messages as JSON, with options that published templates use
    template = (
        "{{ messages | tojson(indent=1, separators=(',', ':'), sort_keys=true) }}"
        "{% generation %}{{ eos_token }}{% endgeneration %}"
    )
    folder = _changed(tiny_model, tmp_path / "model", _with_template(template))
    messages = [{"role": "user", "content": "<ñ> & 'x'"}]
    theirs = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    # then the text is the same
    mine = ChatCodec.of(folder).template.render(messages, add_generation_prompt=True)
    assert mine == theirs.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
