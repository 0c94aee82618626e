"""python companion/format_files.py: small files in every format, written by Python's own packages, for the tests to read.

Writes test/fixtures/formats/python. The control vector is made and applied by repeng itself, on the llama of the parity
fixtures, so that its numbers say which layer `direction.<n>` is. Needs requirements-genai.txt, gguf, pyarrow, and
`pip install --no-deps repeng==0.4.0` (it asks for an older NumPy than it needs).
"""

import json
import os
import pickle
import shutil
import sys
from collections import OrderedDict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # so that the file runs by itself, too
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
from safetensors.numpy import save_file

OUT = ROOT / "test" / "fixtures" / "formats" / "python"
PROMPTS = ROOT / "test" / "fixtures" / "prompts"
MODEL = {"id": "folder:tiny", "sha256": "5a" * 32, "dtype": "fp32", "adapter": None}
COEFFICIENT = 2.0


def eighths(*shape: int) -> np.ndarray:
    """Eighths from -2 on: the same number in every float type."""
    return (np.arange(np.prod(shape), dtype=np.float64) / 8 - 2).reshape(shape)


def write_arrays() -> None:
    for kind in ("f2", "f4", "f8"):
        for order, letter in (("c", "C"), ("fortran", "F")):
            for endian, sign in (("little", "<"), ("big", ">")):
                array = np.asarray(eighths(2, 3, 4), dtype=f"{sign}{kind}", order=letter)
                np.save(OUT / f"array-{kind}-{order}-{endian}.npy", array)
    for version in ((2, 0), (3, 0)):
        with open(OUT / f"version-{version[0]}.npy", "wb") as file:
            np.lib.format.write_array(file, eighths(2, 3, 4).astype(np.float32), version=version)
    np.save(OUT / "scalar.npy", np.float32(0.5))
    np.save(OUT / "integers.npy", np.arange(3))
    np.save(OUT / "records.npy", np.zeros(2, dtype=[("x", "<f4"), ("y", "<f4")]))
    np.save(OUT / "pickle.npy", np.array([{"a": 1}], dtype=object))


def write_hidden_states() -> None:
    metadata = {"format": "azimuth.hidden-states", "version": "1", "model": json.dumps(MODEL), "position": "last"}
    hidden = eighths(2, 3, 6).astype(np.float32)
    save_file({"hidden": hidden}, OUT / "hidden.safetensors", metadata)
    save_file({"hidden": hidden, "prompt": np.array([0, 0, 4])}, OUT / "hidden-prompt.safetensors", metadata)


def write_torch() -> None:
    """Vectors as people save them with PyTorch and pickle: alone, by layer, beside their layer, in views and other types."""
    import torch

    vector = torch.from_numpy(eighths(6).astype(np.float32))
    matrix = torch.from_numpy(eighths(6, 4).astype(np.float32))
    saved = {
        "vector": vector,
        "by-layer": {14: vector, 15: vector + 1},
        "beside-layer": {"layer": 14, "vector": vector.half(), "accuracy": np.float32(0.5), "dtype": torch.float16, "device": torch.device("cpu")},
        "parameter": torch.nn.Parameter(vector),
        "list": [vector.bfloat16(), vector.double(), vector],
        "transposed": matrix.t(),
        "slice": matrix[1:4, 2],
        "nested": {"vectors": OrderedDict({"model.layers.3.mlp_v2": vector}), "counts": torch.arange(3)},
    }
    for name, value in saved.items():
        torch.save(value, OUT / f"torch-{name}.pt")
    torch.save(saved["by-layer"], OUT / "torch-legacy.pt", _use_new_zipfile_serialization=False)
    for protocol in (2, 4, 5):
        (OUT / f"numpy-{protocol}.pkl").write_bytes(pickle.dumps({3: eighths(6)}, protocol))
    (OUT / "torch.pkl").write_bytes(pickle.dumps({3: vector}))
    np.savez(OUT / "plain.npz", layer_3=eighths(6).astype(np.float32), layer_14=eighths(6))
    np.savez_compressed(OUT / "stacked.npz", vectors=eighths(3, 6).astype(np.float32))


def write_parquet() -> None:
    """Prompt sets as the hub's dataset pages give them; needs pyarrow."""
    import pyarrow
    from pyarrow.parquet import write_table

    hello = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]
    why = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]
    chats = pyarrow.table({"id": [7, 8], "messages": [hello, why], "score": [0.5, 0.25]})
    for codec in ("snappy", "zstd", "gzip", "brotli", "lz4", "none"):
        write_table(chats, PROMPTS / f"chats-{codec}.parquet", compression=codec)
    alpaca = {"instruction": ["Name it.", "Say hi."], "input": ["A lemon.", ""], "output": ["Lemon.", "Hi."]}
    write_table(pyarrow.table(alpaca), PROMPTS / "alpaca.parquet")


def write_control_vector() -> None:
    """repeng's own file, and the logits that repeng's own model gives with it."""
    np.float_ = getattr(np, "float_", np.float64)  # repeng 0.4.0 names it in a type hint
    import torch
    from repeng import ControlModel, ControlVector

    from companion.fixtures_models import PROMPTS, make_model

    model = make_model("llama")
    layers, width = model.config.num_hidden_layers, model.config.hidden_size
    generator = np.random.default_rng(7)
    directions = {layer: generator.normal(size=width).astype(np.float32) for layer in range(1, layers)}
    vector = ControlVector(model_type="llama", directions=directions)
    vector.export_gguf(OUT / "repeng.gguf")
    controlled = ControlModel(model, list(directions))
    logits = {}
    with torch.no_grad():
        for name, coefficient in (("none", 0.0), ("steered", COEFFICIENT)):
            controlled.set_control(vector, coefficient)
            logits[name] = controlled(input_ids=torch.tensor([PROMPTS[0]])).logits[0, -1].double().tolist()
    lengths = {layer: float(np.linalg.norm(direction.astype(np.float64))) for layer, direction in directions.items()}
    facts = {"coefficient": COEFFICIENT, "lengths": lengths, "logits": {name: [round(x, 5) for x in row] for name, row in logits.items()}}
    (OUT / "repeng.json").write_text(json.dumps(facts) + "\n")


def main() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    write_arrays()
    write_torch()
    write_parquet()
    write_hidden_states()
    write_control_vector()
    print(f"{OUT.relative_to(ROOT)}: {', '.join(sorted(file.name for file in OUT.iterdir()))}")


if __name__ == "__main__":
    main()
