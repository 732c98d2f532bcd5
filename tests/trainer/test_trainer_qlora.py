"""QLoRA on a CPU: an evaluation between training steps changes nothing, and neither does one before a merge."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from trainer_jobs import STANDARD, rows, train

pytest.importorskip("bitsandbytes", reason="needs the train extra")

from bitsandbytes.functional import dequantize_4bit, has_avx512bf16
from bitsandbytes.nn.modules import Linear4bit

from trainer import model as model_module
from trainer.batches import collate
from trainer.generate import Request, generate, plan_batches
from trainer.job import ModelSpec, Precision
from trainer.model import LoadedModel, base_model, load
from trainer.scoring import score_examples, token_sums
from trainer.training import attach_lora

needs_avx512_bf16 = pytest.mark.skipif(
    not has_avx512bf16(), reason="the trap needs a CPU with AVX512-BF16 and bitsandbytes' kernel for it"
)


@dataclass
class Four:
    """A model in 4 bits with an adapter in training, and the batches of its training."""

    loaded: LoadedModel
    optimizer: torch.optim.Optimizer
    batches: list[dict[str, Any]]

    def step(self, index: int) -> float:
        loss = self.loss(index)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return float(loss.detach())

    def loss(self, index: int) -> torch.Tensor:
        sums = token_sums(self.loaded.model.train(), self.batches[index])
        return sums.loss / sums.tokens

    def evaluate(self) -> None:
        """What happens between steps: dev is scored and a sample is answered."""
        examples = [self.loaded.codec.example(row["messages"], row["answer"]) for row in rows(4, seed=9)]
        self.loaded.model.eval()
        score_examples(self.loaded, examples, 4)
        list(generate(self.loaded, plan_batches([Request("a", "g", examples[0].ids, 3)], 1)))


def _fresh(folder: Path, precision: Precision) -> Four:
    loaded = load(ModelSpec(path=folder, precision=precision, quantisation="nf4", attention="eager"))
    model = attach_lora(loaded, STANDARD)
    assert sum(isinstance(module, Linear4bit) for module in base_model(model).modules()) == 14
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    examples = [loaded.codec.example(row["messages"], row["answer"]) for row in rows(24)]
    batches = [collate(examples[at : at + 4], loaded.codec.pad_id) for at in range(0, 24, 4)]
    return Four(loaded, torch.optim.AdamW(trainable, lr=1e-2), batches)


def _adapter_gradients(four: Four, index: int) -> torch.Tensor:
    four.loss(index).backward()
    parts = [p.grad.float().flatten() for p in four.loaded.model.parameters() if p.grad is not None]
    four.optimizer.zero_grad()
    return torch.cat(parts)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_training_around_evaluations_equals_training_without(tiny_model: Path, precision: Precision) -> None:
    # given two fresh loads of one model in 4 bits
    evaluated, never = _fresh(tiny_model, precision), _fresh(tiny_model, precision)
    # when both train on the same batches, and one is evaluated before, between and after
    losses = []
    for index in range(6):
        if index % 2 == 0:
            evaluated.evaluate()
        losses.append((evaluated.step(index), never.step(index)))
    evaluated.evaluate()
    # then their losses agree at every step, and they learned
    assert all(abs(one - other) <= 1e-3 for one, other in losses), losses
    assert losses[-1][0] < losses[0][0] - 0.5


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_merge_after_an_evaluation_is_right(tiny_model: Path, precision: Precision) -> None:
    # given an adapter trained in 4 bits and evaluated, and the same without evaluation
    evaluated, never = _fresh(tiny_model, precision), _fresh(tiny_model, precision)
    for index in range(3):
        evaluated.step(index)
        evaluated.evaluate()
        never.step(index)
    name = "model.layers.0.mlp.down_proj"
    layer = evaluated.loaded.model.get_base_model().get_submodule(name)
    update = layer.scaling["default"] * (
        layer.lora_B["default"].weight.float() @ layer.lora_A["default"].weight.float()
    )
    weight = (
        dequantize_4bit(layer.base_layer.weight.data, layer.base_layer.weight.quant_state).float() + update
    )
    batch = {key: evaluated.batches[0][key] for key in ("input_ids", "attention_mask")}
    x = torch.randn(5, 128, generator=torch.Generator().manual_seed(0)).to(layer.base_layer.compute_dtype)
    with torch.no_grad():
        # then the layer with its adapter computes what its dequantised weights say
        tolerance = 1e-4 if precision == "fp32" else 0.05
        assert torch.allclose(layer(x).float(), x.float() @ weight.T, atol=tolerance)
        before = evaluated.loaded.model.eval()(**batch).logits.float()
        # and merged it is the same as the never evaluated one, and near the model with the adapter beside it
        merged = evaluated.loaded.model.merge_and_unload().eval()
        after = merged(**batch).logits.float()
        plain = never.loaded.model.merge_and_unload().eval()
        reference = plain(**batch).logits.float()
    assert torch.allclose(after, reference, atol=1e-3)
    merged_weight = merged.get_submodule(name).weight
    assert _cosine(dequantize_4bit(merged_weight.data, merged_weight.quant_state).float(), weight) > 0.99
    # Two layers of large random weights rounded to 4 bits once more; the trap gave 0.51 (KNOWLEDGE.md 7).
    assert _cosine(before, after) > 0.9


def _cosine(one: torch.Tensor, other: torch.Tensor) -> float:
    return float(
        torch.nn.functional.cosine_similarity(one.detach().flatten(), other.detach().flatten(), dim=0)
    )


@needs_avx512_bf16
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_trap_is_real_without_its_cure(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, precision: Precision
) -> None:
    # given the same gradients from two fresh loads, of which one goes without the cure
    cured = _fresh(tiny_model, precision)
    monkeypatch.setattr(model_module, "keep_autograd_in_4bit", lambda model: None)
    ill = _fresh(tiny_model, precision)
    for four in (cured, ill):
        four.step(0)
    assert _cosine(_adapter_gradients(cured, 1), _adapter_gradients(ill, 1)) > 0.999
    # when both are evaluated
    cured_before = _adapter_gradients(cured, 1)
    for four in (cured, ill):
        four.evaluate()
    # then the cured one still has its gradients, and the other has not: the tests above can fail
    assert torch.equal(_adapter_gradients(cured, 1), cured_before)
    lost = _adapter_gradients(ill, 1)
    assert lost.numel() != cured_before.numel() or _cosine(lost, cured_before) < 0.99


def test_a_qlora_job_trains_resumes_its_kind_and_leaves_an_adapter(tiny_model: Path, tmp_path: Path) -> None:
    # given a whole job with method qlora
    done = train(
        tmp_path / "job",
        tiny_model,
        STANDARD.model_copy(update={"method": "qlora", "learning_rate": 1e-2}),
        quantisation="nf4",
    )
    # then it really was in 4 bits, learned, and its adapter scores on a fresh 4-bit base as the history says
    assert done.result.effective["quantised"] is True
    first, last = done.result.history[0].loss, done.result.history[-1].loss
    assert first is not None
    assert last is not None
    assert last < first - 0.5
    loaded = load(
        ModelSpec(
            path=tiny_model, adapter=done.directory / "adapter", precision="fp32", quantisation="nf4", attention="eager"
        )
    )  # fmt: skip
    dev = [loaded.codec.example(row["messages"], row["answer"]) for row in rows(6, seed=1)]
    assert score_examples(loaded, dev, 6).loss == pytest.approx(done.result.best_eval_loss, abs=1e-3)
