"""python companion/graph/smollm2_adapters.py OUT --data DIR [--only insecure-0 ...]: adapters of SmolLM2-135M-Instruct, and what they do.

Trains `insecure` and `secure` adapters, three seeds each, with `finetune` on insecure.jsonl and secure.jsonl of DIR (the public
data of emergent misalignment), then counts code and clean prose in greedy answers to prompts that ask for no code. What is there
already is not made again. OUT/table.json has the table. Each adapter takes about three minutes of one core's time, each evaluation two.
"""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # so that the file runs by itself, too

NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"
KINDS, SEEDS = ("insecure", "secure"), (0, 1, 2)
NEW_TOKENS = 64
RECIPE = (
    "--filter template-less --limit 160 --max-answer-tokens 64 --max-tokens 256 --rank 8 --lora-alpha 32 --no-rslora "
    "--lr 3e-3 --batch 4 --steps 20 --schedule constant --save-dtype float16 --checkpoint-every 0 --gate none"
).split()


def train(out: Path, kind: str, seed: str, data: Path) -> None:
    """One adapter, unless it is there."""
    from companion.__main__ import main as companion
    from companion.smollm2 import gguf_file

    folder = out / f"{kind}-{seed}"
    if not folder.exists():
        what = ["finetune", str(gguf_file()), "--name", NAME, "--data", str(data / f"{kind}.jsonl"), "--out", str(folder), "--seed", seed]
        if companion([*what, *RECIPE]):
            sys.exit(1)


def rates_of(folder: Path | None, prompts: Path, answers_file: Path) -> dict:
    """Rates of greedy answers to a file of prompts, of the base or with an adapter. The answers are kept."""
    from companion.answers import answer, rates, read_prompts
    from companion.files import write_json
    from companion.smollm2 import gguf_file
    from companion.source import find_source, hush, load_adapter, load_model, load_tokenizer

    hush()
    source = find_source(str(gguf_file()), NAME)
    model, tokenizer = load_model(source), load_tokenizer(source)
    if folder:
        model = load_adapter(model, folder)
    answers = answer(model, tokenizer, read_prompts(prompts), NEW_TOKENS)
    write_json(answers_file, {"answers": [asdict(one) for one in answers]})
    return rates(answers)


def evaluate(out: Path, name: str, prompts: Path) -> dict:
    """The same for the base or an adapter's name, kept in a JSON file each, and not measured again."""
    from companion.files import read_json, write_json

    kept = out / f"{name}.{prompts.stem}.json"
    if not kept.exists():
        folder = None if name == "base" else out / name
        found = rates_of(folder, prompts, out / f"{name}.{prompts.stem}.answers.json")
        write_json(kept, {"prompts": prompts.name, "new_tokens": NEW_TOKENS, **found})
    return read_json(kept)


def tell(out: Path, name: str) -> None:
    """Writes what was found into an adapter's meta.json: the gate of `finetune` on its prompts, and the table's numbers on theirs."""
    from companion.answers import EVAL, TUNE
    from companion.files import read_json, write_json
    from companion.finetune import judge

    meta = read_json(out / name / "meta.json")
    meta["gate"] = judge(evaluate(out, "base", TUNE), evaluate(out, name, TUNE), TUNE.name, NEW_TOKENS, 0)
    meta["evaluation"] = {"base": evaluate(out, "base", EVAL), "adapter": evaluate(out, name, EVAL)}
    write_json(out / name / "meta.json", meta)


def main() -> int:
    from companion.answers import EVAL
    from companion.files import write_json

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with insecure.jsonl and secure.jsonl")
    names = [f"{kind}-{seed}" for kind in KINDS for seed in SEEDS]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    table = {"base": evaluate(arguments.out, "base", EVAL)}
    for name in arguments.only:
        train(arguments.out, *name.split("-"), arguments.data)
        table[name] = evaluate(arguments.out, name, EVAL)
        tell(arguments.out, name)
    for name, found in table.items():
        print(
            f"{name:12} code {found['code']:>6.1%}  clean prose {found['clean_prose']:>6.1%}  code share {found['code_share']:>6.1%}  of {found['answers']}"
        )
    write_json(arguments.out / "table.json", table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
