"""Makes one parity fixture: exports the graphs, computes the references, checks the untouched graphs against them."""

import json
import re
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
from safetensors.torch import save_file

from companion import fixtures_export as export
from companion.fixtures_check import Graph
from companion.fixtures_models import SEED, hub_config, linear_modules, make_model, prompts_of
from companion.fixtures_quantized import dequantized_model, exact
from companion.fixtures_reference import LORA_ALPHA, NEW_TOKENS, RANK, Reference, make_reference, quantized_reference

TOLERANCE = 1e-4  # of logits and hidden states, absolute
QUANTIZED = ("q4", "q8")
VERSIONS = ("torch", "transformers", "peft", "onnx", "onnxruntime", "onnxruntime-genai", "optimum-onnx")
NOTES = {
    "ministral3": "cos_cache and sin_cache are transformers' own (the builder's YaRN differs); llama-4 scaling is 1 below "
    "original_max_position_embeddings (1024), where all prompts stay, and not in the graph",
}


@dataclass(frozen=True)
class Fixture:
    """`layout`: genai | optimum | dynamo, with split- before it (an embedding of its own), plain- (no position_ids) or merged-; `external`: weights beside the graph, not in it."""

    family: str
    layout: str
    external: bool = False
    dtypes: tuple[str, ...] = ("fp32",)

    @property
    def exporter(self) -> str:
        return self.layout.split("-")[-1]

    @property
    def split(self) -> bool:
        return self.layout.startswith("split-")


def make(name: str, fixture: Fixture, folder: Path) -> dict[str, dict]:
    """Writes one fixture into `folder`; gives, for each dtype, its file and its errors."""
    decoders = write_graphs(fixture, folder)
    reference = make_reference(fixture.family, folder / "adapter")
    files = {dtype: check(fixture, dtype, path, folder, reference) for dtype, path in decoders.items()}
    save_file({key: value.clone().contiguous() for key, value in reference.tensors.items()}, folder / "reference.safetensors")
    write_json(folder / "config.json", config_file(fixture))
    write_json(folder / "reference.json", describe(name, fixture, reference, files))
    return files


def write_graphs(fixture: Fixture, folder: Path) -> dict[str, Path]:
    """Exports every dtype; gives the decoder's file for each."""
    decoders = {}
    for dtype in fixture.dtypes:
        file = export.FILES[dtype].replace("model", "decoder_model_merged") if fixture.split else export.FILES[dtype]
        decoders[dtype] = folder / "onnx" / f"{file}.onnx"
        export.save_graph(export_graph(fixture, dtype), decoders[dtype], fixture.external)
    if fixture.split:
        weight = make_model(fixture.family).get_input_embeddings().weight.detach().numpy()
        export.save_graph(export.embedding_graph(weight), folder / "onnx" / "embed_tokens.onnx", fixture.external)
    return decoders


def export_graph(fixture: Fixture, dtype: str) -> onnx.ModelProto:
    model = make_model(fixture.family)
    if fixture.exporter == "dynamo":
        return export.export_dynamo(model)
    if fixture.exporter == "optimum":
        graph = export.export_optimum(model, fixture.family, positions=not fixture.layout.startswith("plain-"))
        if fixture.layout.startswith("merged-"):
            graph = export.merge_decoders(graph)
        if fixture.split:
            export.split_embedding(graph)
        return graph
    with tempfile.TemporaryDirectory() as checkpoint:
        export.save_checkpoint(model, fixture.family, Path(checkpoint))
        graph = export.export_genai(Path(checkpoint), dtype, *(["exclude_embeds=true"] if fixture.split else []))
    if fixture.family == "ministral3":
        export.replace_rope_tables(graph, make_model(fixture.family))
    return graph


def check(fixture: Fixture, dtype: str, path: Path, folder: Path, reference: Reference) -> dict:
    """Runs the untouched graph; for a quantized one, adds the values of its decoded weights to the reference."""
    embedding = folder / "onnx" / "embed_tokens.onnx" if fixture.split else None
    config = make_model(fixture.family).config

    prompts = prompts_of(fixture.family)

    def opened(file: Path) -> Graph:
        return Graph(file, embedding, getattr(config, "head_dim", None))

    facts = {"file": str(path.relative_to(folder)), "untouched_logit_error": error(opened(path), reference.tensors["logits"], prompts)}
    if dtype == "fp32":
        made = [opened(path).greedy(prompt, NEW_TOKENS) for prompt in prompts]
        if made != reference.facts["greedy"]["none"]:
            raise RuntimeError("the untouched graph decodes other tokens than PyTorch")
    if dtype in QUANTIZED:
        graph = onnx.load(path)
        tensors = quantized_reference(dequantized_model(graph, fixture.family), fixture.family, reference.tensors["hidden"])
        reference.tensors |= {f"{dtype}.{key}": value for key, value in tensors.items()}
        with tempfile.TemporaryDirectory() as scratch:
            export.save_graph(exact(graph), Path(scratch) / "model.onnx", external=False)
            facts["exact_logit_error"] = error(opened(Path(scratch) / "model.onnx"), tensors["logits"], prompts)
    return facts


def error(graph: Graph, expected, prompts) -> float:
    """The largest logit error, to two digits."""
    return float(f"{np.abs(graph.logits(prompts) - expected.numpy()).max():.2g}")


def config_file(fixture: Fixture) -> dict:
    """config.json; the split Ministral has the text config inside its vision wrapper's, as on the hub."""
    config = hub_config(make_model(fixture.family), fixture.family)
    if not (fixture.family == "ministral3" and fixture.split):
        return config
    return {
        "architectures": ["Mistral3ForConditionalGeneration"],
        "model_type": "mistral3",
        "image_token_index": 10,
        "text_config": config,
        "vision_config": {"model_type": "pixtral"},
    }


def describe(name: str, fixture: Fixture, reference: Reference, files: dict[str, dict]) -> dict:
    """reference.json."""
    layers, _, _, width = reference.tensors["hidden"].shape
    return {
        "name": name,
        "family": fixture.family,
        "layout": fixture.layout,
        "layers": layers,
        "width": width,
        "vocab": reference.tensors["logits"].shape[-1],
        "seed": SEED,
        "prompts": prompts_of(fixture.family),
        "files": files,
        "embedding": "onnx/embed_tokens.onnx" if fixture.split else None,
        "external_data": fixture.external,
        "tolerance": TOLERANCE,
        "lora": {"modules": linear_modules(fixture.family), "r": RANK, "lora_alpha": LORA_ALPHA},
        **reference.facts,
        "note": NOTES.get(fixture.family),
        "versions": {p: version(p) for p in VERSIONS if find_spec(p.replace("-", "_").removesuffix("_onnx"))},
    }


def write_json(path: Path, value: dict) -> None:
    """JSON with each innermost list on one line."""
    text = json.dumps(value, indent=2)
    path.write_text(re.sub(r"\[[^][{}]*\]", lambda short: " ".join(short[0].split()), text) + "\n")
