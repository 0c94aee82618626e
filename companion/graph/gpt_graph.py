"""The decoders with LayerNorm, biases everywhere and an ungated MLP: GPT-NeoX (Pythia) and GPT-2, as decoder_graph.py has the others."""

import numpy as np
import onnx
from onnx import TensorProto, helper

from companion.graph.decoder_graph import MICROSOFT, DecoderGraph
from companion.graph.rope import rope_tables


class GptGraph(DecoderGraph):
    """What the two share. Weights are read under the checkpoint's own names, and are laid out as the graph wants them."""

    embeddings, final, names = "", "", {}
    """name of the embedding, of the final norm, and of the linear layers of a block"""
    block_name = "model.layers.{}"

    def __init__(self, *arguments):
        super().__init__(*arguments[:1], *arguments[1:])
        self.layer_norm = {"epsilon": self.config["layer_norm_eps"], "axis": -1}

    def hub(self, layer: int, part: str) -> str:
        return f"{self.block_name.format(layer)}.{part}"

    def matrix(self, name: str, shape: tuple[int, int]) -> np.ndarray:
        """`[out, in]`."""
        return self.weights.floats([name], shape)

    def plain_norm(self, name: str, x: str, source: str) -> str:
        weights = [self.floats(f"{name[1:].replace('/', '.')}.{part}", self.weights.floats([f"{source}.{part}"], (self.width,))) for part in ("weight", "bias")]
        return self.op("LayerNormalization", f"{name}/LayerNorm", x, *weights, **self.layer_norm)

    def dense(self, name: str, x: str, weight: np.ndarray, bias: np.ndarray | None, output: str | None = None) -> str:
        """y = x W^T + b with W given, which `linear` and its rounding get by a name of its own."""
        self.weights = _Given(self.weights, {name: weight})
        y = self.linear(name, x, [name], weight.shape, output)
        return y if bias is None else self.op("Add", f"/{name}/Add", y, self.floats(f"{name.replace('/', '.')}.Add.bias", bias))

    def vector(self, name: str, size: int) -> np.ndarray:
        return self.weights.floats([name], (size,))

    def gpt_attention(self, layer: int, x: str, last: str, longest: str) -> str:
        raise NotImplementedError

    def gpt_mlp(self, layer: int, x: str) -> str:
        raise NotImplementedError

    def act(self, name: str, x: str) -> str:
        tanh = self.config["hidden_act"] != "gelu"
        return self.op("Gelu", name, x, approximate="tanh" if tanh else "none")

    def add(self, layer: int, number: str, residual: str, delta: str) -> str:
        return self.op("Add", f"/model/layers.{layer}/Add{number}", residual, delta)

    def token_embedding(self) -> str:
        if self.split:
            return "inputs_embeds"
        table = self.weights.floats([self.embeddings], (self.vocab, self.width))
        if self.tied and not self.bits:  # one copy serves both
            table = self.op("Transpose", "/model/embed_tokens/Transpose", "lm_head.MatMul.weight", perm=[1, 0])
            return self.op("Gather", "/model/embed_tokens/Gather", table, "input_ids")
        return self.op("Gather", "/model/embed_tokens/Gather", self.floats("model.embed_tokens.weight", table), "input_ids")

    def finish(self, x: str, head: str) -> onnx.ModelProto:
        x = self.plain_norm(f"/model/layers.{self.layers}/final_norm_layernorm", x, self.final)
        self.dense("lm_head", x, self.matrix(self.embeddings if self.tied else head, (self.vocab, self.width)), None, "logits")
        return self.model()


class GptNeoXGraph(GptGraph):
    embeddings, final = "model.embed_in.weight", "model.final_layer_norm"

    def build(self) -> onnx.ModelProto:
        last, longest = self.sequence_lengths()
        for name, table in zip(("cos_cache", "sin_cache"), rope_tables(self.config)):
            self.floats(name, table)
        x = self.token_embedding()
        for layer in range(self.layers):
            name = f"/model/layers.{layer}"
            normed = self.plain_norm(f"{name}/input_layernorm", x, self.hub(layer, "input_layernorm"))
            attended = self.gpt_attention(layer, normed, last, longest)
            if not self.config["use_parallel_residual"]:
                x = self.add(layer, "", x, attended)
            second = self.plain_norm(f"{name}/post_attention_layernorm", x, self.hub(layer, "post_attention_layernorm"))
            both = self.gpt_mlp(layer, second)
            if self.config["use_parallel_residual"]:
                both = self.op("Add", f"{name}/Add", both, attended)
            x = self.add(layer, "_1", x, both)
        return self.finish(x, "lm_head.weight")

    def gpt_attention(self, layer: int, x: str, last: str, longest: str) -> str:
        name, hub, size = f"model/layers.{layer}/attn", self.hub(layer, "attention"), self.heads * self.head_dim
        # The checkpoint has q, k and v of one head side by side.
        apart = self.matrix(f"{hub}.query_key_value.weight", (3 * size, self.width)).reshape(self.heads, 3, self.head_dim, self.width)
        bias = self.config.get("attention_bias", True)
        biases = self.vector(f"{hub}.query_key_value.bias", 3 * size).reshape(self.heads, 3, self.head_dim).swapaxes(0, 1).reshape(-1) if bias else None
        qkv = self.dense(f"{name}/qkv_proj", x, apart.swapaxes(0, 1).reshape(3 * size, self.width), biases)
        out = self.attend(layer, [qkv, "", ""], last, longest)
        return self.dense(f"{name}/o_proj", out, self.matrix(f"{hub}.dense.weight", (self.width, size)), self.vector(f"{hub}.dense.bias", self.width) if bias else None)

    def gpt_mlp(self, layer: int, x: str) -> str:
        name, hub, inner = f"model/layers.{layer}/mlp", self.hub(layer, "mlp"), self.config["intermediate_size"]
        up = self.dense(f"{name}/dense_h_to_4h", x, self.matrix(f"{hub}.dense_h_to_4h.weight", (inner, self.width)), self.vector(f"{hub}.dense_h_to_4h.bias", inner))
        act = self.act(f"/{name}/act_fn/Gelu", up)
        return self.dense(f"{name}/dense_4h_to_h", act, self.matrix(f"{hub}.dense_4h_to_h.weight", (self.width, inner)), self.vector(f"{hub}.dense_4h_to_h.bias", self.width))


class Gpt2Graph(GptGraph):
    """Conv1D holds its matrices the other way round; positions are learned, and come as an input."""

    embeddings, final, block_name = "model.wte.weight", "model.ln_f", "model.h.{}"

    def build(self) -> onnx.ModelProto:
        last, longest = self.sequence_lengths()
        places = self.config["max_position_embeddings"]
        table = self.weights.floats(["model.wpe.weight"], (self.config["n_positions"], self.width))[:places]
        positions = self.op("Gather", "/model/embed_positions/Gather", self.floats("model.embed_positions.weight", table), "position_ids")
        x = self.op("Add", "/model/embed/Add", self.token_embedding(), positions)
        for layer in range(self.layers):
            name = f"/model/layers.{layer}"
            normed = self.plain_norm(f"{name}/input_layernorm", x, self.hub(layer, "ln_1"))
            x = self.add(layer, "", x, self.gpt_attention(layer, normed, last, longest))
            normed = self.plain_norm(f"{name}/post_attention_layernorm", x, self.hub(layer, "ln_2"))
            x = self.add(layer, "_1", x, self.gpt_mlp(layer, normed))
        return self.finish(x, "lm_head.weight")

    def conv(self, name: str, x: str, source: str, out: int, size: int) -> str:
        weight = np.ascontiguousarray(self.weights.floats([f"{source}.weight"], (size, out)).T)
        return self.dense(name, x, weight, self.vector(f"{source}.bias", out))

    def gpt_attention(self, layer: int, x: str, last: str, longest: str) -> str:
        name, hub = f"model/layers.{layer}/attn", self.hub(layer, "attn")
        qkv = self.conv(f"{name}/c_attn", x, f"{hub}.c_attn", 3 * self.width, self.width)
        return self.conv(f"{name}/c_proj", self.attend(layer, [qkv, "", ""], last, longest), f"{hub}.c_proj", self.width, self.width)

    def attention_settings(self, layer: int) -> dict:
        return super().attention_settings(layer) | {"do_rotary": 0}

    def gpt_mlp(self, layer: int, x: str) -> str:
        name, hub, inner = f"model/layers.{layer}/mlp", self.hub(layer, "mlp"), self.config["intermediate_size"]
        act = self.act(f"/{name}/act_fn/Gelu", self.conv(f"{name}/c_fc", x, f"{hub}.c_fc", inner, self.width))
        return self.conv(f"{name}/c_proj", act, f"{hub}.c_proj", self.width, inner)

    def model(self) -> onnx.ModelProto:
        made = super().model()
        made.graph.input.append(helper.make_tensor_value_info("position_ids", TensorProto.INT64, ["batch_size", "sequence_length"]))
        return made


class _Given:
    """Weights with some more, under names of the graph."""

    def __init__(self, weights, given: dict[str, np.ndarray]):
        inner = weights.inner if isinstance(weights, _Given) else weights
        self.inner, self.given = inner, given

    def floats(self, names: list[str], shape: tuple[int, ...]) -> np.ndarray:
        return self.given[names[0]] if names[0] in self.given else self.inner.floats(names, shape)

    def blocks(self, names: list[str], shape: tuple[int, int], bits: int):
        from companion.graph.blockwise import quantize

        return quantize(self.given[names[0]], bits) if names[0] in self.given else self.inner.blocks(names, shape, bits)


GPT_GRAPHS = {"gpt_neox": GptNeoXGraph, "gpt2": Gpt2Graph}
