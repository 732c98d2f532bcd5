"""Loading a model: device, precision, quantisation, adapter.

Precision and attention are measured on the processor at hand where the answer differs from machine to machine
(KNOWLEDGE.md section 7), and the choice is part of what a job reports.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, PreTrainedModel

from rubrics.errors import ExitCode, Fault
from trainer.conversation import ChatCodec
from trainer.job import ModelSpec, Precision

_DTYPE_NAMES = {torch.float32: "fp32", torch.bfloat16: "bf16"}


@dataclass
class LoadedModel:
    """A model ready to run, with the codec of its folder.

    `model` is the transformers model, or peft's wrapper around it when an adapter is attached.
    """

    model: Any
    codec: ChatCodec
    device: torch.device
    precision: str
    spec: ModelSpec
    load_seconds: float

    @property
    def context_length(self) -> int | None:
        """Longest sequence in tokens that the model was built for, where its config says."""
        value = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        return int(value) if value else None

    def set_attention(self, implementation: str) -> None:
        """Switch the attention implementation of the base model."""
        base_model(self.model).set_attn_implementation(implementation)


def base_model(model: Any) -> PreTrainedModel:
    """The transformers model under an adapter, or the model itself."""
    unwrapped: PreTrainedModel = model.get_base_model() if hasattr(model, "get_base_model") else model
    return unwrapped


def pick_device() -> torch.device:
    """The accelerator if there is one."""
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def device_name(device: torch.device) -> str:
    """What to call the device in a report."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} ({torch.get_num_threads()} threads)" if device.type == "cpu" else device.type


def pick_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """The computation's number format; `auto` is bf16 where it is not slower than fp32."""
    if precision == "fp32":
        return torch.float32
    if precision == "bf16":
        return torch.bfloat16
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    if device.type == "cpu":
        return torch.bfloat16 if _bf16_pays_on_cpu() else torch.float32
    return torch.float32


@cache
def _bf16_pays_on_cpu() -> bool:
    """Time a layer-sized product in both formats; takes well under a second."""
    seconds = {dtype: _time_product(dtype) for dtype in (torch.float32, torch.bfloat16)}
    return seconds[torch.bfloat16] <= seconds[torch.float32]


def _time_product(dtype: torch.dtype) -> float:
    left = torch.ones((256, 1024), dtype=dtype)
    right = torch.ones((1024, 1024), dtype=dtype)
    torch.mm(left, right)
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        torch.mm(left, right)
        best = min(best, time.perf_counter() - start)
        if best > 0.2:
            break
    return best


def load(spec: ModelSpec) -> LoadedModel:
    """Load a model folder, and its adapter if the spec names one; evaluation mode, attention as asked or sdpa.

    Raises:
        Fault: the folder holds no weights or no usable config, or a needed package is missing.
    """
    start = time.perf_counter()
    check_folder(spec.path)
    device = pick_device()
    dtype = pick_dtype(spec.precision, device)
    kwargs: dict[str, Any] = {"dtype": dtype, "attn_implementation": spec.attention or "sdpa"}
    if spec.quantisation == "nf4":
        kwargs["quantization_config"] = _nf4(dtype)
        kwargs["device_map"] = {"": device}
    model = _read_weights(spec.path, kwargs)
    if spec.quantisation == "nf4":
        keep_autograd_in_4bit(model)
    else:
        model.to(device)
    if spec.adapter is not None:
        model = _attach(model, spec.adapter)
    model.eval()
    return LoadedModel(
        model=model,
        codec=ChatCodec.of(spec.path),
        device=device,
        precision=_DTYPE_NAMES[dtype],
        spec=spec,
        load_seconds=time.perf_counter() - start,
    )


def _read_weights(path: Path, kwargs: dict[str, Any]) -> Any:
    try:
        both: Any = AutoModelForCausalLM.from_pretrained(
            path, local_files_only=True, output_loading_info=True, **kwargs
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise Fault(
            f"the model could not be loaded: {error}",
            where=str(path),
            fix="Check that the folder is a causal language model that this version of transformers knows.",
            code=ExitCode.LACKING,
        ) from error
    model, report = both
    missing = sorted(report["missing_keys"])
    if missing:
        raise Fault(
            f"{len(missing)} of the model's weights are not in its files, {missing[0]} the first",
            where=str(path),
            fix="Download the model again; training on weights drawn at random would be of no use.",
            code=ExitCode.LACKING,
        )
    return model


def check_folder(path: Path) -> None:
    """Refuse a folder that cannot be a model, before anything heavy is tried.

    Raises:
        Fault: no folder, no config.json, or no weight file.
    """
    if not (path / "config.json").is_file():
        raise Fault(
            "is not a model folder: it has no config.json",
            where=str(path),
            fix="Give a folder saved with save_pretrained, a hub id, a .gguf file or smollm2-135m.",
            code=ExitCode.LACKING,
        )
    if not any(path.glob("*.safetensors")) and not any(path.glob("pytorch_model*.bin")):
        raise Fault(
            "holds no weights (no *.safetensors and no pytorch_model*.bin)",
            where=str(path),
            fix="Download the model again, or point to the folder that holds its weights.",
            code=ExitCode.LACKING,
        )


def _nf4(dtype: torch.dtype) -> BitsAndBytesConfig:
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def keep_autograd_in_4bit(model: Any) -> None:
    """Keep bitsandbytes from repacking 4-bit weights at the first evaluation on a CPU with AVX512-BF16.

    After that repacking the product runs outside autograd, so later training gets no gradient through the base
    layers, and a merge is wrong (cosine 0.51; KNOWLEDGE.md section 7).
    """
    from bitsandbytes.nn.modules import Linear4bit

    for module in model.modules():
        if isinstance(module, Linear4bit):
            module.support_avx512bf16_for_cpu = False


def _attach(model: Any, adapter: Path) -> Any:
    from peft import PeftModel

    if not (adapter / "adapter_config.json").is_file():
        raise Fault(
            "is not an adapter: it has no adapter_config.json",
            where=str(adapter),
            fix="Give the adapter folder of a finished training.",
            code=ExitCode.LACKING,
        )
    return PeftModel.from_pretrained(model, str(adapter), is_trainable=False)
