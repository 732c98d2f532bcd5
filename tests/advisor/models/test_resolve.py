from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from advisor.interrupt import StopSignal
from advisor.models.resolve import resolve
from rubrics.errors import ExitCode, Fault
from trainer.conversation import ChatCodec
from trainer.events import Listener


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def test_a_folder_is_described(folder: Path, emit: Listener) -> None:
    model = resolve(str(folder), emit, StopSignal())

    assert (model.kind, model.path, model.revision) == ("folder", folder, None)
    facts = model.facts
    assert (facts.model_type, facts.layers, facts.hidden_size) == ("llama", 2, 64)
    assert (facts.heads, facts.key_value_heads, facts.head_dim) == (4, 2, 16)
    assert len(facts.linear_shapes) == 2 * 7
    assert (128, 64) in facts.linear_shapes
    assert facts.embedding_parameters == 2 * facts.vocab_size * 64
    assert facts.parameters == facts.linear_parameters + facts.embedding_parameters + 5 * 64
    assert model.context_length == 512
    assert model.tokenizer.pad_is_end
    assert model.tokenizer.pad_id not in model.tokenizer.end_ids
    assert model.tokenizer.eos_token == "<|im_end|>"
    assert model.chat_template_sha256 == ChatCodec.of(folder).template.digest
    assert json.loads(json.dumps(model.to_dict()))["facts"]["linear_layers"] == 14


def test_a_model_without_template_gets_the_plain_one(folder: Path, emit: Listener) -> None:
    with_template = resolve(str(folder), emit, StopSignal())
    (folder / "chat_template.jinja").unlink()

    model = resolve(str(folder), emit, StopSignal())

    assert not with_template.template_is_plain
    assert model.template_is_plain
    assert model.digest != with_template.digest


@pytest.mark.parametrize("name", ["./nowhere", "no/such/folder", "nowhere.gguf", "some/where.gguf", "smollm"])
def test_what_does_not_exist_is_wrong_use(name: str, emit: Listener) -> None:
    with pytest.raises(Fault, match="no model of this name") as caught:
        resolve(name, emit, StopSignal())

    assert caught.value.code == ExitCode.WRONG_USE
    assert "hub id" in caught.value.fix


def test_a_near_miss_of_an_embedded_name_is_guessed(emit: Listener) -> None:
    with pytest.raises(Fault) as caught:
        resolve("SmolLM2-135", emit, StopSignal())

    assert "Did you mean smollm2-135m?" in caught.value.fix


def test_a_file_of_another_kind(tmp_path: Path, emit: Listener) -> None:
    file = tmp_path / "model.bin"
    file.touch()

    with pytest.raises(Fault, match=r"not a \.gguf file") as caught:
        resolve(str(file), emit, StopSignal())

    assert caught.value.code == ExitCode.WRONG_USE


@pytest.mark.parametrize(
    ("removed", "said"),
    [
        ("config.json", "no config.json"),
        ("model.safetensors", "no weights"),
        ("tokenizer.json", "no tokenizer.json"),
    ],
)
def test_a_folder_that_lacks_something(removed: str, said: str, folder: Path, emit: Listener) -> None:
    (folder / removed).unlink()

    with pytest.raises(Fault, match=said) as caught:
        resolve(str(folder), emit, StopSignal())

    assert caught.value.code == ExitCode.LACKING


def test_weights_that_are_quantised_already_are_refused(folder: Path, emit: Listener) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["quantization_config"] = {"quant_method": "gptq"}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")

    with pytest.raises(Fault, match=r"already quantised \(gptq\)") as caught:
        resolve(str(folder), emit, StopSignal())

    assert caught.value.code == ExitCode.LACKING


def test_only_the_hub_has_revisions(folder: Path, emit: Listener) -> None:
    with pytest.raises(Fault, match="revisions") as caught:
        resolve(str(folder), emit, StopSignal(), revision="main")

    assert caught.value.code == ExitCode.WRONG_USE
