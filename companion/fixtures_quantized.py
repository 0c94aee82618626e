"""What a block-quantized graph computes exactly: PyTorch with the graph's own, decoded weights.

With `accuracy_level` 0 (activations not quantized) such a graph must agree with it as an fp32 graph does with its model.
"""

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from companion.fixtures_models import make_model


def exact(graph: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of the graph whose MatMulNBits do not quantize their activations."""
    copy = onnx.ModelProto()
    copy.CopyFrom(graph)
    for node in copy.graph.node:
        for attribute in node.attribute:
            if attribute.name == "accuracy_level":
                attribute.i = 0
    return copy


def dequantized_model(graph: onnx.ModelProto, family: str) -> torch.nn.Module:
    """The family's model with the weights of a genai graph of 4 or 8 bits."""
    model = make_model(family)
    tensors = {t.name: numpy_helper.to_array(t) for t in graph.graph.initializer}
    with torch.no_grad():
        for node in graph.graph.node:
            if node.op_type == "MatMulNBits":
                _load(model, node.name, _decode(node, tensors))
        if "model.embed_tokens.weight" in tensors:  # 8 bits: the embedding is not quantized, the head is
            model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.clone())
            model.model.embed_tokens.weight.copy_(torch.from_numpy(tensors["model.embed_tokens.weight"].copy()))
    return model


def _decode(node: onnx.NodeProto, tensors: dict[str, np.ndarray]) -> torch.Tensor:
    """Weights `[out, in]` of a symmetric MatMulNBits."""
    shape = {a.name: a.i for a in node.attribute}
    codes, scales = (tensors[name] for name in node.input[1:3])
    if shape["bits"] == 4:
        codes = np.stack([codes & 15, codes >> 4], -1).reshape(*codes.shape[:-1], -1)
    levels = codes.astype(np.float32) - (1 << shape["bits"] - 1)
    return torch.from_numpy((levels * scales.reshape(*codes.shape[:-1], 1)).reshape(shape["N"], shape["K"]))


def _load(model, node_name: str, weight: torch.Tensor) -> None:
    """Puts one matrix of the graph where the model has it; `qkv_proj` holds three."""
    parts = node_name.strip("/").split("/")
    if parts[0] == "lm_head":
        model.lm_head.weight.copy_(weight)
        return
    block = model.model.layers[int(parts[1].removeprefix("layers."))]
    if parts[3] == "qkv_proj":
        modules = [block.self_attn.q_proj, block.self_attn.k_proj, block.self_attn.v_proj]
        for module, rows in zip(modules, weight.split([m.out_features for m in modules])):
            module.weight.copy_(rows)
    else:
        getattr(block.self_attn if parts[2] == "attn" else block.mlp, parts[3]).weight.copy_(weight)
