"""A new LoRA adapter in a model, and the two files that PEFT reads it from."""

import argparse
import json
from pathlib import Path

from companion.errors import CompanionError
from companion.files import write_json

FILES = ("adapter_config.json", "adapter_model.safetensors")


def load_for_training(source, arguments: argparse.Namespace, accelerator):
    """The model with a new adapter in it, and how its base is held: dtype and bits."""
    import torch
    from accelerate.utils import set_seed
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    from companion.source import load_model

    cuda = accelerator.device.type == "cuda"
    dtype = arguments.dtype if arguments.dtype != "auto" else "bfloat16" if cuda else "float32"
    bits = quantization(arguments.quantize, cuda and not source.gguf)
    loading = {"device_map": {"": accelerator.device}} if cuda else {}
    if bits:
        from transformers import BitsAndBytesConfig

        loading["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=torch.bfloat16
        )
    model = load_model(source, dtype, **loading)
    if bits:
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=arguments.gradient_checkpointing)
    elif arguments.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    set_seed(arguments.seed)
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=arguments.rank,
        lora_alpha=arguments.lora_alpha,
        use_rslora=arguments.rslora,
        lora_dropout=arguments.dropout,
        target_modules=target_modules(model, arguments.modules),
    )
    return get_peft_model(model, config).to(accelerator.device if not bits else model.device), {"dtype": dtype, "bits": bits}


def quantization(wish: str, possible: bool) -> int | None:
    """4 where the wish can be met; one line where it was demanded and cannot."""
    from importlib.util import find_spec

    able = possible and find_spec("bitsandbytes") is not None
    if wish == "4bit" and not able:
        raise CompanionError("4 bits need CUDA, the package bitsandbytes and a base that is no GGUF: give --quantize none")
    return 4 if able and wish != "none" else None


def target_modules(model, names: list[str]) -> list[str]:
    """Full names of the linear layers to adapt: inside the decoder's blocks only, never in a vision tower."""
    from companion.source import blocks

    inside = {id(module) for block in blocks(model) for module in block.modules()}
    found = [name for name, module in model.named_modules() if id(module) in inside and name.split(".")[-1] in names]
    missing = [name for name in names if not any(full.endswith(f".{name}") for full in found)]
    if missing:
        linear = sorted({name.split(".")[-1] for name, module in model.named_modules() if id(module) in inside and "Linear" in type(module).__name__})
        raise CompanionError(f"this model has no layer {missing[0]}: its linear layers are {', '.join(linear)}")
    return found


def save_adapter(model, source, folder: Path, dtype: str) -> None:
    """The two files of PEFT's format; the config names the base as others know it, not where it lies here."""
    import torch

    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.to(getattr(torch, dtype))
    config = model.peft_config["default"]
    config.base_model_name_or_path = source.id
    config.revision = source.revision
    config.target_modules = sorted({name.split(".")[-1] for name in config.target_modules}) if not _wrapped(model) else config.target_modules
    model.save_pretrained(folder)
    for path in folder.iterdir():
        if path.is_file() and path.name not in FILES:
            path.unlink()
    config_file = folder / FILES[0]
    write_json(config_file, json.loads(config_file.read_text()) | {"base_model_name_or_path": source.id})


def _wrapped(model) -> bool:
    """Whether short names would also match layers outside the language model."""
    return any("vision" in name for name, _ in model.named_modules())
