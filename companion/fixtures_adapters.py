"""python companion/fixtures_adapters.py [--out test/fixtures/adapters]: LoRA adapters that use PEFT's settings, with PEFT's logits.

Each folder is an adapter as PEFT saves it, for the base of a parity fixture (companion/fixtures.py), and `reference.safetensors`:
`logits [row][vocab]`, the next token's after each of the fixture's prompts, from the folder as PEFT itself loads it.
Takes torch, transformers and peft, of the versions in companion/requirements-genai.txt; the same bytes for the same versions.
"""

import argparse
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that the file runs by itself, too
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file

from companion.fixtures_models import PROMPTS, SEED, make_model

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
ATTENTION, MLP = ["q_proj", "k_proj", "v_proj", "o_proj"], ["gate_proj", "up_proj", "down_proj"]


@dataclass(frozen=True)
class Case:
    """`fixture`: whose graph it is attached to; `zero`: B stays 0, as before training; `prefix`: where a vision-language model has
    its text layers; `extra`: modules of its encoder that are adapted, too."""

    family: str
    fixture: str
    settings: dict
    dtype: torch.dtype = torch.float32
    prefix: str | None = None
    zero: bool = False
    extra: tuple[str, ...] = ()


CASES = {
    "rslora-regex": Case("llama", "llama-genai", {"r": 4, "lora_alpha": 3, "use_rslora": True, "target_modules": r".*\.(self_attn\.[qkvo]|mlp\.(?P<part>up|down))_proj"}),
    "ranks-bf16": Case(
        "qwen2",
        "qwen2-genai",
        {
            "r": 3,
            "lora_alpha": 6,
            "target_modules": ATTENTION + MLP,
            # The first key that matches counts, in the order of the file, which PEFT sorts: written sorted here, or it would read another one.
            "rank_pattern": {"[kv]_proj": 1, r"^model\.layers\.0\..*": 2, "down_proj": 4, "layers.1.mlp.gate_proj": 5},
            "alpha_pattern": {r"layers\.[12]\.self_attn\.q_proj": 1, "o_proj": 9},
        },
        torch.bfloat16,
    ),
    "layers-fp16": Case(
        "gemma2", "gemma2-optimum", {"r": 2, "lora_alpha": 4, "target_modules": ["q_proj", "v_proj", "mlp.up_proj"], "layers_to_transform": [0, 2], "layers_pattern": "layers"}, torch.float16
    ),
    "fused-all-linear": Case("phi3", "phi3-genai", {"r": 3, "lora_alpha": 6, "use_rslora": True, "target_modules": "all-linear", "rank_pattern": {"qkv_proj": 2}}),
    "excluded": Case("smollm", "smollm-genai", {"r": 2, "lora_alpha": 2, "target_modules": ATTENTION + MLP, "exclude_modules": ["model.layers.1.mlp.down_proj", "k_proj"]}),
    "vision-prefix": Case(
        "ministral3", "ministral3-split", {"r": 2, "lora_alpha": 4, "target_modules": ATTENTION}, prefix="model.language_model.", extra=("model.vision_tower.transformer.layers.0.attention.q_proj",)
    ),
    "zero": Case("llama", "llama-genai", {"r": 2, "lora_alpha": 4, "target_modules": ATTENTION}, zero=True),
}


def make_adapter(case: Case, folder: Path) -> None:
    """Random A and B (or B = 0) on every targeted module, saved by PEFT and cast to the case's type."""
    model = get_peft_model(make_model(case.family), LoraConfig(task_type="CAUSAL_LM", **case.settings), autocast_adapter_dtype=False)
    generator = torch.Generator().manual_seed(SEED + 3)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            if "lora_" in name:
                weight.copy_(0.5 * torch.randn(weight.shape, generator=generator) / weight.shape[1] ** 0.5)
                if case.zero and "lora_B" in name:
                    weight.zero_()
    model.peft_config["default"].base_model_name_or_path = f"azimuth/{case.family}"
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / CONFIG).read_text())
    for key in ("target_modules", "exclude_modules"):
        if isinstance(config[key], list):
            config[key].sort()  # PEFT keeps a set, whose order changes from run to run
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n")
    tensors = {name: value.to(case.dtype) for name, value in load_file(folder / WEIGHTS).items()}
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


@torch.no_grad()
def peft_logits(case: Case, folder: Path) -> torch.Tensor:
    model = PeftModel.from_pretrained(make_model(case.family), folder).eval()
    return torch.stack([model(input_ids=torch.tensor([prompt]), use_cache=False).logits[0, -1] for prompt in PROMPTS])


def wrap(case: Case, folder: Path) -> None:
    """Renames the tensors as a vision-language model has them, and adds pairs of its encoder."""
    tensors = {name.replace("model.layers.", f"{case.prefix}layers."): value for name, value in load_file(folder / WEIGHTS).items()}
    for path in case.extra:
        tensors[f"base_model.model.{path}.lora_A.weight"] = torch.ones(2, 8)
        tensors[f"base_model.model.{path}.lora_B.weight"] = torch.ones(8, 2)
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


def make_case(case: Case, folder: Path) -> torch.Tensor:
    """Writes one folder; gives PEFT's logits."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    make_adapter(case, folder)
    logits = peft_logits(case, folder)
    if case.prefix:
        wrap(case, folder)
    save_file({"logits": logits.contiguous()}, folder / "reference.safetensors", metadata={"fixture": case.fixture})
    return logits


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("test/fixtures/adapters"))
    out = parser.parse_args().out
    for name, case in CASES.items():
        logits = make_case(case, out / name)
        with torch.no_grad():
            base = torch.stack([make_model(case.family)(input_ids=torch.tensor([prompt])).logits[0, -1] for prompt in PROMPTS])
        size = sum(file.stat().st_size for file in (out / name).iterdir()) / 1024
        print(f"{name:18} for {case.fixture:18} {size:6.0f} KB, moves the logits by up to {float((logits - base).abs().max()):.3g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
