"""Hidden states of a model too big for a browser, at the lab's positions, to a safetensors file that the lab imports.

    python -m companion capture MODEL --prompts prompts.jsonl --out states.safetensors --position last
    python -m companion capture MODEL --prompts prompts.txt --out answers.safetensors --position answer-mean --answer-tokens 64

The state at layer l is the residual stream after block l, before the final norm. --device-map auto spreads a model over the
GPUs, the memory and the disk of this machine.
"""

import argparse
import json
from pathlib import Path

from companion.errors import CompanionError
from companion.files import new_file, sha256
from companion.hidden import POSITIONS, Pooled, pooled_states

FORMAT, VERSION = "azimuth.hidden-states", "1"


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prompts", type=Path, required=True, help="JSONL, JSON, CSV, TSV, YAML, or text with one a line, as the lab reads them")
    parser.add_argument("--out", type=Path, required=True, help="file to write (.safetensors)")
    parser.add_argument("--position", choices=POSITIONS, default="last", help="last prompt token, mean over the answer, or every token")
    parser.add_argument("--answer-tokens", type=int, default=0, help="where a prompt has no answer, make a greedy one of so many tokens")
    parser.add_argument("--replace", action="store_true", help="replace --out, if it is there")
    model_options(parser)


def model_options(parser: argparse.ArgumentParser) -> None:
    """What to run, and where; `verify` takes the same."""
    from companion.source import MODEL
    from companion.template import HELP as TEMPLATE

    parser.add_argument("model", help=MODEL)
    parser.add_argument("--name", help="what to call the model in the file, where MODEL is a path (owner/name)")
    parser.add_argument("--revision", help="of the hub's repository")
    parser.add_argument("--chat-template", metavar="FILE", help=TEMPLATE)
    parser.add_argument("--adapter", type=Path, help="folder of a PEFT adapter")
    parser.add_argument("--adapter-scale", type=float, default=1.0)
    parser.add_argument("--dtype", choices=["float32", "bfloat16", "float16"], default="float32")
    parser.add_argument("--device-map", default=None, help="auto, cpu, cuda:0, ... (accelerate)")
    parser.add_argument("--batch", type=int, default=8, help="prompts at a time")


def run(arguments: argparse.Namespace) -> None:
    from companion.prompts_file import read_rows, tokenize
    from companion.source import hush

    if arguments.out.exists() and not arguments.replace:
        raise CompanionError(f"{arguments.out} is there already: choose another name, or give --replace")
    rows = read_rows(arguments.prompts)
    hush()
    source, model, tokenizer = open_model(arguments)
    if arguments.answer_tokens and arguments.position != "last":
        add_answers(rows, model, tokenizer, arguments)
    tokens = tokenize(rows, tokenizer, arguments.position)
    pooled = pooled_states(model, tokens, arguments.position, arguments.batch, report=lambda done: print(f"{done}/{len(rows)}", flush=True))
    write(arguments.out, pooled, model_ref(source, arguments), arguments.position, rows)
    layers, count, width = pooled.hidden.shape
    print(f"{arguments.out}: {layers} layers, {count} rows of {width} ({arguments.position})")


def open_model(arguments: argparse.Namespace) -> tuple:
    """Source, model with its adapter if there is one, and tokenizer."""
    import torch

    from companion.source import find_source, load_adapter, load_model, load_tokenizer
    from companion.template import use_plain_where_none

    source = find_source(arguments.model, arguments.name, arguments.revision)
    tokenizer = use_plain_where_none(load_tokenizer(source, arguments.chat_template))
    where = arguments.device_map or ("auto" if torch.cuda.is_available() else None)
    model = load_model(source, arguments.dtype, **({"device_map": where} if where else {}))
    if arguments.adapter:
        model = load_adapter(model, arguments.adapter, arguments.adapter_scale)
    return source, model, tokenizer


def add_answers(rows: list[dict], model, tokenizer, arguments: argparse.Namespace) -> None:
    """Greedy answers to the chats that have none."""
    from companion.answers import generate
    from companion.source import chat_ids

    silent = [row for row in rows if not row.get("answer") and "messages" in row]
    ids = [chat_ids(tokenizer, row["messages"]) for row in silent]
    for row, made in zip(silent, generate(model, tokenizer, ids, arguments.answer_tokens, batch=arguments.batch), strict=True):
        row["answer"] = tokenizer.decode(made, skip_special_tokens=True)


def model_ref(source, arguments: argparse.Namespace) -> dict:
    """Which numbers these are, in the lab's terms."""
    adapter = None
    if arguments.adapter:
        digest = sha256(arguments.adapter / "adapter_model.safetensors")
        adapter = {"id": f"folder:{arguments.adapter.resolve().name}", "sha256": digest, "scale": arguments.adapter_scale}
    place = f"hub:{source.id}@{source.revision}" if source.revision else f"folder:{source.id}"
    return {"id": place, "sha256": source.sha256(), "dtype": arguments.dtype, "adapter": adapter}


def write(path: Path, pooled: Pooled, model: dict, position: str, prompts: list[dict]) -> None:
    """`hidden` F32 [layers, rows, width] and `prompt` I64 [rows]; the prompts themselves lie in the metadata, for `verify`."""
    import numpy as np
    from safetensors.numpy import save_file

    if not np.isfinite(pooled.hidden).all():
        raise CompanionError("the hidden states hold NaN or infinity, as half precision does above 65,504: give --dtype float32 or bfloat16")
    tensors = {"hidden": np.ascontiguousarray(pooled.hidden), "prompt": np.array(pooled.prompt, np.int64)}
    metadata = {"format": FORMAT, "version": VERSION, "model": json.dumps(model), "position": position, "prompts": json.dumps(prompts)}
    with new_file(path) as part:
        save_file(tensors, part, metadata)
