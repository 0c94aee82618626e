"""python companion/fixtures_half.py: half-precision conversions of the parity fixtures, as hub repositories have them.

ONNX Runtime's float16 converter makes each of a committed fp32 or q4 graph, in three ways: `keep_io_types` true (fp32 inputs, outputs
and caches around a half-precision body: what transformers.js's own conversion script asks for), false, and a list, which also leaves
one block in fp32, so that the residual stream changes its type on the way. Written to `test/fixtures/half`, without weights: a large
tensor says in `external_data` that it is the base's of that name, as it is or rounded to half. Needs onnx, onnxruntime and sympy.
"""

import gzip
import json
import logging
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnxruntime.transformers.float16 import convert_float_to_float16
from safetensors.numpy import load_file

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that the file runs by itself, too
from companion.fixtures_check import Graph

FIXTURES, OUT = Path("test/fixtures"), Path("test/fixtures/half")
BASES = ("fp32", "q4")
MODES = ("true", "false", "list")
LARGE = 64  # bytes from which a tensor is left out
FP32_BLOCK = 1  # of mode `list`


def convert(base: Path, mode: str) -> onnx.ModelProto:
    """`list` keeps the logits, the first block's keys, the second's new values, and all nodes of one block."""
    graph = onnx.load(base)
    if mode != "list":
        return convert_float_to_float16(graph, keep_io_types=mode == "true")
    block = [node.name for node in graph.graph.node if re.search(rf"layers?\.{FP32_BLOCK}/", node.name)]
    kept = ["logits", "past_key_values.0.key", "present.1.value"]
    return convert_float_to_float16(graph, keep_io_types=kept, node_block_list=block)


def leave_out_weights(graph: onnx.ModelProto, base: onnx.ModelProto) -> None:
    """Replaces the bytes of large tensors by a note of where they come from; each must be found there."""
    own = {tensor.name: numpy_helper.to_array(tensor) for tensor in base.graph.initializer}
    for tensor in graph.graph.initializer:
        value = numpy_helper.to_array(tensor)
        source = own.get(tensor.name)
        if value.nbytes < LARGE or source is None:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            same = {"as-is": source, "half": source.astype(np.float16)}
        kind = next((k for k, v in same.items() if v.dtype == value.dtype and np.array_equal(v, value)), None)
        if kind is None:
            continue
        tensor.ClearField("raw_data")
        tensor.ClearField("float_data")
        tensor.ClearField("int32_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=kind)


def convert_fixture(name: str, dtype: str, mode: str) -> dict | None:
    """Writes one graph; gives what the tests need of it, or None where the converter makes a graph that does not run by itself."""
    folder = FIXTURES / name
    reference = json.loads((folder / "reference.json").read_text())
    config = json.loads((folder / "config.json").read_text())
    config |= config.get("text_config", {})
    base = folder / reference["files"][dtype]["file"]
    graph = convert(base, mode)
    scratch = folder / "onnx" / f"{name}.scratch.onnx"
    onnx.save_model(graph, scratch)
    try:
        head_dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
        embedding = folder / reference["embedding"] if reference["embedding"] else None
        got = Graph(scratch, embedding, config["num_key_value_heads"], head_dim).logits(reference["prompts"])
    except Exception as problem:
        print(f"{name:18} {dtype} {mode:6} does not run by itself: {str(problem).splitlines()[0][:150]}", flush=True)
        return None
    finally:
        scratch.unlink()
    error = float(f"{np.abs(got - load_file(folder / 'reference.safetensors')['logits']).max():.2g}")
    leave_out_weights(graph, onnx.load(base))
    file = f"{name}.{dtype}.{mode}.onnx.gz"
    (OUT / file).write_bytes(gzip.compress(graph.SerializeToString(deterministic=True), 9, mtime=0))
    print(f"{name:18} {dtype} {mode:6} {(OUT / file).stat().st_size / 1024:5.1f} KB  {error}", flush=True)
    return {"fixture": name, "base": dtype, "mode": mode, "file": file, "untouched_logit_error": error}


def main() -> None:
    logging.disable(logging.WARNING)
    OUT.mkdir(exist_ok=True)
    names = sorted(folder.parent.name for folder in FIXTURES.glob("*/reference.json"))
    made = []
    for name in names:
        files = json.loads((FIXTURES / name / "reference.json").read_text())["files"]
        made += [convert_fixture(name, dtype, mode) for dtype in BASES if dtype in files for mode in MODES]
    lines = ",\n".join(json.dumps(one) for one in made if one)
    (OUT / "index.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
