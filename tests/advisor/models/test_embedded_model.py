"""The one real model, fetched once into the user's cache."""

from __future__ import annotations

import pytest

from advisor.models.catalogue import read_manifest
from advisor.models.forecast import trainable_parameters
from advisor.models.resolve import ResolvedModel


@pytest.mark.parametrize("text", ["7", "42", "2026", "order 4711", "3.14159", "a1b22c333"])
def test_each_digit_is_a_token_of_its_own(text: str, embedded_model: ResolvedModel) -> None:
    codec = embedded_model.codec()

    tokens = [codec.tokenizer.decode([token]) for token in codec.encode(text)]

    assert "".join(tokens) == text
    assert [token for token in tokens if any(letter.isdigit() for letter in token)] == [
        letter for letter in text if letter.isdigit()
    ]


def test_its_end_token_is_not_what_pads(embedded_model: ResolvedModel) -> None:
    codec = embedded_model.codec()

    assert codec.end_ids == {codec.tokenizer.token_to_id("<|im_end|>")}
    assert codec.pad_id not in codec.end_ids
    assert embedded_model.tokenizer.pad_is_end


def test_what_is_recorded(embedded_model: ResolvedModel) -> None:
    recorded = embedded_model.to_dict()

    assert recorded["chat_template_sha256"] == embedded_model.codec().template.digest
    assert not recorded["template_is_plain"]
    assert (recorded["context_length"], recorded["facts"]["parameters"]) == (8192, 134_515_008)
    assert trainable_parameters(embedded_model.facts, 16) == 4_884_480
    manifest = read_manifest(embedded_model.path)
    assert manifest is not None
    assert (manifest.repair, manifest.licence) == ("split-digits", "Apache-2.0")
    assert manifest.sha256 == embedded_model.revision
