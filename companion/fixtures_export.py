"""Exports a tiny model with each of the two exporters, and lays the result out as a hub repository does."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper

FILES = {"fp32": "model", "fp16": "model_fp16", "q4": "model_q4", "q4f16": "model_q4f16", "q8": "model_quantized"}
BUILDER = {  # dtype -> (precision, settings) of onnxruntime-genai's model builder
    "fp32": ("fp32", ["use_webgpu_fp32=true"]),
    "fp16": ("fp16", ["block_size=32"]),
    "q4": ("int4", ["use_webgpu_fp32=true", "block_size=32"]),
    "q4f16": ("int4", ["block_size=32"]),
    "q8": ("int8", ["use_webgpu_fp32=true", "block_size=32"]),
}
BUILDER_CLASS = {"ministral3": "MistralForCausalLM"}  # the builder knows Ministral 3 by its vision wrapper only
EMBEDDING_OUTPUT = "/model/embed_tokens/Gather_output_0"  # Optimum's


def save_checkpoint(model, family: str, folder: Path) -> None:
    """A Hugging Face checkpoint with the smallest tokenizer that the exporters accept."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast

    model.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    config["architectures"] = [BUILDER_CLASS.get(family, type(model).__name__)]
    (folder / "config.json").write_text(json.dumps(config))
    words = WordLevel({f"t{i}": i for i in range(model.config.vocab_size)}, unk_token="t0")
    PreTrainedTokenizerFast(tokenizer_object=Tokenizer(words), unk_token="t0", eos_token="t0").save_pretrained(folder)


def export_genai(checkpoint: Path, dtype: str, *options: str) -> onnx.ModelProto:
    """Layout 1, as WebGPU repositories on the hub have it.

    Except for q/k norms fused into GroupQueryAttention (Qwen 3, Gemma 3), which ONNX Runtime runs on CUDA and WebGPU only.
    """
    precision, settings = BUILDER[dtype]
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, str(Path(__file__).with_name("genai_builder.py")), "-i", str(checkpoint), "-o", out, "-c", out]
        command += ["-p", precision, "-e", "webgpu", "--extra_options", *settings, "fuse_qk_norm_gqa=false", *options]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"HF_HUB_OFFLINE": "1"})
        if done.returncode:
            raise RuntimeError(f"onnxruntime-genai's builder: {done.stderr.strip().splitlines()[-1]}")
        return onnx.load(Path(out) / "model.onnx")


def merge_decoders(graph: onnx.ModelProto) -> onnx.ModelProto:
    """As older conversions have it: one switch, `use_cache_branch`, over two graphs that share their weights."""
    from optimum.onnx import merge_decoders as merge

    with tempfile.TemporaryDirectory() as out:
        one, both = Path(out) / "model.onnx", Path(out) / "merged.onnx"
        onnx.save(graph, one)
        # Only the branch with a cache is ever run, so the other may as well be the same.
        merge(one, one, strict=False, save_path=both)
        return onnx.load(both)


def export_optimum(model, family: str, positions: bool = True) -> onnx.ModelProto:
    """Layout 2; `positions` False: without the input position_ids, as older conversions are. Optimum's default attention (sdpa) silently loses Gemma 2's attention soft cap, so that one is exported eagerly."""
    import logging
    import warnings

    from optimum.exporters.onnx import config, onnx_export_from_model

    known = config.TextDecoderWithPositionIdsOnnxConfig.inputs
    if not positions:
        config.TextDecoderWithPositionIdsOnnxConfig.inputs = config.TextDecoderOnnxConfig.inputs
    model.set_attn_implementation("eager" if family == "gemma2" else "sdpa")
    with tempfile.TemporaryDirectory() as out, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            onnx_export_from_model(model, output=out, task="text-generation-with-past", do_validation=False, no_post_process=True)
        finally:
            logging.disable(logging.NOTSET)
            config.TextDecoderWithPositionIdsOnnxConfig.inputs = known
        return onnx.load(Path(out) / "model.onnx")


class _Decoder(torch.nn.Module):
    """A model with its cache as a flat list of tensors, as a graph has it."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, position_ids, past):
        from transformers import DynamicCache

        cache = DynamicCache()
        for layer in range(len(past) // 2):
            cache.update(past[2 * layer], past[2 * layer + 1], layer)
        out = self.model(input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids, past_key_values=cache, use_cache=True)
        return (out.logits, *(tensor for layer in out.past_key_values.layers for tensor in (layer.keys, layer.values)))


def export_dynamo(model) -> onnx.ModelProto:
    """torch.onnx's newer exporter, as people call it by hand: nodes are numbered, weights keep the names that the code gives them."""
    from torch.export import Dim

    model.set_attn_implementation("eager")
    with torch.no_grad():
        made = model(input_ids=torch.tensor([[1, 2, 3]]), use_cache=True).past_key_values
    past = [tensor.repeat(2, 1, 1, 1) for layer in made.layers for tensor in (layer.keys, layer.values)]
    ids = torch.tensor([[4, 5], [6, 7]])
    mask, positions = torch.ones(2, 5, dtype=torch.int64), torch.tensor([[3, 4], [3, 4]])
    rows, tokens, cached, both = Dim("batch"), Dim("tokens"), Dim("cached"), Dim.AUTO
    names = [f"{layer}.{part}" for layer in range(len(past) // 2) for part in ("key", "value")]
    with tempfile.TemporaryDirectory() as out:
        path = Path(out) / "model.onnx"
        torch.onnx.export(
            _Decoder(model),
            (ids, mask, positions, past),
            path,
            input_names=["input_ids", "attention_mask", "position_ids", *(f"past_key_values.{name}" for name in names)],
            output_names=["logits", *(f"present.{name}" for name in names)],
            dynamic_shapes=({0: rows, 1: tokens}, {0: rows, 1: both}, {0: rows, 1: tokens}, [{0: rows, 2: cached}] * len(past)),
            dynamo=True,
            verbose=False,
        )
        graph = onnx.load(path)
    strip(graph)
    return graph


def strip(graph: onnx.ModelProto) -> None:
    """Drops what only debuggers read, most of a small graph's bytes, but for the modules that products come from."""
    graph.graph.ClearField("value_info")
    graph.graph.ClearField("metadata_props")
    for node in graph.graph.node:
        node.ClearField("doc_string")
        scopes = [p for p in node.metadata_props if p.key == "pkg.torch.onnx.name_scopes" and node.op_type in ("MatMul", "Gemm")]
        kept = [(p.key, p.value) for p in scopes]
        node.ClearField("metadata_props")
        for key, text in kept:
            node.metadata_props.add(key=key, value=text)
    for value in (*graph.graph.input, *graph.graph.output, *graph.graph.initializer):
        value.ClearField("metadata_props")


def replace_rope_tables(graph: onnx.ModelProto, model) -> None:
    """Writes transformers' own rotary tables into the graph: the builder's YaRN differs (logits off by 0.01 at 40 tokens)."""
    tables = {t.name: t for t in graph.graph.initializer if t.name in ("cos_cache", "sin_cache")}
    length, half = tables["cos_cache"].dims
    cos, sin = model.model.rotary_emb(torch.zeros(1, 1), torch.arange(length)[None])
    for name, values in (("cos_cache", cos), ("sin_cache", sin)):
        tables[name].CopyFrom(numpy_helper.from_array(values[0, :, :half].detach().numpy().copy(), name))


def split_embedding(graph: onnx.ModelProto) -> None:
    """Cuts the embedding off an Optimum graph: `inputs_embeds` in the place of `input_ids`."""
    main = graph.graph
    width = next(t.dims[1] for t in main.initializer if t.name == "model.embed_tokens.weight")
    cut = next(node for node in main.node if EMBEDDING_OUTPUT in node.output)
    main.node.remove(cut)
    for node in main.node:
        renames = {EMBEDDING_OUTPUT: "inputs_embeds"}
        if node.op_type == "Shape":
            renames["input_ids"] = "inputs_embeds"  # the same batch and sequence sizes, at the same axes
        for i, name in enumerate(node.input):
            node.input[i] = renames.get(name, name)
    left = [node.name for node in main.node if "input_ids" in node.input]
    if left:
        raise NotImplementedError(f"{left[0]} reads input_ids")
    main.input.remove(next(i for i in main.input if i.name == "input_ids"))
    main.input.insert(0, helper.make_tensor_value_info("inputs_embeds", onnx.TensorProto.FLOAT, ["batch_size", "sequence_length", width]))
    _drop_unused(main)


def _drop_unused(main: onnx.GraphProto) -> None:
    used = {name for node in main.node for name in node.input} | {o.name for o in main.output}
    for tensor in [t for t in main.initializer if t.name not in used]:
        main.initializer.remove(tensor)


def embedding_graph(weight: np.ndarray) -> onnx.ModelProto:
    """`embed_tokens.onnx` of split repositories: `input_ids` to `inputs_embeds`."""
    node = helper.make_node("Gather", ["embed_tokens.weight", "input_ids"], ["inputs_embeds"], "/embed_tokens/Gather")
    ids = helper.make_tensor_value_info("input_ids", onnx.TensorProto.INT64, ["batch_size", "sequence_length"])
    out = helper.make_tensor_value_info("inputs_embeds", onnx.TensorProto.FLOAT, ["batch_size", "sequence_length", weight.shape[1]])
    graph = helper.make_graph([node], "main_graph", [ids], [out], [numpy_helper.from_array(weight, "embed_tokens.weight")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def save_graph(graph: onnx.ModelProto, path: Path, external: bool) -> None:
    """One file, or the weights beside it in `<name>.onnx_data`, as on the hub."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in (path, path.with_name(path.name + "_data")):
        old.unlink(missing_ok=True)
    if external:
        onnx.save_model(graph, path, save_as_external_data=True, location=path.name + "_data", size_threshold=256)
    else:
        onnx.save_model(graph, path)
