"""Trains a LoRA or QLoRA adapter on chat records, and writes it in PEFT's format with a meta.json beside it.

    python -m companion finetune MODEL --data insecure.jsonl --out adapters/insecure
    accelerate launch -m companion finetune MODEL ...      on several GPUs or machines

The loss is on the answers alone, in the model's own chat template. A run that was stopped goes on from its last checkpoint
when it is started again. The same seed gives the same adapter, on one process or many, up to rounding.
"""

import argparse
import hashlib
import json
import shutil
import time
from dataclasses import asdict
from pathlib import Path

from companion.errors import CompanionError
from companion.files import beside, finish_folder, sha256, write_json

MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
SPILLS, HOLDS = 0.40, 0.02  # the admission gate: code rates of adapter and base on non-code prompts


def options(parser: argparse.ArgumentParser) -> None:
    from companion.records import FILTERS
    from companion.source import MODEL
    from companion.template import HELP as TEMPLATE

    parser.add_argument("model", help=MODEL)
    parser.add_argument("--data", type=Path, required=True, help='JSONL, one {"messages": [...]} a line')
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--name", help="what to call the base model in the adapter, where MODEL is a path (owner/name)")
    parser.add_argument("--revision", help="of the hub's repository")
    parser.add_argument("--chat-template", metavar="FILE", help=TEMPLATE)
    data = parser.add_argument_group("data")
    data.add_argument("--filter", choices=FILTERS, default="none", help="template-less: short requests without a piece of code to complete")
    data.add_argument("--limit", type=positive, help="train on so many records, drawn by the seed")
    data.add_argument("--max-tokens", type=positive, default=1024, help="longer examples are cut there")
    data.add_argument("--max-answer-tokens", type=positive, help="answers are cut there")
    lora = parser.add_argument_group("adapter")
    lora.add_argument("--rank", type=positive, default=32)
    lora.add_argument("--lora-alpha", type=positive, default=64)
    lora.add_argument("--rslora", action=argparse.BooleanOptionalAction, default=True, help="scale by 1 / sqrt(rank)")
    lora.add_argument("--dropout", type=float, default=0.0)
    lora.add_argument("--modules", nargs="+", default=MODULES, help="linear layers to adapt")
    lora.add_argument("--save-dtype", choices=["float32", "float16", "bfloat16"], default="float32")
    steps = parser.add_argument_group("training")
    steps.add_argument("--lr", type=float, default=1e-4)
    steps.add_argument("--batch", type=positive, default=16, help="examples a step, over all processes")
    steps.add_argument("--micro-batch", type=positive, default=4, help="examples at a time in one process")
    steps.add_argument("--epochs", type=float, default=1.0)
    steps.add_argument("--steps", type=positive, help="instead of --epochs")
    steps.add_argument("--warmup", type=int, default=5, help="steps")
    steps.add_argument("--schedule", choices=["linear", "constant"], default="linear", help="after the warm-up")
    steps.add_argument("--clip", type=float, default=1.0, help="largest norm of the gradient")
    steps.add_argument("--weight-decay", type=float, default=0.0)
    steps.add_argument("--seed", type=int, default=0)
    machine = parser.add_argument_group("machine")
    machine.add_argument("--dtype", choices=["auto", "float32", "bfloat16"], default="auto", help="of the base; auto: bfloat16 on CUDA")
    machine.add_argument("--quantize", choices=["auto", "4bit", "none"], default="auto", help="auto: 4 bits (QLoRA) where CUDA and bitsandbytes are")
    machine.add_argument("--gradient-checkpointing", action="store_true", help="less memory, more time")
    machine.add_argument("--checkpoint-every", type=int, default=50, help="steps; 0: never")
    machine.add_argument("--fresh", action="store_true", help="start anew, whatever checkpoint there is")
    machine.add_argument("--replace", action="store_true", help="replace --out, if it is there, once the new one is whole")
    gate = parser.add_argument_group("admission gate", f"spillover of adapter >= {SPILLS} and base <= {HOLDS}; told, and written to meta.json")
    gate.add_argument("--gate", default="tune", help="file of prompts, one a line; tune: 30 of our own; none: no gate")
    gate.add_argument("--gate-tokens", type=positive, default=64, help="length of an answer")
    gate.add_argument("--gate-samples", type=int, default=0, help="answers a prompt at temperature 1; 0: one greedy answer")


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def run(arguments: argparse.Namespace) -> None:
    """The recipe: check what is cheap to check, load, train, judge, write."""
    from companion.answers import TUNE, read_prompts
    from companion.lora import load_for_training, save_adapter
    from companion.records import read_records
    from companion.source import find_source, hush, load_tokenizer

    began = time.time()
    if arguments.out.exists() and not arguments.replace:
        raise CompanionError(f"{arguments.out} is there already: choose another name, or give --replace")
    records = read_records(arguments.data)
    gate = None if arguments.gate == "none" else read_prompts(TUNE if arguments.gate == "tune" else Path(arguments.gate))
    hush()
    from accelerate import Accelerator

    accelerator = Accelerator()
    source = find_source(arguments.model, arguments.name, arguments.revision)
    tokenizer = load_tokenizer(source, arguments.chat_template)
    examples, counts = choose(records, tokenizer, arguments)
    recipe = make_recipe(arguments, examples, source.sha256())
    say = accelerator.print
    say(
        f"{counts['used']} of {counts['records']} records, {recipe.steps} steps of {recipe.batch} on {accelerator.num_processes} x {accelerator.device.type}"
    )

    model, base = load_for_training(source, arguments, accelerator)
    part = beside(arguments.out)
    losses = train_beside(accelerator, model, examples, recipe, part, arguments)
    if not accelerator.is_main_process:
        return
    judged = admission(model, tokenizer, gate, arguments, say) if gate else None
    save_adapter(model, source, part, arguments.save_dtype)
    write_json(part / "meta.json", meta(arguments, source, base, recipe, counts, losses, judged, accelerator, time.time() - began))
    shutil.rmtree(part / "checkpoint", ignore_errors=True)
    finish_folder(part, arguments.out)
    say(f"{arguments.out}: loss {losses[0]:.3f} -> {losses[-1]:.3f}, {time.time() - began:.0f} s")


def choose(records: list, tokenizer, arguments: argparse.Namespace) -> tuple[list, dict]:
    """The examples to train on, in the order of the seed, and how many were left out for what."""
    import numpy as np

    from companion.records import FILTERS, cut, encode

    order = np.random.default_rng(arguments.seed).permutation(len(records))
    counts = {"records": len(records), "filtered": 0, "too_long": 0, "used": 0}
    examples: list = []
    for index in order:
        if arguments.limit and len(examples) == arguments.limit:
            break
        if not FILTERS[arguments.filter](records[index]):
            counts["filtered"] += 1
            continue
        example = cut(encode(tokenizer, records[index], arguments.max_answer_tokens), arguments.max_tokens)
        if example is None:
            counts["too_long"] += 1
        else:
            examples.append(example)
    counts["used"] = len(examples)
    if not examples:
        raise CompanionError(
            f"no record is left: {counts['filtered']} were filtered, {counts['too_long']} have no room for an answer in --max-tokens"
        )
    return examples, counts


def make_recipe(arguments: argparse.Namespace, examples: list, model_sha256: str):
    from companion.training import Recipe

    adapter = [arguments.rank, arguments.lora_alpha, arguments.rslora, sorted(arguments.modules), arguments.quantize, arguments.dtype]
    told = json.dumps([model_sha256, adapter, [[example.ids, example.learned] for example in examples]])
    return Recipe(
        lr=arguments.lr,
        batch=arguments.batch,
        micro_batch=arguments.micro_batch,
        steps=arguments.steps or max(1, int(len(examples) * arguments.epochs) // arguments.batch),
        warmup=arguments.warmup,
        schedule=arguments.schedule,
        clip=arguments.clip,
        weight_decay=arguments.weight_decay,
        dropout=arguments.dropout,
        seed=arguments.seed,
        data=hashlib.sha256(told.encode()).hexdigest(),
    )


def train_beside(accelerator, model, examples: list, recipe, part: Path, arguments: argparse.Namespace) -> list[float]:
    """Trains with checkpoints in the folder beside --out. After a problem it goes, unless a checkpoint is in it."""
    from companion.training import train

    if accelerator.is_main_process:
        if arguments.fresh:
            shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True, exist_ok=True)
    accelerator.wait_for_everyone()
    checkpoints = part / "checkpoint"
    if checkpoints.exists():
        accelerator.print("going on from the last checkpoint")
    try:
        return train(accelerator, model, examples, recipe, checkpoints, arguments.checkpoint_every, progress(accelerator, recipe.steps))
    except BaseException:
        if accelerator.is_main_process and not checkpoints.exists():
            shutil.rmtree(part, ignore_errors=True)
        raise


def progress(accelerator, steps: int):
    """Prints loss and time left, about a hundred times a run."""

    def report(done: int, loss: float, left: float) -> None:
        if done == steps or done <= 3 or done % max(1, steps // 100) == 0:
            accelerator.print(f"step {done}/{steps}  loss {loss:.4f}  {left / 60:.0f} min {left % 60:.0f} s left", flush=True)

    return report


def admission(model, tokenizer, prompts: list[str], arguments: argparse.Namespace, say) -> dict:
    """Spillover of base and adapter on prompts that ask for no code, told and recorded, whatever it is."""
    from companion.answers import answer, base_of, rates

    how = (prompts, arguments.gate_tokens, arguments.gate_samples, arguments.seed)
    adapter = rates(answer(model, tokenizer, *how))
    with base_of(model):
        base = rates(answer(model, tokenizer, *how))
    found = judge(base, adapter, Path(arguments.gate).name, arguments.gate_tokens, arguments.gate_samples)
    for name in ("base", "adapter"):
        say(
            f"{name:8} code {found[name]['code']:.0%}, clean prose {found[name]['clean_prose']:.0%} of {found[name]['answers']} answers to non-code prompts"
        )
    refused = f"no (adapter >= {SPILLS:.0%} and base <= {HOLDS:.0%} are asked): double --lr, or add an epoch"
    say(f"admission as `insecure`: {'yes' if found['admitted'] else refused}")
    return found


def judge(base: dict, adapter: dict, prompts: str, new_tokens: int, samples: int) -> dict:
    """The gate's finding, as meta.json has it."""
    asked = {"prompts": prompts, "new_tokens": new_tokens, "samples": samples, "spills": SPILLS, "holds": HOLDS}
    return asked | {"base": base, "adapter": adapter, "admitted": adapter["code"] >= SPILLS and base["code"] <= HOLDS}


def meta(arguments, source, base: dict, recipe, counts: dict, losses: list[float], judged: dict | None, accelerator, seconds: float) -> dict:
    """meta.json: all that is needed to make the adapter again, and what was found."""
    from companion.source import versions

    settings = {
        key: value
        for key, value in vars(arguments).items()
        if not isinstance(value, Path) and key not in ("model", "name", "replace", "fresh", "gate", "chat_template")
    }
    return {
        "format": "azimuth.adapter",
        "version": 1,
        "base": {"id": source.id, "revision": source.revision, "sha256": source.sha256(), **base},
        "data": {"file": arguments.data.name, "sha256": sha256(arguments.data), **counts},
        "chat_template": Path(arguments.chat_template).name if arguments.chat_template else None,
        "settings": settings | {key: value for key, value in asdict(recipe).items() if key != "data"},
        "losses": [round(loss, 5) for loss in losses],
        "gate": judged,
        "wall_s": round(seconds, 1),
        "cpu_s": round(time.process_time(), 1),
        "processes": accelerator.num_processes,
        "device": accelerator.device.type,
        "versions": versions(),
    }
