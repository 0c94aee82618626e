"""Writes a decoder as ONNX, node for node as onnxruntime-genai's model builder does (0.18, `-e webgpu`), without PyTorch.

Knows Llama (and SmolLM2), SmolLM3, Qwen2, Qwen3, Mistral, Phi-3, OLMo 2, Gemma 2, Gemma 3 and the text part of Ministral 3;
GPT-NeoX and GPT-2 are in gpt_graph.py. The builder needs PyTorch, whose Linux
wheels weigh gigabytes, and all of a model's float weights; the models of the tests should need neither. Beyond the builder:
heads of their own are int4 with an int4 embedding, and Ministral's llama-4 scaling of queries is in the graph where its positions reach.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from companion.graph.blockwise import BLOCK
from companion.graph.external_data import ExternalData
from companion.graph.rope import rope_tables
from companion.graph.weights import Weights

KINDS = {"fp32": (np.float32, 0), "fp16": (np.float16, 0), "q4": (np.float32, 4), "q4f16": (np.float16, 4), "q8": (np.float32, 8)}
"""dtype -> (type of activations and cache, bits of the linear weights; 0 = not quantized)"""
EMBEDDING, FINAL_NORM, HEAD = "model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"
MICROSOFT = "com.microsoft"
HEAD_NORMS = ("gemma3_text", "qwen3", "olmo2")


class DecoderGraph:
    """The graph as it grows. `config`: config.json with the settings of transformers 4; `split`: reads `inputs_embeds`, has no embedding."""

    def __init__(self, config: dict, weights: Weights, dtype: str, data: ExternalData, split: bool = False):
        self.config, self.weights, self.data, self.split = config, weights, data, split
        self.type, self.bits = KINDS[dtype]
        self.onnx_type = helper.np_dtype_to_tensor_dtype(np.dtype(self.type))
        self.width, self.vocab, self.layers = config["hidden_size"], config["vocab_size"], config["num_hidden_layers"]
        self.heads, self.kv_heads, self.head_dim = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]
        self.epsilon = {"epsilon": config.get("rms_norm_eps")}
        self.kind = config["model_type"]
        self.gemma = self.kind in ("gemma2", "gemma3_text")
        self.tied = config["tie_word_embeddings"]
        self.scaling: str | None = None
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, TensorProto] = {}

    def node(self, op: str, inputs: list[str], outputs: list[str], name: str, domain: str = "", **attributes) -> str:
        self.nodes.append(helper.make_node(op, inputs, outputs, name, domain=domain, **attributes))
        return outputs[0]

    def op(self, op: str, name: str, *inputs: str, **attributes) -> str:
        return self.node(op, list(inputs), [f"{name}/output_0"], name, **attributes)

    def constant(self, value: int | float | list[int]) -> str:
        array = np.array(value, self.type if isinstance(value, float) else np.int64)
        kind = TensorProto.DataType.Name(helper.np_dtype_to_tensor_dtype(array.dtype))
        output, name = f"/model/constants/{kind}/{value}", f"/model/constant_nodes/{kind}/{value}"
        if all(node.name != name for node in self.nodes):
            tensor = helper.make_tensor("", helper.np_dtype_to_tensor_dtype(array.dtype), array.shape, array.flatten())
            self.node("Constant", [], [output], name, value=tensor)
        return output

    def init(self, name: str, array: np.ndarray) -> str:
        if name not in self.initializers:
            self.initializers[name] = self.data.tensor(name, array)
        return name

    def floats(self, name: str, array: np.ndarray) -> str:
        return self.init(name, array.astype(self.type))

    def linear(self, name: str, x: str, sources: list[str], shape: tuple[int, int], output: str | None = None) -> str:
        """y = x W^T with W `[out, in]`, the sources joined; 4 and 8 bits as MatMulNBits."""
        output = output or f"/{name}/MatMul/output_0"
        key = name.replace("/", ".")
        if not self.bits:
            weight = self.weights.floats(sources, shape).T
            return self.node("MatMul", [x, self.floats(f"{key}.MatMul.weight", weight)], [output], f"/{name}/MatMul")
        codes, scales = self.weights.blocks(sources, shape, self.bits)
        inputs = [x, self.init(f"{key}.MatMul.weight_Q{self.bits}", codes), self.floats(f"{key}.MatMul.weight_scales", scales)]
        settings = {"K": shape[1], "N": shape[0], "bits": self.bits, "block_size": BLOCK, "accuracy_level": 4}
        return self.node("MatMulNBits", inputs, [output], f"/{name}/MatMul_Q{self.bits}", MICROSOFT, **settings)

    def norm_weight(self, name: str, source: str) -> str:
        """Gemma's norms multiply by 1 + weight: the graph holds the sum."""
        return self.floats(name, self.weights.floats([source], (self.width,)) + self.gemma)

    def first_norm(self, name: str, x: str, source: str) -> str:
        inputs = [x, self.norm_weight(f"{name[1:].replace('/', '.')}.weight", source)]
        settings = {"axis": -1, "stash_type": 1} | self.epsilon
        return self.node("SimplifiedLayerNormalization", inputs, [f"{name}/output_0"], f"{name}/LayerNorm", **settings)

    def norm(self, name: str, residual: str, delta: str, source: str) -> tuple[str, str]:
        """Adds `delta` to the residual stream and norms the sum: (normed, sum). The final norm does not name the sum."""
        outputs = [f"{name}/output_0"] + ([] if source == FINAL_NORM else ["", "", f"{name}/output_3"])
        inputs = [residual, delta, self.norm_weight(f"{name[1:].replace('/', '.')}.weight", source)]
        self.node("SkipSimplifiedLayerNormalization", inputs, outputs, f"{name}/SkipLayerNorm", MICROSOFT, **self.epsilon)
        return outputs[0], outputs[-1]

    def sequence_lengths(self) -> tuple[str, str]:
        """From the attention mask: last position of each row, and the longest length. Rows are padded on the right."""
        at = "/model/attn_mask_reformat/attn_mask_subgraph"
        total = self.op("ReduceSum", f"{at}/ReduceSum", "attention_mask", self.constant([1]), keepdims=0)
        last = self.op("Sub", f"{at}/Sub", total, self.constant([1]))
        last = self.op("Cast", f"{at}/Sub/Cast", last, to=TensorProto.INT32)
        shape = self.op("Shape", f"{at}/Shape", "attention_mask")
        longest = self.op("Gather", f"{at}/Gather", shape, self.constant(1), axis=0)
        return last, self.op("Cast", f"{at}/Gather/Cast", longest, to=TensorProto.INT32)

    def embedding(self) -> str:
        """The token embedding, which shares its bytes with a head that is tied to it (not at 8 bits, as the builder has it)."""
        name = "/model/embed_tokens"
        if self.bits == 4 and self.tied:
            codes = self.op("Reshape", f"{name}/Reshape", "lm_head.MatMul.weight_Q4", self.constant([self.vocab, self.width // 2]))
            x = self.gather_blocks(f"{name}/GatherBlockQuantized", codes, "lm_head.MatMul.weight_scales")
        elif self.bits == 4:
            x = self.gather_blocks(f"{name}/GatherBlockQuantized", *self.embedding_blocks(EMBEDDING.removesuffix(".weight")))
        elif self.bits == 8 or not self.tied:
            table = self.floats(EMBEDDING, self.weights.floats([EMBEDDING], (self.vocab, self.width)))
            x = self.op("Gather", f"{name}/Gather", table, "input_ids")
        else:
            table = self.op("Transpose", f"{name}/Transpose", "lm_head.MatMul.weight", perm=[1, 0])
            x = self.op("Gather", f"{name}/Gather", table, "input_ids")
        if self.gemma:
            x = self.op("Mul", f"{name}/Mul", x, self.constant(float(np.sqrt(self.width))))
        return x

    def embedding_blocks(self, name: str) -> tuple[str, str]:
        """The embedding's own int4 codes and scales."""
        codes, scales = self.weights.blocks([EMBEDDING], (self.vocab, self.width), self.bits)
        return self.init(f"{name}.weight_Q4", codes.reshape(self.vocab, -1)), self.floats(f"{name}.weight_scales", scales)

    def gather_blocks(self, name: str, codes: str, scales: str, output: str | None = None) -> str:
        settings = {"bits": 4, "block_size": BLOCK, "gather_axis": 0, "quantize_axis": 1}
        return self.node("GatherBlockQuantized", [codes, "input_ids", scales], [output or f"{name}/output_0"], name, MICROSOFT, **settings)

    def attention(self, layer: int, x: str, last: str, longest: str) -> str:
        hub, name = f"model.layers.{layer}.self_attn", f"model/layers.{layer}/attn"
        rows = (self.heads + 2 * self.kv_heads) * self.head_dim
        qkv = self.linear(f"{name}/qkv_proj", x, [f"{hub}.{m}_proj.weight" for m in "qkv"], (rows, self.width))
        if self.config["model_type"] == "qwen2" or self.config.get("attention_bias"):
            qkv = self.bias(f"{name}/qkv_proj", qkv, [f"{hub}.{m}_proj.bias" for m in "qkv"], rows)
        if self.kind in HEAD_NORMS:
            return self.normed_attention(layer, qkv, last, longest)
        if self.scaling:
            qkv = self.op("Mul", f"/{name}/llama4_scaling/Mul", qkv, self.scaling)
        out = self.attend(layer, [qkv, "", ""], last, longest)
        return self.out_proj(layer, out)

    def attend(self, layer: int, qkv: list[str], last: str, longest: str) -> str:
        """The attention operator, which keeps the cache and turns queries and keys by their positions."""
        name = f"/model/layers.{layer}/attn/GroupQueryAttention"
        settings = self.attention_settings(layer)
        local = "_local" if self.kind == "gemma3_text" and self.slides(layer) else ""
        tables = [f"cos_cache{local}", f"sin_cache{local}"] if settings["do_rotary"] else ["", ""]
        inputs = [*qkv, f"past_key_values.{layer}.key", f"past_key_values.{layer}.value", last, longest, *tables, "", "", ""]
        outputs = [f"{name}/output_0", f"present.{layer}.key", f"present.{layer}.value"]
        return self.node("GroupQueryAttention", inputs, outputs, name, MICROSOFT, **settings)

    def normed_attention(self, layer: int, qkv: str, last: str, longest: str) -> str:
        """Queries and keys are normed first: each head by itself, or (OLMo 2) all heads together."""
        hub, name = f"model.layers.{layer}.self_attn", f"/model/layers.{layer}/attn"
        sizes = [self.heads * self.head_dim, self.kv_heads * self.head_dim, self.kv_heads * self.head_dim]
        parts = [f"{name}/Split/output_{i}" for i in range(3)]
        self.node("Split", [qkv, self.constant(sizes)], parts, f"{name}/Split", axis=-1)
        for i, (side, heads) in enumerate((("q", self.heads), ("k", self.kv_heads))):
            size = sizes[i] if self.kind == "olmo2" else self.head_dim
            weight = self.floats(f"model.layers.{layer}.attn.{side}_norm.weight", self.weights.floats([f"{hub}.{side}_norm.weight"], (size,)) + self.gemma)
            x = parts[i]
            if self.kind != "olmo2":
                x = self.op("Reshape", f"{name}/{side}_norm/Reshape_1", x, self.constant([0, 0, heads, self.head_dim]))
            settings = {"axis": -1, "stash_type": 1} | self.epsilon
            x = self.op("SimplifiedLayerNormalization", f"{name}/{side}_norm/SimplifiedLayerNormalization", x, weight, **settings)
            if self.kind != "olmo2":
                x = self.op("Reshape", f"{name}/{side}_norm/Reshape_2", x, self.constant([0, 0, sizes[i]]))
            parts[i] = x
        return self.out_proj(layer, self.attend(layer, parts, last, longest))

    def out_proj(self, layer: int, x: str) -> str:
        hub, name = f"model.layers.{layer}.self_attn", f"model/layers.{layer}/attn"
        out = self.linear(f"{name}/o_proj", x, [f"{hub}.o_proj.weight"], (self.width, self.heads * self.head_dim))
        return self.bias(f"{name}/o_proj", out, [f"{hub}.o_proj.bias"], self.width) if self.config.get("attention_bias") else out

    def bias(self, name: str, x: str, sources: list[str], size: int) -> str:
        return self.op("Add", f"/{name}/Add", x, self.floats(f"{name.replace('/', '.')}.Add.bias", self.weights.floats(sources, (size,))))

    def query_scaling(self, last: str, longest: str) -> str | None:
        """What llama-4 scaling multiplies q, k and v by, `[B, S, rows]`: 1 + beta log(1 + floor(position / original)) for q, 1 for k and v.

        Positions are those of GroupQueryAttention: from 0 where nothing is cached, else up to each row's last.
        """
        rope = self.config.get("rope_scaling") or {}
        original, beta = rope.get("original_max_position_embeddings", 0), rope.get("llama_4_scaling_beta")
        if not beta or self.config["max_position_embeddings"] <= original:
            return None
        at = "/model/llama4_scaling"
        shape = self.op("Shape", f"{at}/Shape", "inputs_embeds" if self.split else "input_ids")
        length = self.op("Gather", f"{at}/Gather", shape, self.constant(1), axis=0)
        steps = self.op("Range", f"{at}/Range", self.constant(0), length, self.constant(1))
        length32 = self.op("Cast", f"{at}/Length/Cast", length, to=TensorProto.INT32)
        cached = self.op("Sub", f"{at}/Sub", self.op("Add", f"{at}/Last/Add", last, self.small(1)), length32)
        cached = self.op("Where", f"{at}/Where", self.op("Equal", f"{at}/Equal", length32, longest), self.small(0), cached)
        cached = self.op("Unsqueeze", f"{at}/Cached/Unsqueeze", self.op("Cast", f"{at}/Cached/Cast", cached, to=TensorProto.INT64), self.constant([-1]))
        place = self.op("Cast", f"{at}/Cast", self.op("Add", f"{at}/Add", cached, steps), to=TensorProto.FLOAT)
        turns = self.op("Floor", f"{at}/Floor", self.op("Div", f"{at}/Div", place, self.single(original)))
        log = self.op("Log", f"{at}/Log", self.op("Add", f"{at}/One/Add", turns, self.single(1)))
        log = self.op("Unsqueeze", f"{at}/Unsqueeze", log, self.constant([-1]))
        betas = np.zeros((self.heads + 2 * self.kv_heads) * self.head_dim, np.float32)
        betas[: self.heads * self.head_dim] = beta
        scaled = self.op("Mul", f"{at}/Mul", log, self.init("model.llama4_scaling.betas", betas))
        scaled = self.op("Add", f"{at}/Scale/Add", scaled, self.single(1))
        return self.op("Cast", f"{at}/Scale/Cast", scaled, to=self.onnx_type) if self.type != np.float32 else scaled

    def small(self, value: int) -> str:
        return self.init(f"model.constants.int32.{value}", np.array([value], np.int32))

    def single(self, value: float) -> str:
        return self.init(f"model.constants.float32.{value}", np.array([value], np.float32))

    def attention_settings(self, layer: int) -> dict:
        """Gemma 2: soft cap, its own scale, and a window in every second layer. Mistral: a window in all, where its config has one."""
        window = self.config.get("sliding_window") if self.gemma or self.kind in ("mistral", "phi3") else None
        slides = window and self.slides(layer)
        rope = self.config.get("no_rope_layers")
        return {
            "num_heads": self.heads,
            "kv_num_heads": self.kv_heads,
            "scale": self.config.get("query_pre_attn_scalar", self.head_dim) ** -0.5,
            "local_window_size": window if slides else -1,
            "softcap": (self.config["attn_logit_softcapping"] or 0.0) if self.kind == "gemma2" else 0.0,
            "do_rotary": 1 if rope is None else int(bool(rope[layer])),
            "rotary_interleaved": 0,
        }

    def slides(self, layer: int) -> bool:
        """Whether a layer sees a window only, where the model has one."""
        if self.kind == "gemma3_text":
            return self.config["layer_types"][layer] == "sliding_attention"
        return layer % 2 == 0 or not self.gemma

    def mlp(self, layer: int, x: str) -> str:
        hub, name, inner = f"model.layers.{layer}.mlp", f"model/layers.{layer}/mlp", self.config["intermediate_size"]

        def linear(module: str, x: str, out: int, size: int) -> str:
            y = self.linear(f"{name}/{module}", x, [f"{hub}.{module}.weight"], (out, size))
            return self.bias(f"{name}/{module}", y, [f"{hub}.{module}.bias"], out) if self.config.get("mlp_bias") else y

        gate, up = linear("gate_proj", x, inner, self.width), linear("up_proj", x, inner, self.width)
        if self.gemma:
            act = self.op("Gelu", f"/{name}/act_fn/FastGelu", gate, approximate="tanh")
        else:
            act = self.op("Mul", f"/{name}/act_fn/Mul", gate, self.op("Sigmoid", f"/{name}/act_fn/Sigmoid", gate))
        both = self.op("Mul", f"/{name}/Mul", act, up)
        return linear("down_proj", both, self.width, inner)

    def block(self, layer: int, x: str, residual: str, last: str, longest: str) -> tuple[str, str]:
        """One layer up to its last addend: (addend, residual stream without it)."""
        hub, name = f"model.layers.{layer}", f"/model/layers.{layer}"
        delta = self.attention(layer, x, last, longest)
        if self.kind == "olmo2":
            delta = self.first_norm(f"{name}/post_attention_layernorm", delta, f"{hub}.post_attention_layernorm.weight")
            residual = self.op("Add", f"{name}/Add", residual, delta)
            delta = self.mlp(layer, residual)
            return self.first_norm(f"{name}/post_feedforward_layernorm", delta, f"{hub}.post_feedforward_layernorm.weight"), residual
        if not self.gemma:
            x, residual = self.norm(f"{name}/post_attention_layernorm", residual, delta, f"{hub}.post_attention_layernorm.weight")
            return self.mlp(layer, x), residual
        delta = self.first_norm(f"{name}/post_attention_layernorm", delta, f"{hub}.post_attention_layernorm.weight")
        x, residual = self.norm(f"{name}/pre_feedforward_layernorm", residual, delta, f"{hub}.pre_feedforward_layernorm.weight")
        delta = self.mlp(layer, x)
        return self.first_norm(f"{name}/post_feedforward_layernorm", delta, f"{hub}.post_feedforward_layernorm.weight"), residual

    def head(self, x: str) -> None:
        cap = self.config.get("final_logit_softcapping") if self.kind == "gemma2" else None
        output = "/lm_head/MatMul/output_0" if cap else "logits"
        x = self.linear("lm_head", x, [EMBEDDING if self.tied else HEAD], (self.vocab, self.width), output)
        if cap:
            x = self.op("Div", "/lm_head/softcap/Div", x, self.constant(float(cap)))
            x = self.op("Tanh", "/lm_head/softcap/Tanh", x)
            self.node("Mul", [x, self.constant(float(cap))], ["logits"], "/lm_head/softcap/Mul")

    def build(self) -> onnx.ModelProto:
        last, longest = self.sequence_lengths()
        self.scaling = self.query_scaling(last, longest)
        residual = "inputs_embeds" if self.split else self.embedding()
        for name, table in zip(("cos_cache", "sin_cache"), rope_tables(self.config)):
            self.floats(name, table)
        if self.kind == "gemma3_text":
            local = self.config | {"rope_theta": self.config["rope_local_base_freq"], "rope_scaling": None}
            for name, table in zip(("cos_cache_local", "sin_cache_local"), rope_tables(local)):
                self.floats(name, table)
        if self.kind == "olmo2":
            return self.build_post_norm(residual, last, longest)
        x = self.first_norm("/model/layers.0/input_layernorm", residual, "model.layers.0.input_layernorm.weight")
        for layer in range(self.layers):
            delta, residual = self.block(layer, x, residual, last, longest)
            if layer + 1 < self.layers:
                after = f"layers.{layer + 1}"
                x, residual = self.norm(f"/model/{after}/input_layernorm", residual, delta, f"model.{after}.input_layernorm.weight")
        x, _ = self.norm(f"/model/layers.{self.layers}/final_norm_layernorm", residual, delta, FINAL_NORM)
        self.head(x)
        return self.model()

    def build_post_norm(self, x: str, last: str, longest: str) -> onnx.ModelProto:
        """OLMo 2 norms what attention and MLP give, and nothing in front of them."""
        for layer in range(self.layers):
            delta, residual = self.block(layer, x, x, last, longest)
            x = self.op("Add", f"/model/layers.{layer}/Add_1", residual, delta)
        self.head(self.first_norm(f"/model/layers.{self.layers}/final_norm_layernorm", x, FINAL_NORM))
        return self.model()

    def model(self) -> onnx.ModelProto:
        cache = [(layer, side) for side in ("key", "value") for layer in range(self.layers)]
        value, batch, sequence, size = helper.make_tensor_value_info, "batch_size", "sequence_length", "kv_cache_dim"
        mask = value("attention_mask", TensorProto.INT64, [batch, "total_sequence_length"])
        if self.split:
            inputs = [mask, value("inputs_embeds", self.onnx_type, [batch, sequence, self.width])]
        else:
            inputs = [value("input_ids", TensorProto.INT64, [batch, sequence]), mask]
        inputs += [value(f"past_key_values.{n}.{s}", self.onnx_type, [batch, self.kv_heads, "past_sequence_length", size]) for n, s in cache]
        outputs = [value("logits", self.onnx_type, [batch, sequence, self.vocab])]
        outputs += [value(f"present.{n}.{s}", self.onnx_type, [batch, self.kv_heads, "total_sequence_length", size]) for n, s in cache]
        graph = helper.make_graph(self.nodes, "main_graph", inputs, outputs, list(self.initializers.values()))
        opsets = [helper.make_opsetid("", 22), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="azimuth-companion")

    def embedding_model(self) -> onnx.ModelProto:
        """`embed_tokens` of a split model: `input_ids` to `inputs_embeds`, with its own copy of the weights."""
        if self.bits == 4:
            self.gather_blocks("/embed_tokens/GatherBlockQuantized", *self.embedding_blocks("embed_tokens"), output="inputs_embeds")
        else:
            table = self.floats("embed_tokens.weight", self.weights.floats([EMBEDDING], (self.vocab, self.width)))
            self.node("Gather", [table, "input_ids"], ["inputs_embeds"], "/embed_tokens/Gather")
        value, sizes = helper.make_tensor_value_info, ["batch_size", "sequence_length"]
        inputs, outputs = [value("input_ids", TensorProto.INT64, sizes)], [value("inputs_embeds", self.onnx_type, [*sizes, self.width])]
        graph = helper.make_graph(self.nodes, "main_graph", inputs, outputs, list(self.initializers.values()))
        opsets = [helper.make_opsetid("", 22), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="azimuth-companion")


def write_decoder(path: Path, config: dict, weights: Weights, dtype: str, split: bool = False) -> int:
    """Writes the decoder to `path`, weights beside it; the number of data files."""
    from companion.graph.gpt_graph import GPT_GRAPHS

    data = ExternalData(path)
    try:
        return data.finish(GPT_GRAPHS.get(config["model_type"], DecoderGraph)(config, weights, dtype, data, split).build())
    finally:
        data.close()


def write_embedding(path: Path, config: dict, weights: Weights, dtype: str) -> int:
    """Writes the `embed_tokens` graph of a split model."""
    data = ExternalData(path)
    try:
        return data.finish(DecoderGraph(config, weights, dtype, data).embedding_model())
    finally:
        data.close()
