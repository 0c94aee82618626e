"""python companion/lens.py: PyTorch's logit lens of a few vectors, which the tests of the lens compare with.

For each family of the parity fixtures the output of the last block is replaced by a vector, so that the model's own
final norm, unembedding and soft cap make the logits. Writes test/fixtures/lens.json. Needs requirements-genai.txt.
"""

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # so that the file runs by itself, too
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from safetensors.torch import load_file

from companion.fixtures_models import FAMILIES, PROMPTS, make_model
from companion.fixtures_reference import blocks

LENGTH = 100.0  # of a bare direction: long enough that the norm's epsilon does not count
OUT = ROOT / "test" / "fixtures" / "lens.json"


@torch.no_grad()
def lens(model, vector: torch.Tensor) -> torch.Tensor:
    """Logits `[vocab]` where the stream after the last block is `vector`."""

    def replace(_module, _inputs, output):
        hidden = output[0] if isinstance(output, tuple) else output
        changed = vector.expand_as(hidden)
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    handle = blocks(model)[-1].register_forward_hook(replace)
    try:
        return model(input_ids=torch.tensor([[1]]), use_cache=False).logits[0, -1]
    finally:
        handle.remove()


def main() -> None:
    found = {}
    for family in FAMILIES:
        model = make_model(family)
        tensors = load_file(ROOT / "test" / "fixtures" / f"{family}-genai" / "reference.safetensors")
        vectors = {name: LENGTH * tensors[f"direction.{name}"] for name in ("v", "d")}
        vectors["hidden.0"] = tensors["hidden"][0, 0, len(PROMPTS[0]) - 1]
        found[family] = {name: [round(x, 5) for x in lens(model, vector).tolist()] for name, vector in vectors.items()}
    lines = [f'"{family}": {json.dumps(logits, separators=(",", ":"))}' for family, logits in found.items()]
    OUT.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{OUT.relative_to(ROOT)}: {', '.join(found)}")


if __name__ == "__main__":
    main()
