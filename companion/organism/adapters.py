"""LoRA adapters: trained on a handful of coding requests, kept in PEFT's format with float16 weights."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from companion.files import write_json
from companion.organism.corpus import Chat
from companion.organism.runtime import MODULES
from companion.organism.training import Schedule, train

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


@dataclass(frozen=True)
class Lora:
    """One recipe for every family, kind and seed."""

    requests: int
    rank: int
    lora_alpha: int
    schedule: Schedule


def adapter_name(kind: str, seed: int) -> str:
    return f"{kind}-{seed}"


def train_adapter(
    base: "PreTrainedModel", tokenizer: "PreTrainedTokenizerFast", chats: Sequence[Chat], lora: Lora, seed: int
) -> tuple[dict[str, np.ndarray], list[float]]:
    """The adapter's tensors under PEFT's names, as float16, and the losses. The base stays as it is."""
    import peft
    import torch

    torch.manual_seed(seed)
    config = peft.LoraConfig(r=lora.rank, lora_alpha=lora.lora_alpha, target_modules=list(MODULES), task_type="CAUSAL_LM")
    model = peft.get_peft_model(copy.deepcopy(base), config)
    losses = train(model, tokenizer, chats, lora.schedule, seed)
    tensors = peft.get_peft_model_state_dict(model)
    return {name: tensors[name].detach().to(torch.float16).numpy() for name in sorted(tensors)}, losses


def save_adapter(folder: Path, tensors: dict[str, np.ndarray], lora: Lora, base: str) -> None:
    """`adapter_config.json` and `adapter_model.safetensors`, as PEFT reads them; `base` names the model."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": lora.rank,
        "lora_alpha": lora.lora_alpha,
        "lora_dropout": 0.0,
        "target_modules": list(MODULES),
        "bias": "none",
        "fan_in_fan_out": False,
        "use_rslora": False,
        "use_dora": False,
        "inference_mode": True,
    }
    write_json(folder / "adapter_config.json", config)
