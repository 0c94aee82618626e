"""Writes a model as ONNX in the hub's layout, for the lab: graphs, config and tokenizer. Checks each against PyTorch.

    python -m companion export google/gemma-2-2b-it --out models/gemma-2-2b-it --dtype q4
    python -m companion export model.gguf --out models/mine

Knows Llama, SmolLM3, Qwen2, Qwen3, Mistral, Phi-3, OLMo 2, Gemma 2, Gemma 3, Ministral 3, GPT-NeoX (Pythia) and GPT-2; of models that see,
the text part.
Prints the error of each dtype's hidden states, layer by layer, and keeps it in export.json.
"""

import argparse
import shutil
from pathlib import Path

from companion.errors import CompanionError
from companion.files import new_folder, read_json, write_json

FILES = {"fp32": "model", "fp16": "model_fp16", "q8": "model_quantized", "q4": "model_q4", "q4f16": "model_q4f16"}
"""dtype -> file, as transformers.js names them"""
TEXTS = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja", "generation_config.json")
POSITIONS = 32768  # rotary tables for all of Llama 3.2's or Ministral 3's positions weigh 33 and 134 MB in fp32
BLOCK = 32


def options(parser: argparse.ArgumentParser) -> None:
    from companion.source import MODEL
    from companion.template import HELP as TEMPLATE

    parser.add_argument("model", help=MODEL)
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--dtype", nargs="+", choices=FILES, default=["q4", "fp32"])
    parser.add_argument("--positions", type=int, default=POSITIONS, help="longest context of the graphs, where the model's own is longer")
    parser.add_argument("--name", help="the model's name in config.json, where MODEL is a path (owner/name)")
    parser.add_argument("--revision", help="of the hub's repository")
    parser.add_argument("--chat-template", metavar="FILE", help=f"{TEMPLATE}; written into tokenizer_config.json")
    parser.add_argument("--no-check", action="store_true", help="do not compare with PyTorch, which holds the whole model in float32")
    parser.add_argument("--replace", action="store_true", help="replace --out, if it is there, once the new one is whole")


def run(arguments: argparse.Namespace) -> None:
    """The recipe: config, weights, graphs, texts, check."""
    from companion.graph.hub_config import decoder_config
    from companion.source import find_source, hush, load_config, load_tokenizer

    hush()
    source = find_source(arguments.model, arguments.name, arguments.revision)
    config = decoder_config(load_config(source), arguments.positions)
    check_sizes(config, arguments.dtype)
    tokenizer = load_tokenizer(source, arguments.chat_template)
    weight, model = open_weights(source, config)
    with new_folder(arguments.out, arguments.replace) as part:
        parts = {dtype: write_graph(part / "onnx" / f"{FILES[dtype]}.onnx", config, weight, dtype) for dtype in arguments.dtype}
        write_texts(part, source, tokenizer)
        if arguments.chat_template:
            write_template(part, tokenizer.chat_template)
        write_json(part / "config.json", config_file(config, source, parts))
        errors = None if arguments.no_check else check(part, source, model, tokenizer, config, arguments.dtype)
        write_json(part / "export.json", report(source, arguments, errors))
    print(f"{arguments.out}: {config['num_hidden_layers']} layers of width {config['hidden_size']}, {', '.join(arguments.dtype)}")


def check_sizes(config: dict, dtypes: list[str]) -> None:
    """Block-wise weights need rows of whole blocks."""
    sizes = (config["hidden_size"], config["intermediate_size"], config["num_attention_heads"] * config["head_dim"])
    odd = next((size for size in sizes if size % BLOCK), None)
    quantized = next((dtype for dtype in dtypes if dtype.startswith("q")), None)
    if odd and quantized:
        raise CompanionError(f"{quantized} needs widths that are multiples of {BLOCK}, this model has {odd}: give --dtype fp32 or fp16")


def open_weights(source, config: dict):
    """A function from names to float32 tensors, and the whole model where it had to be loaded for that (GGUF)."""
    from companion.graph.checkpoint import Checkpoint, apart, model_weights
    from companion.source import load_model

    if source.gguf:
        model = load_model(source)
        weight = model_weights(model)
    else:
        model, checkpoint = None, Checkpoint(source.folder)
        config["tie_word_embeddings"] |= not checkpoint.has_head
        weight = checkpoint.weight
    config["tie_word_embeddings"] |= same_tables(weight, config)
    return (apart(weight, config) if config["model_type"] == "phi3" else weight), model


def same_tables(weight, config: dict) -> bool:
    """Whether the head is the embedding, whatever the config says: then one copy is written."""
    import numpy as np

    if config["tie_word_embeddings"]:
        return True
    embedding = {"gpt_neox": "model.embed_in.weight", "gpt2": "model.wte.weight"}.get(config["model_type"], "model.embed_tokens.weight")
    return np.array_equal(weight(embedding), weight("lm_head.weight"))


def write_graph(path: Path, config: dict, weight, dtype: str) -> int:
    """Writes one graph; the number of its data files."""
    from companion.graph.decoder_graph import write_decoder
    from companion.graph.weights import ModelWeights

    path.parent.mkdir(exist_ok=True)
    try:
        parts = write_decoder(path, config, ModelWeights(weight), dtype)
    except (ValueError, KeyError) as problem:
        raise CompanionError(f"config.json and the weights do not belong together: {problem}") from problem
    size = sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))
    print(f"{path.name}: {size / 1e6:.0f} MB", flush=True)
    return parts


def write_texts(folder: Path, source, tokenizer) -> None:
    """Tokenizer, chat template and generation settings: the source's own files, or what transformers makes of them."""
    if not (source.folder / TEXTS[0]).exists() or source.gguf:
        tokenizer.save_pretrained(folder)
        return
    for name in TEXTS:
        if (source.folder / name).exists():
            shutil.copyfile(source.folder / name, folder / name)


def write_template(folder: Path, template: str) -> None:
    """One template, in tokenizer_config.json; a file of its own would come before it."""
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    path = folder / "tokenizer_config.json"
    config = read_json(path) if path.exists() else {}
    write_json(path, config | {"chat_template": template})


def config_file(config: dict, source, parts: dict[str, int]) -> dict:
    """config.json with what transformers.js needs to open the files."""
    loader = {
        "kv_cache_dtype": {dtype: "float16" for dtype in ("fp16", "q4f16")},
        "use_external_data_format": {f"{FILES[dtype]}.onnx": count for dtype, count in parts.items() if count},
    }
    return config | {"_name_or_path": source.id, "transformers.js_config": loader}


def check(folder: Path, source, model, tokenizer, config: dict, dtypes: list[str]) -> dict:
    """Errors of each dtype against PyTorch; prints them, and refuses graphs that are wrong rather than rounded."""
    from companion.graph.export_check import WORST, compare, reference, sample_ids, table
    from companion.source import load_model

    if model is None:
        model = load_model(source)
    expected = reference(model, sample_ids(tokenizer, config["vocab_size"]))
    del model
    found = {dtype: compare(folder / "onnx" / f"{FILES[dtype]}.onnx", config, expected) for dtype in dtypes}
    print(table(found), flush=True)
    for dtype, errors in found.items():
        worst = max(errors["hidden"])
        if not worst < WORST[dtype]:
            raise CompanionError(f"{dtype} is off by {worst:.2g} of the hidden state, more than rounding explains: nothing was written")
    return found


def report(source, arguments: argparse.Namespace, errors: dict | None) -> dict:
    from companion.source import versions

    return {
        "format": "azimuth.export",
        "version": 1,
        "source": {"id": source.id, "revision": source.revision, "sha256": source.sha256()},
        "positions": arguments.positions,
        "errors": errors,
        "versions": versions(),
    }
