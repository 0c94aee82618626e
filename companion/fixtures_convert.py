"""python companion/fixtures_convert.py: the other dtypes of *-optimum fixtures, made of their fp32 graphs as hub conversions are.

q4 and q4f16 have MatMulNBits, q8 DynamicQuantizeLinear and MatMulInteger, fp16 and q4f16 half-precision activations.
Needs onnx, onnxruntime, numpy and safetensors; writes the graphs and their errors against the fp32 model into each fixture.
"""

import json
import logging
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.transformers.float16 import convert_float_to_float16
from safetensors.numpy import load_file

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that the file runs by itself, too
from companion.fixtures_check import Graph
from companion.fixtures_make import write_json

FIXTURES = {"llama-optimum": ("q4", "q8", "fp16", "q4f16"), "gemma2-optimum": ("q4", "q8")}
FILES = {"q4": "model_q4", "q8": "model_quantized", "fp16": "model_fp16", "q4f16": "model_q4f16"}
BLOCK = 32


def convert(path: Path, dtype: str) -> onnx.ModelProto:
    if dtype == "q8":
        return _integers(path)
    graph = onnx.load(path)
    if dtype.startswith("q4"):
        quantizer = MatMulNBitsQuantizer(graph, block_size=BLOCK, is_symmetric=True)
        quantizer.process()
        graph = quantizer.model.model
    return convert_float_to_float16(graph, keep_io_types=["logits"]) if dtype.endswith("f16") or dtype == "fp16" else graph


def _integers(path: Path) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "model.onnx"
        logging.disable(logging.INFO)
        quantize_dynamic(path, out, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"])
        return onnx.load(out)


def convert_fixture(folder: Path, dtypes: tuple[str, ...]) -> None:
    reference = json.loads((folder / "reference.json").read_text())
    config = json.loads((folder / "config.json").read_text())
    logits = load_file(folder / "reference.safetensors")["logits"]
    head_dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    for dtype in dtypes:
        file = folder / "onnx" / f"{FILES[dtype]}.onnx"
        onnx.save_model(convert(folder / reference["files"]["fp32"]["file"], dtype), file)
        got = Graph(file, None, config["num_key_value_heads"], head_dim).logits(reference["prompts"])
        error = float(f"{np.abs(got - logits).max():.2g}")
        reference["files"][dtype] = {"file": f"onnx/{file.name}", "untouched_logit_error": error}
        print(f"{folder.name:18} {dtype:6} {file.stat().st_size / 1024:6.0f} KB  {error}", flush=True)
    write_json(folder / "reference.json", reference)


if __name__ == "__main__":
    for name, dtypes in FIXTURES.items():
        convert_fixture(Path("test/fixtures") / name, dtypes)
