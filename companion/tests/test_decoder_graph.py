"""The graphs written here without PyTorch are, node for node, those of onnxruntime-genai's builder (the committed fixtures)."""

import json
import sys
from pathlib import Path

import onnx
import pytest
from onnx import helper, numpy_helper

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from companion.graph.decoder_graph import write_decoder  # noqa: E402
from companion.graph.weights import RandomWeights  # noqa: E402

FIXTURES = ROOT / "test" / "fixtures"
CASES = [
    ("llama-genai", "model.onnx", "fp32", False),
    ("llama-genai", "model_fp16.onnx", "fp16", False),
    ("llama-genai", "model_q4.onnx", "q4", False),
    ("llama-genai", "model_q4f16.onnx", "q4f16", False),
    ("llama-genai", "model_quantized.onnx", "q8", False),
    ("smollm-genai", "model.onnx", "fp32", False),
    ("qwen2-genai", "model.onnx", "fp32", False),
    ("gemma2-genai", "model.onnx", "fp32", False),
    ("ministral3-genai", "model.onnx", "fp32", False),
    ("ministral3-split", "decoder_model_merged.onnx", "fp32", True),
]


def described(model: onnx.ModelProto) -> dict:
    """Nodes, inputs, outputs and weights of a graph, without the weights' values."""

    def attribute(one: onnx.AttributeProto):
        value = helper.get_attribute_value(one)
        return numpy_helper.to_array(value).tolist() if isinstance(value, onnx.TensorProto) else value

    def node(one: onnx.NodeProto):
        return one.domain, one.op_type, list(one.input), list(one.output), {a.name: attribute(a) for a in one.attribute}

    def value(one: onnx.ValueInfoProto):
        shape = [d.dim_param or d.dim_value for d in one.type.tensor_type.shape.dim]
        return one.name, one.type.tensor_type.elem_type, shape

    return {
        "nodes": {one.name: node(one) for one in model.graph.node},
        "inputs": [value(one) for one in model.graph.input],
        "outputs": [value(one) for one in model.graph.output],
        "weights": {one.name: (one.data_type, list(one.dims)) for one in model.graph.initializer},
    }


@pytest.mark.parametrize("name, file, dtype, split", CASES)
def test_same_graph_as_the_builder(name: str, file: str, dtype: str, split: bool, tmp_path: Path):
    config = json.loads((FIXTURES / name / "config.json").read_text())
    config = config.get("text_config", config)
    write_decoder(tmp_path / "model.onnx", config, RandomWeights(seed=0), dtype, split)
    ours = described(onnx.load(tmp_path / "model.onnx", load_external_data=False))
    theirs = described(onnx.load(FIXTURES / name / "onnx" / file, load_external_data=False))
    for part, value in theirs.items():
        assert ours[part] == value, part


@pytest.mark.parametrize("name", ["llama-genai", "smollm-genai", "ministral3-genai"])
def test_same_rope_tables_as_transformers(name: str):
    from companion.graph.rope import rope_tables

    config = json.loads((FIXTURES / name / "config.json").read_text())
    weights = {t.name: t for t in onnx.load(FIXTURES / name / "onnx" / "model.onnx").graph.initializer}
    for table, values in zip(("cos_cache", "sin_cache"), rope_tables(config)):
        assert abs(values - numpy_helper.to_array(weights[table])).max() < 1e-5
