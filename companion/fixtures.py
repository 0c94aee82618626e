"""python companion/fixtures.py [--only NAME ...] [--out test/fixtures]: the parity fixtures of the tests.

Each is a tiny random model of a real family in the layout of a hub repository, with reference values from PyTorch:
`reference.json` says what was done, `reference.safetensors` holds the tensors, `adapter/` a LoRA adapter.
The two exporters need different versions of transformers, so it takes two environments (Python 3.11 or newer):

    pip install -r companion/requirements-genai.txt      # makes the *-genai fixtures and ministral3-split
    pip install -r companion/requirements-optimum.txt    # makes the *-optimum fixtures and mistral-split

What the running environment cannot make is left as it is. Exit code 1 if a graph is off by more than the tolerance.
"""

import argparse
import os
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that the file runs by itself, too
os.environ["HF_HUB_OFFLINE"] = "1"

from companion.fixtures_families import GENAI  # noqa: E402

FIXTURES = {  # name: (family, layout, settings); several dtypes share a folder and its fp32 reference, as on the hub
    "llama-genai": ("llama", "genai", {"external": True, "dtypes": ("fp32", "fp16", "q4", "q4f16", "q8")}),
    "qwen2-genai": ("qwen2", "genai", {}),
    "gemma2-genai": ("gemma2", "genai", {}),
    "ministral3-genai": ("ministral3", "genai", {}),
    "ministral3-split": ("ministral3", "split-genai", {"external": True}),
    "smollm-genai": ("smollm", "genai", {}),
    "mistral-genai": ("mistral", "genai", {}),
    "qwen3-genai": ("qwen3", "genai", {}),
    "gemma3-genai": ("gemma3", "genai", {}),
    "phi3-genai": ("phi3", "genai", {}),
    "llama-optimum": ("llama", "optimum", {}),
    "qwen2-optimum": ("qwen2", "optimum", {"external": True}),
    "gemma2-optimum": ("gemma2", "optimum", {}),
    "mistral-optimum": ("mistral", "optimum", {}),
    "mistral-split": ("mistral", "split-optimum", {}),
    "qwen3-optimum": ("qwen3", "optimum", {}),
    "gemma3-optimum": ("gemma3", "optimum", {}),
    "phi3-optimum": ("phi3", "optimum", {}),
}
OPTIMUM = ("gpt_neox", "gpt_neox-sequential", "phi", "gptj", "codegen", "falcon", "cohere", "stablelm-parallel", "gpt2", "gpt_neo", "gpt_bigcode", "opt", "bloom")
OPTIMUM += ("olmo2", "nemotron", "granite", "smollm3", "deepseek_v3", "qwen3_moe")
PLAIN, MERGED = ("gpt2", "gpt_neo", "gpt_bigcode", "opt", "gpt_neox"), ("gpt2", "opt", "gpt_neox")
DYNAMO = ("gpt_neox", "opt", "llama-small")
FIXTURES |= {f"{family}-{layout}": (family, layout, {}) for layout, families in (("optimum", OPTIMUM), ("plain-optimum", PLAIN), ("merged-optimum", MERGED), ("dynamo", DYNAMO), ("genai", [f"{family}-wide" for family in GENAI])) for family in families}
PACKAGES = {"genai": "onnxruntime_genai", "optimum": "optimum", "dynamo": "optimum"}


def makeable(name: str) -> bool:
    exporter = FIXTURES[name][1].split("-")[-1]
    return find_spec(PACKAGES[exporter]) is not None


def replace_folder(made: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(made, target)
    for file in target.rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)


def make_one(name: str, out: Path) -> bool:
    """Makes one fixture and prints its lines of the table; False if it is off."""
    from companion.fixtures_make import TOLERANCE, Fixture, make

    family, layout, settings = FIXTURES[name]
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / name
        try:
            files = make(name, Fixture(family, layout, **settings), made)
        except Exception as problem:  # whatever an exporter or a runtime stops with
            print(f"{name:18} not made: {type(problem).__name__}: {str(problem).strip().splitlines()[0]}", flush=True)
            return False
        size = sum(file.stat().st_size for file in made.rglob("*") if file.is_file()) / 1024
        replace_folder(made, out / name)
    good = True
    for dtype, facts in files.items():
        exact = facts.get("exact_logit_error", facts["untouched_logit_error"] if dtype == "fp32" else None)
        off = exact is not None and exact > TOLERANCE
        good &= not off
        print(f"{name:18} {dtype:6} {size:6.0f}  {facts['untouched_logit_error']:<9} {exact or '':<9}{'  OFF' if off else ''}", flush=True)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=FIXTURES, default=list(FIXTURES), metavar="NAME")
    parser.add_argument("--out", type=Path, default=Path("test/fixtures"))
    arguments = parser.parse_args()
    names = [name for name in arguments.only if makeable(name)]
    if not names:
        print("neither onnxruntime-genai nor optimum-onnx is installed: see companion/requirements-*.txt", file=sys.stderr)
        return 1
    print("largest error of the untouched graph's logits: against the fp32 model, and (no activation quantized) against its own weights")
    print(f"{'fixture':18} {'dtype':6} {'KB':>6}  {'fp32':9} own", flush=True)
    return 0 if all([make_one(name, arguments.out) for name in names]) else 1


if __name__ == "__main__":
    sys.exit(main())
