"""Memory arithmetic of training, before anything is loaded: parameters and bytes by part.

What is counted is what this program's trainer does: an adapter on all linear layers of a frozen base, no
activation recomputation, the head applied to supervised positions only, AdamW. A dry run checks the figure
(`trainer.measure`); what lies outside it is the process itself (Python, torch, CUDA context) and what an allocator
holds back: on Linux, glibc's made the resident peak on a CPU 1.3 to 1.7 times these tensors (SmolLM2-135M, 4 to 16
rows of 222 tokens), and 1.01 times with MALLOC_MMAP_THRESHOLD_=500000, which made a step 2.5 times slower.

Sources: Hu et al. 2021 (LoRA) for the parameters; Dettmers et al. 2023 (QLoRA) for NF4 with double quantisation;
Kingma and Ba 2014 (Adam) for two moments a parameter; Korthikanti et al. 2022, "Reducing Activation Recomputation
in Large Transformer Models", section 4, for the way activations are counted. Its layer (34 s b h + 5 a s^2 b bytes:
16 bits, trained weights, GELU, dropout masks) is not this one, so the terms are counted anew below.
"""

from __future__ import annotations

from typing import Literal

from advisor.models.facts import ModelFacts

NF4_BYTES = 0.516
"""A value of 4 bits, plus per block of 64 an 8-bit scale, plus per 256 scales a 32-bit one:
(4 + 8/64 + 32/(64 * 256)) / 8 bytes (QLoRA, section 3)."""

_FP32 = 4
_ADAM_BYTES = 2 * _FP32

Attention = Literal["eager", "sdpa"]


def trainable_parameters(facts: ModelFacts, rank: int) -> int:
    """Values of a LoRA adapter on all linear layers: r * (in + out) for each, A is (r, in) and B is (out, r)."""
    return sum(rank * (rows + columns) for rows, columns in facts.linear_shapes)


def memory_parts(
    facts: ModelFacts,
    *,
    method: Literal["lora", "qlora"],
    rank: int,
    precision: str,
    micro_batch: int,
    length: int,
    supervised_tokens: int,
    attention: Attention,
) -> dict[str, int]:
    """Bytes at the peak of a training step, by part, and their `total`.

    Args:
        precision: `fp32`, else 16 bits.
        micro_batch: rows that go through the model at once; `length` is tokens of the longest row, padding
            included, and at `supervised_tokens` positions of it the head is applied: the longest answer's tokens,
            and more where answers of one batch stand at different places.
    """
    element = _FP32 if precision == "fp32" else 2
    trainable = trainable_parameters(facts, rank)
    tokens = micro_batch * length
    parts = {
        "weights": _weights(facts, method, element),
        # peft keeps a new adapter in fp32 over a 16-bit base (autocast_adapter_dtype).
        "adapter": trainable * _FP32,
        "gradients": trainable * _FP32,
        "optimizer": trainable * _ADAM_BYTES,
        "activations": _activations(facts, rank, element, micro_batch, length, attention)
        + _workspace(facts, method, element, tokens, micro_batch * length**2, attention),
        "logits": _logits(facts, element, micro_batch * supervised_tokens),
    }
    return {**parts, "total": sum(parts.values())}


def _weights(facts: ModelFacts, method: str, element: int) -> int:
    """The frozen base: linear layers in the computation's format or NF4, embeddings and norms never quantised."""
    linear = NF4_BYTES if method == "qlora" else element
    rest = facts.parameters - facts.linear_parameters
    return round(facts.linear_parameters * linear) + rest * element


def _activations(
    facts: ModelFacts, rank: int, element: int, micro_batch: int, length: int, attention: Attention
) -> int:
    """What the forward pass keeps for the backward pass, all layers, of a Llama-like block.

    Per layer, with N tokens, e bytes an element, h hidden, f intermediate, q = heads * head_dim:

    - two RMS norms compute in fp32 and keep their input: 2 * 4 N h;
    - linear layers are frozen and keep nothing, their adapters keep the input in fp32 and A's output:
      4 N (in + r) each; in fp32 no cast is made, so layers with one input (query, key, value; gate, up) share it;
    - attention keeps query, key and value (repeated to all heads) in e, then as `_attention` says;
    - the gated MLP keeps the gate's output, its activation and the up projection: 3 e N f.
    """
    tokens = micro_batch * length
    inputs = sum(columns for _, columns in facts.linear_shapes)
    queries = facts.heads * facts.head_dim
    if element == _FP32:
        inputs = facts.layers * (2 * facts.hidden_size + queries + facts.intermediate_size)
    adapters = _FP32 * tokens * (inputs + rank * len(facts.linear_shapes))
    norms = _FP32 * tokens * facts.hidden_size * (2 * facts.layers + 1)
    per_layer = 3 * element * tokens * (queries + facts.intermediate_size)
    per_layer += _attention(facts, element, micro_batch, length, attention)
    return adapters + norms + facts.layers * per_layer


def _attention(facts: ModelFacts, element: int, micro_batch: int, length: int, attention: Attention) -> int:
    """Eager keeps the scores of every head, (B, a, s, s): fp32 after the softmax, and cast to e where that differs.

    A fused kernel (sdpa) keeps its output (in fp32 the very input of the output projection, counted there) and
    one fp32 sum a row and head instead.
    """
    rows = micro_batch * facts.heads * length
    if attention == "sdpa":
        return rows * (_FP32 + (0 if element == _FP32 else element * facts.head_dim))
    return rows * length * (_FP32 if element == _FP32 else _FP32 + element)


def _workspace(
    facts: ModelFacts, method: str, element: int, tokens: int, squares: int, attention: Attention
) -> int:
    """Temporaries of the one layer that the backward pass is in: the larger of MLP and attention scores.

    The MLP holds gradients of its three wide tensors and the fp32 one of the adapter's input; eager attention the
    gradient of the scores before and after the softmax in fp32. QLoRA adds the largest layer, dequantised.
    """
    mlp = tokens * facts.intermediate_size * (3 * element + _FP32)
    scores = 2 * _FP32 * squares * facts.heads if attention == "eager" else 0
    largest = max((rows * columns for rows, columns in facts.linear_shapes), default=0)
    return max(mlp, scores) + (largest * element if method == "qlora" else 0)


def _logits(facts: ModelFacts, element: int, positions: int) -> int:
    """(positions, V) as the head gives it and picked, in e; the log-softmax and its gradient (or input), in fp32."""
    return positions * facts.vocab_size * (2 * element + (1 if element == _FP32 else 2) * _FP32)
