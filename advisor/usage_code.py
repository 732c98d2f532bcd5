"""Python code to use what a run has found: short, complete, and answering exactly as it was measured.

A test runs each kind and compares its answers with those of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.data.rows import Message
from trainer.conversation import ChatCodec
from trainer.job import ModelSpec


@dataclass(frozen=True)
class Opening:
    """What stands before a row's own turns.

    Attributes:
        system: instruction; empty for none.
        examples: solved examples as turns.
        joins: the instruction is added to a row's own system turn; else such a row keeps its own alone.
    """

    system: str = ""
    examples: tuple[Message, ...] = ()
    joins: bool = False


def local_code(title: str, spec: ModelSpec, opening: Opening, max_new_tokens: int) -> str:
    """Code for a model folder, with its adapter where the spec names one.

    Raises:
        Fault: the model's folder is not there any more, or its tokenizer cannot be read.
    """
    codec = ChatCodec.of(spec.path)
    constants = [f"MODEL = {str(spec.path)!r}"]
    if spec.adapter is not None:
        constants.append(f"ADAPTER = {str(spec.adapter)!r}")
    constants.append(f"END = {sorted(codec.end_ids)}")
    parts = [
        _head(title, _imports(spec)),
        "\n".join([*constants, *_opening_constants(opening)]),
        "\n".join(_loading(spec, codec)),
    ]
    answer = _LOCAL_ANSWER.format(max_new_tokens=max_new_tokens, pad=codec.pad_id)
    return _program(parts, [_conversation(opening), answer])


def endpoint_code(title: str, url: str, model: str, opening: Opening, max_new_tokens: int) -> str:
    """Code for an OpenAI-compatible endpoint; the key is read from the environment, as the run did."""
    parts = [
        _head(title, ["import os", "import sys", "", "from openai import OpenAI"]),
        "\n".join([f"URL = {url!r}", f"MODEL = {model!r}", *_opening_constants(opening)]),
        _CLIENT,
    ]
    answer = _ENDPOINT_ANSWER.format(max_new_tokens=max_new_tokens)
    return _program(parts, [_conversation(opening), answer])


def classifier_code(title: str, train: Path, seed: int) -> str:
    """Code for the linear classifier, which is fitted on the training rows in seconds each time."""
    return _CLASSIFIER.format(title=_docstring(title), train=str(train), seed=seed)


def _program(parts: Sequence[str], functions: Sequence[str]) -> str:
    return "\n\n\n".join(["\n\n".join(parts), *functions, _MAIN]) + "\n"


def _head(title: str, imports: Sequence[str]) -> str:
    return _docstring(title) + "\n\n" + "\n".join(imports)


def _docstring(title: str) -> str:
    """A title as the module's docstring: whatever stands in it ends neither the string nor the line."""
    line = " ".join(title.split()).replace("\\", "/").replace('"', "'")
    return f'"""{line}"""'


def _imports(spec: ModelSpec) -> list[str]:
    peft = ["from peft import PeftModel"] if spec.adapter is not None else []
    names = "AutoModelForCausalLM, AutoTokenizer"
    names += ", BitsAndBytesConfig" if spec.quantisation else ""
    return ["import sys", "", "import torch", *peft, f"from transformers import {names}"]


_DTYPES = {"fp32": "torch.float32", "bf16": "torch.bfloat16"}


def _loading(spec: ModelSpec, codec: ChatCodec) -> list[str]:
    dtype = _DTYPES.get(spec.precision, '"auto"')
    lines = ["tokenizer = AutoTokenizer.from_pretrained(MODEL)"]
    if codec.template.is_plain:
        lines.append(f"tokenizer.chat_template = {codec.template.source!r}")
    if spec.quantisation:
        lines += _NF4.format(dtype=dtype if spec.precision in _DTYPES else "torch.bfloat16").splitlines()
        lines.append(
            f"model = AutoModelForCausalLM.from_pretrained(MODEL, dtype={dtype}, quantization_config=four_bit)"
        )
    else:
        lines.append(f"model = AutoModelForCausalLM.from_pretrained(MODEL, dtype={dtype})")
    if spec.adapter is not None:
        lines.append("model = PeftModel.from_pretrained(model, ADAPTER)")
    if not spec.quantisation:
        lines.append('model = model.to("cuda" if torch.cuda.is_available() else "cpu")')
    return [*lines, "model.eval()"]


def _opening_constants(opening: Opening) -> list[str]:
    lines = [f"SYSTEM = {_literal(opening.system)}"] if opening.system else []
    if opening.examples:
        turns = "".join(
            f'    {{"role": {turn["role"]!r}, "content": {turn["content"]!r}}},\n'
            for turn in opening.examples
        )
        lines.append(f"EXAMPLES = [\n{turns}]")
    return lines


def _literal(text: str) -> str:
    """A string in code, a line of the text on a line of its own."""
    lines = text.splitlines(keepends=True)
    if len(lines) < 2:
        return repr(text)
    return "(\n" + "\n".join(f"    {line!r}" for line in lines) + "\n)"


def _conversation(opening: Opening) -> str:
    if not opening.system:
        body = "    return list(turns)"
    elif opening.joins:
        body = _JOINED.format(examples="*EXAMPLES, " if opening.examples else "")
    else:
        body = _BEFORE
    return (
        "def conversation(turns):\n"
        '    """What the model reads: turns are {"role": ..., "content": ...}, the last one the user\'s."""\n'
        + body
    )


_JOINED = """\
    own = [turn["content"] for turn in turns if turn["role"] == "system"]
    rest = [turn for turn in turns if turn["role"] != "system"]
    system = "\\n\\n".join([*own, SYSTEM])
    return [{{"role": "system", "content": system}}, {examples}*rest]"""
_BEFORE = """\
    if turns[0]["role"] == "system":
        return list(turns)
    return [{"role": "system", "content": SYSTEM}, *turns]"""
_NF4 = """\
four_bit = BitsAndBytesConfig(
    load_in_4bit=True,
    bnb_4bit_quant_type="nf4",
    bnb_4bit_use_double_quant=True,
    bnb_4bit_compute_dtype={dtype},
)"""
_LOCAL_ANSWER = '''\
def answer(turns):
    """The answer to a conversation."""
    inputs = tokenizer.apply_chat_template(
        conversation(turns), add_generation_prompt=True, return_dict=True, return_tensors="pt"
    ).to(model.device)
    output = model.generate(
        **inputs, do_sample=False, max_new_tokens={max_new_tokens}, eos_token_id=END, pad_token_id={pad}
    )
    ids = output[0, inputs["input_ids"].shape[1] :].tolist()
    return tokenizer.decode([token for token in ids if token not in END], skip_special_tokens=True)'''
_CLIENT = """\
key = os.environ.get("ADVISOR_API_KEY") or os.environ.get("OPENAI_API_KEY") or "none"
client = OpenAI(base_url=URL, api_key=key)"""
_ENDPOINT_ANSWER = '''\
def answer(turns):
    """The answer to a conversation."""
    reply = client.chat.completions.create(
        model=MODEL, messages=conversation(turns), temperature=0, max_tokens={max_new_tokens}
    )
    return reply.choices[0].message.content or ""'''
_MAIN = """\
if __name__ == "__main__":
    print(answer([{"role": "user", "content": sys.argv[1]}]))"""
_CLASSIFIER = '''\
{title}

import json
import sys

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

TRAIN = {train!r}


def text(turns):
    """What the classifier reads: turns are {{"role": ..., "content": ...}}."""
    return "\\n".join(turn["content"] for turn in turns if turn["role"] != "system")


features = make_union(
    TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)),
    TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 5), min_df=2),
)
model = make_pipeline(features, LinearSVC(random_state={seed}))
with open(TRAIN, encoding="utf-8") as lines:
    rows = [json.loads(line) for line in lines]
model.fit([text(row["messages"]) for row in rows], [row["answer"] for row in rows])


def answer(turns):
    """The answer to a conversation."""
    return str(model.predict([text(turns)])[0])


if __name__ == "__main__":
    print(answer([{{"role": "user", "content": sys.argv[1]}}]))
'''
