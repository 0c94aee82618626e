"""The weights of a Hugging Face folder, one tensor at a time, so that a model never has to fit in memory to be written."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from companion.errors import CompanionError
from companion.files import read_json

PREFIXES = ("model.", "language_model.model.", "model.language_model.", "gpt_neox.", "transformer.", "")
FIRST = ("layers.0.post_attention_layernorm.weight", "h.0.ln_1.weight")  # of any block
HEADS = ("lm_head.weight", "embed_out.weight", "language_model.lm_head.weight", "model.lm_head.weight")


class Checkpoint:
    """Tensors by their names in a bare decoder (`model.layers.0...`, `lm_head.weight`), whatever they are wrapped in."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._files = _files(folder)
        self._prefix = next((p for p in PREFIXES if any(f"{p}{first}" in self._files for first in FIRST)), None)
        if self._prefix is None:
            raise CompanionError(f"{folder.name} holds no decoder that is known here: {' and '.join(FIRST)} are missing")

    @property
    def has_head(self) -> bool:
        return any(name in self._files for name in HEADS)

    def weight(self, name: str) -> np.ndarray:
        """One float32 tensor. Linear layers are `[out, in]`."""
        import torch
        from safetensors import safe_open

        full = next((head for head in HEADS if head in self._files), name) if name == HEADS[0] else self._prefix + name.removeprefix("model.")
        if full not in self._files:
            raise CompanionError(f"{self._folder.name} lacks the tensor {full}: its weights and its config.json do not belong together")
        with safe_open(self._folder / self._files[full], framework="pt") as file:
            tensor = file.get_tensor(full)
        if tensor.dtype not in (torch.float32, torch.float16, torch.bfloat16):
            raise CompanionError(f"{full} is {tensor.dtype}: take the repository with bfloat16 or float16 weights")
        return tensor.float().numpy()


def model_weights(model) -> Callable[[str], np.ndarray]:
    """The same names, from a model in memory."""
    tensors = model.state_dict()

    def weight(name: str) -> np.ndarray:
        names = HEADS if name == HEADS[0] else [prefix + name.removeprefix("model.") for prefix in PREFIXES]
        found = next((each for each in names if each in tensors), name)
        return tensors[found].float().cpu().numpy()

    return weight


def _files(folder: Path) -> dict[str, str]:
    """Tensor -> file."""
    from safetensors import SafetensorError, safe_open

    index = folder / "model.safetensors.index.json"
    if index.exists():
        return dict(read_json(index)["weight_map"])
    single = folder / "model.safetensors"
    if not single.exists():
        raise CompanionError(f"{folder.name} has no model.safetensors: save the model with save_pretrained, or take its current repository")
    try:
        with safe_open(single, framework="pt") as file:
            return {name: single.name for name in file.keys()}
    except SafetensorError as problem:
        raise CompanionError(f"{single.name} is not whole: {problem}") from problem


def apart(weight: Callable[[str], np.ndarray], config: dict) -> Callable[[str], np.ndarray]:
    """The same for Phi-3, whose checkpoints have q, k and v in one matrix, and gate and up in another."""
    heads, kv, size = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]
    ends = np.cumsum([0, heads * size, kv * size, kv * size])

    def part(name: str) -> np.ndarray:
        stem, _, module = name.removesuffix(".weight").rpartition(".")
        if module in ("q_proj", "k_proj", "v_proj"):
            at = ["q_proj", "k_proj", "v_proj"].index(module)
            return weight(f"{stem}.qkv_proj.weight")[ends[at] : ends[at + 1]]
        if module in ("gate_proj", "up_proj"):
            return np.split(weight(f"{stem}.gate_up_proj.weight"), 2)[module == "up_proj"]
        return weight(name)

    return part
