"""Gives an exported decoder what its measurement needs: LoRA inputs as the lab's engine names them, and a hand on the final layer.

lora.scale [1], lora.<l>.<module>.A [in, r], .B [r, out]    y' = y + scale (x A) B, un-merged, also beside four-bit weights
steer.final [B, 1, width]                                   added to the residual stream after the last layer
final [B, S, width]                                         that stream, before the final norm
"""

import re

import onnx
from onnx import TensorProto, helper

LINEAR = re.compile(r"^/model/layers\.(\d+)/(?:attn|mlp)/(qkv|o|gate|up|down)_proj/MatMul(?:_Q\d)?$")
FINAL = re.compile(r"^/model/layers\.\d+/final_norm_layernorm/SkipLayerNorm$")
FLOAT = TensorProto.FLOAT


def instrument(model: onnx.ModelProto) -> onnx.ModelProto:
    """Changes a float32 graph of `decoder_graph` in place."""
    graph = model.graph
    nodes: list[onnx.NodeProto] = []
    _input(graph, "lora.scale", [1])
    for node in graph.node:
        if found := LINEAR.match(node.name):
            modules = ["q_proj", "k_proj", "v_proj"] if found[2] == "qkv" else [f"{found[2]}_proj"]
            nodes += _adapted(graph, node, [f"lora.{found[1]}.{module}" for module in modules])
        elif FINAL.match(node.name):
            nodes += _steered(graph, node)
        else:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def _adapted(graph: onnx.GraphProto, node: onnx.NodeProto, keys: list[str]) -> list[onnx.NodeProto]:
    """The linear layer under another name, its adapters side by side, and their sum under the old name."""
    nodes, output = [node], node.output[0]
    for key in keys:
        _input(graph, f"{key}.A", [f"{key}.in", f"{key}.rank"])
        _input(graph, f"{key}.B", [f"{key}.rank", f"{key}.out"])
        nodes.append(helper.make_node("MatMul", [node.input[0], f"{key}.A"], [f"{key}.down"]))
        nodes.append(helper.make_node("Mul", [f"{key}.down", "lora.scale"], [f"{key}.scaled"]))
        nodes.append(helper.make_node("MatMul", [f"{key}.scaled", f"{key}.B"], [f"{key}.delta"]))
    node.output[0] = f"{output}/unadapted"
    nodes.append(helper.make_node("Concat", [f"{key}.delta" for key in keys], [f"{output}/delta"], axis=-1))
    nodes.append(helper.make_node("Add", [node.output[0], f"{output}/delta"], [output]))
    return nodes


def _steered(graph: onnx.GraphProto, node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """The final norm adds the last layer's delta to the stream: steering joins the delta, and the sum gets a name."""
    _input(graph, "steer.final", ["batch_size", 1, "width"])
    graph.output.append(helper.make_tensor_value_info("final", FLOAT, ["batch_size", "sequence_length", "width"]))
    add = helper.make_node("Add", [node.input[1], "steer.final"], ["steer.final.delta"])
    node.input[1] = "steer.final.delta"
    del node.output[1:]
    node.output.extend(["", "", "final"])
    return [add, node]


def _input(graph: onnx.GraphProto, name: str, shape: list[int | str]) -> None:
    graph.input.append(helper.make_tensor_value_info(name, FLOAT, shape))
