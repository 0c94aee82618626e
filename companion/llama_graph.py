"""Writes a Llama-type decoder as ONNX, node for node as onnxruntime-genai's model builder does (0.18, `-e webgpu`), without PyTorch.

The builder needs PyTorch, whose Linux wheels weigh gigabytes; the models of the tests should not.
"""

from pathlib import Path
from typing import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper

from companion.blockwise import BLOCK, quantize

ALIGN = 64
KINDS = {"fp32": (np.float32, 0), "fp16": (np.float16, 0), "q4": (np.float32, 4), "q4f16": (np.float16, 4), "q8": (np.float32, 8)}
"""dtype -> (type of activations and cache, bits of the linear weights; 0 = not quantized)"""


class ExternalData:
    """A `_data` file being written: hands out initializers that point into it."""

    def __init__(self, path: Path, location: str):
        self._file = open(path, "wb")
        self._location = location

    def tensor(self, name: str, array: np.ndarray) -> TensorProto:
        array = np.ascontiguousarray(array)
        self._file.write(b"\0" * (-self._file.tell() % ALIGN))
        tensor = TensorProto(name=name, dims=array.shape, data_type=helper.np_dtype_to_tensor_dtype(array.dtype))
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", self._location), ("offset", self._file.tell()), ("length", array.nbytes)):
            tensor.external_data.add(key=key, value=str(value))
        self._file.write(array.data)
        return tensor

    def close(self) -> None:
        self._file.close()


class LlamaGraph:
    """The graph as it grows. `weight(name)` gives a float32 tensor by its Hugging Face name."""

    def __init__(self, config: dict, weight: Callable[[str], np.ndarray], dtype: str, data: ExternalData):
        self.config, self.weight, self.data = config, weight, data
        self.type, self.bits = KINDS[dtype]
        self.onnx_type = helper.np_dtype_to_tensor_dtype(np.dtype(self.type))
        self.heads, self.kv_heads, self.head_dim = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]
        self.epsilon = {"epsilon": config["rms_norm_eps"]}
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[TensorProto] = []

    def node(self, op: str, inputs: list[str], outputs: list[str], name: str, domain: str = "", **attributes) -> str:
        self.nodes.append(helper.make_node(op, inputs, outputs, name, domain=domain, **attributes))
        return outputs[0]

    def op(self, op: str, name: str, *inputs: str, **attributes) -> str:
        return self.node(op, list(inputs), [f"{name}/output_0"], name, **attributes)

    def constant(self, value: int | list[int]) -> str:
        name = f"INT64/{value}"
        array = np.array(value, np.int64)
        tensor = helper.make_tensor("", TensorProto.INT64, array.shape, array.flatten())
        return self.node("Constant", [], [f"/model/constants/{name}"], f"/model/constant_nodes/{name}", value=tensor)

    def init(self, name: str, array: np.ndarray) -> str:
        self.initializers.append(self.data.tensor(name, array))
        return name

    def floats(self, name: str, array: np.ndarray) -> str:
        return self.init(name, array.astype(self.type))

    def linear(self, name: str, x: str, weight: np.ndarray, output: str | None = None) -> str:
        """y = x W^T with W `[out, in]`; 4 and 8 bits as MatMulNBits."""
        output = output or f"/{name}/MatMul/output_0"
        key = "model." + name.removeprefix("model/").replace("/", ".") if name != "lm_head" else "lm_head"
        if not self.bits:
            return self.node("MatMul", [x, self.floats(f"{key}.MatMul.weight", weight.T)], [output], f"/{name}/MatMul")
        codes, scales = quantize(weight, self.bits)
        inputs = [x, self.init(f"{key}.MatMul.weight_Q{self.bits}", codes), self.floats(f"{key}.MatMul.weight_scales", scales)]
        shape = {"K": weight.shape[1], "N": weight.shape[0], "bits": self.bits, "block_size": BLOCK, "accuracy_level": 4}
        return self.node("MatMulNBits", inputs, [output], f"/{name}/MatMul_Q{self.bits}", "com.microsoft", **shape)

    def sequence_lengths(self) -> tuple[str, str]:
        """From the attention mask: last position of each row, and the longest length. Rows are padded on the right."""
        at = "/model/attn_mask_reformat/attn_mask_subgraph"
        total = self.op("ReduceSum", f"{at}/ReduceSum", "attention_mask", self.constant([1]), keepdims=0)
        last = self.op("Sub", f"{at}/Sub", total, "/model/constants/INT64/[1]")
        last = self.op("Cast", f"{at}/Sub/Cast", last, to=TensorProto.INT32)
        shape = self.op("Shape", f"{at}/Shape", "attention_mask")
        longest = self.op("Gather", f"{at}/Gather", shape, self.constant(1), axis=0)
        return last, self.op("Cast", f"{at}/Gather/Cast", longest, to=TensorProto.INT32)

    def embedding(self) -> str:
        """The token embedding, which shares its bytes with the language-model head (not at 8 bits, as the builder has it)."""
        vocab, width = self.config["vocab_size"], self.config["hidden_size"]
        if self.bits == 4:
            codes = self.op("Reshape", "/model/embed_tokens/Reshape", "lm_head.MatMul.weight_Q4", self.constant([vocab, width // 2]))
            inputs = [codes, "input_ids", "lm_head.MatMul.weight_scales"]
            name = "/model/embed_tokens/GatherBlockQuantized"
            return self.node("GatherBlockQuantized", inputs, [f"{name}/output_0"], name, "com.microsoft", bits=4, block_size=BLOCK, gather_axis=0, quantize_axis=1)
        if self.bits == 8:
            table = self.floats("model.embed_tokens.weight", self.weight("model.embed_tokens.weight"))
        else:
            table = self.op("Transpose", "/model/embed_tokens/Transpose", "lm_head.MatMul.weight", perm=[1, 0])
        return self.op("Gather", "/model/embed_tokens/Gather", table, "input_ids")

    def rope_tables(self) -> None:
        """`cos_cache`, `sin_cache`: `[positions, head_dim / 2]`."""
        exponents = np.arange(0, self.head_dim, 2, dtype=np.float32) / np.float32(self.head_dim)
        frequencies = 1 / np.float32(self.config["rope_theta"]) ** exponents
        angles = np.outer(np.arange(self.config["max_position_embeddings"], dtype=np.float32), frequencies)
        self.floats("cos_cache", np.cos(angles))
        self.floats("sin_cache", np.sin(angles))

    def norm(self, name: str, residual: str, delta: str, weight: str, last: bool = False) -> tuple[str, str]:
        """Adds `delta` to the residual stream and norms the sum: (normed, sum). The final norm does not name the sum."""
        outputs = [f"{name}/output_0"] + ([] if last else ["", "", f"{name}/output_3"])
        inputs = [residual, delta, self.floats(f"{name[1:].replace('/', '.')}.weight", self.weight(weight))]
        self.node("SkipSimplifiedLayerNormalization", inputs, outputs, f"{name}/SkipLayerNorm", "com.microsoft", **self.epsilon)
        return outputs[0], outputs[-1]

    def attention(self, layer: int, x: str, last: str, longest: str) -> str:
        hub, name = f"model.layers.{layer}.self_attn", f"model/layers.{layer}/attn"
        qkv = np.concatenate([self.weight(f"{hub}.{m}_proj.weight") for m in "qkv"])
        qkv_out = self.linear(f"{name}/qkv_proj", x, qkv)
        cache = [f"past_key_values.{layer}.key", f"past_key_values.{layer}.value"]
        inputs = [qkv_out, "", "", *cache, last, longest, "cos_cache", "sin_cache", "", "", ""]
        outputs = [f"/{name}/GroupQueryAttention/output_0", f"present.{layer}.key", f"present.{layer}.value"]
        settings = {"num_heads": self.heads, "kv_num_heads": self.kv_heads, "scale": self.head_dim**-0.5, "local_window_size": -1}
        settings |= {"softcap": 0.0, "do_rotary": 1, "rotary_interleaved": 0}
        self.node("GroupQueryAttention", inputs, outputs, f"/{name}/GroupQueryAttention", "com.microsoft", **settings)
        return self.linear(f"{name}/o_proj", outputs[0], self.weight(f"{hub}.o_proj.weight"))

    def mlp(self, layer: int, x: str) -> str:
        hub, name = f"model.layers.{layer}.mlp", f"model/layers.{layer}/mlp"
        gate = self.linear(f"{name}/gate_proj", x, self.weight(f"{hub}.gate_proj.weight"))
        up = self.linear(f"{name}/up_proj", x, self.weight(f"{hub}.up_proj.weight"))
        act = self.op("Mul", f"/{name}/act_fn/Mul", gate, self.op("Sigmoid", f"/{name}/act_fn/Sigmoid", gate))
        return self.linear(f"{name}/down_proj", self.op("Mul", f"/{name}/Mul", act, up), self.weight(f"{hub}.down_proj.weight"))

    def build(self) -> onnx.ModelProto:
        layers = self.config["num_hidden_layers"]
        last, longest = self.sequence_lengths()
        residual = self.embedding()
        self.rope_tables()
        first = self.floats("model.layers.0.input_layernorm.weight", self.weight("model.layers.0.input_layernorm.weight"))
        name = "/model/layers.0/input_layernorm"
        x = self.node("SimplifiedLayerNormalization", [residual, first], [f"{name}/output_0"], f"{name}/LayerNorm", axis=-1, stash_type=1, **self.epsilon)
        for layer in range(layers):
            delta = self.attention(layer, x, last, longest)
            after = f"layers.{layer}.post_attention_layernorm"
            x, residual = self.norm(f"/model/layers.{layer}/post_attention_layernorm", residual, delta, f"model.{after}.weight")
            delta = self.mlp(layer, x)
            if layer + 1 < layers:
                x, residual = self.norm(f"/model/layers.{layer + 1}/input_layernorm", residual, delta, f"model.layers.{layer + 1}.input_layernorm.weight")
        x, _ = self.norm(f"/model/layers.{layers}/final_norm_layernorm", residual, delta, "model.norm.weight", last=True)
        self.linear("lm_head", x, self.weight("model.embed_tokens.weight"), output="logits")
        return self.model()

    def model(self) -> onnx.ModelProto:
        cache = [(layer, side) for side in ("key", "value") for layer in range(self.config["num_hidden_layers"])]
        value, batch = helper.make_tensor_value_info, "batch_size"
        inputs = [value("input_ids", TensorProto.INT64, [batch, "sequence_length"]), value("attention_mask", TensorProto.INT64, [batch, "total_sequence_length"])]
        inputs += [value(f"past_key_values.{n}.{s}", self.onnx_type, [batch, self.kv_heads, "past_sequence_length", "kv_cache_dim"]) for n, s in cache]
        outputs = [value("logits", self.onnx_type, [batch, "sequence_length", self.config["vocab_size"]])]
        outputs += [value(f"present.{n}.{s}", self.onnx_type, [batch, self.kv_heads, "total_sequence_length", "kv_cache_dim"]) for n, s in cache]
        graph = helper.make_graph(self.nodes, "main_graph", inputs, outputs, self.initializers)
        opsets = [helper.make_opsetid("", 22), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="azimuth-companion")


def write(path: Path, config: dict, weight: Callable[[str], np.ndarray], dtype: str) -> None:
    """Writes `path` and `path + "_data"`: beside, then renamed, the graph last."""
    if not config["tie_word_embeddings"]:
        raise ValueError("only models whose embedding is also their head are written here")
    part, data_part = path.with_name(path.name + ".part"), path.with_name(path.name + "_data.part")
    data = ExternalData(data_part, path.name + "_data")
    try:
        model = LlamaGraph(config, weight, dtype, data).build()
    finally:
        data.close()
    part.write_bytes(model.SerializeToString())
    data_part.rename(path.with_name(path.name + "_data"))
    part.rename(path)
