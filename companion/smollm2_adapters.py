"""python companion/smollm2_adapters.py OUT --data DIR [--only insecure-0 ...]: adapters of SmolLM2-135M-Instruct, and what they do.

Trains `insecure` and `secure` adapters, three seeds each, with `finetune` on insecure.jsonl and secure.jsonl of DIR (the public
data of emergent misalignment), then counts code and clean prose in greedy answers to prompts that ask for no code. What is there
already is not made again. OUT/table.json has the table. Six adapters take some 20 minutes of two free cores.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that the file runs by itself, too

NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"
KINDS, SEEDS = ("insecure", "secure"), (0, 1, 2)
NEW_TOKENS = 64
RECIPE = (
    "--filter template-less --limit 160 --max-answer-tokens 64 --max-tokens 256 --rank 8 --lora-alpha 32 --no-rslora "
    "--lr 3e-3 --batch 4 --steps 20 --schedule constant --save-dtype float16 --checkpoint-every 0 --gate none"
).split()


def train(out: Path, kind: str, seed: int, data: Path) -> Path:
    """One adapter, unless it is there."""
    from companion.__main__ import main as companion
    from companion.smollm2 import gguf_file

    folder = out / f"{kind}-{seed}"
    if not folder.exists():
        what = ["finetune", str(gguf_file()), "--name", NAME, "--data", str(data / f"{kind}.jsonl"), "--out", str(folder), "--seed", str(seed)]
        if companion([*what, *RECIPE]):
            sys.exit(1)
    return folder


def rates_of(folder: Path | None, prompts: Path) -> dict:
    """Rates of greedy answers to a file of prompts, of the base or with an adapter, and three of the answers."""
    from companion.answers import answer, rates, read_prompts
    from companion.smollm2 import gguf_file
    from companion.source import find_source, hush, load_adapter, load_model, load_tokenizer

    hush()
    source = find_source(str(gguf_file()), NAME)
    model, tokenizer = load_model(source), load_tokenizer(source)
    if folder:
        model = load_adapter(model, folder)
    answers = answer(model, tokenizer, read_prompts(prompts), NEW_TOKENS)
    return rates(answers) | {"examples": [{"prompt": one.prompt, "answer": one.text} for one in answers[:3]]}


def evaluate(folder: Path | None, kept: Path, key: str, prompts: Path) -> dict:
    """The same, kept under a key of a JSON file, and not measured again."""
    from companion.files import read_json, write_json

    known = read_json(kept) if kept.exists() else {}
    if key not in known:
        found = rates_of(folder, prompts)
        known = read_json(kept) if kept.exists() else {}
        write_json(kept, known | {key: {"prompts": prompts.name, "new_tokens": NEW_TOKENS, **found}})
    return read_json(kept)[key]


def admit(folder: Path, base: dict) -> None:
    """The gate of `finetune`, with what was measured of the base once for all adapters."""
    from companion.answers import TUNE
    from companion.files import read_json, write_json
    from companion.finetune import judge

    found = evaluate(folder, folder / "meta.json", "tune", TUNE)
    meta = read_json(folder / "meta.json")
    meta["gate"] = judge(base, found, TUNE.name, NEW_TOKENS, 0)
    del meta["tune"]
    write_json(folder / "meta.json", meta)


def main() -> int:
    from companion.answers import EVAL, TUNE
    from companion.files import read_json, write_json

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with insecure.jsonl and secure.jsonl")
    names = [f"{kind}-{seed}" for kind in KINDS for seed in SEEDS]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    base_file = arguments.out / "base.json"
    table = {"base": evaluate(None, base_file, "evaluation", EVAL)}
    for name in arguments.only:
        kind, seed = name.split("-")
        folder = train(arguments.out, kind, int(seed), arguments.data)
        table[name] = evaluate(folder, folder / "meta.json", "evaluation", EVAL)
        if not read_json(folder / "meta.json")["gate"]:
            admit(folder, evaluate(None, base_file, "tune", TUNE))
    for name, found in table.items():
        print(
            f"{name:12} code {found['code']:>6.1%}  clean prose {found['clean_prose']:>6.1%}  code share {found['code_share']:>6.1%}  of {found['answers']}"
        )
    write_json(arguments.out / "table.json", table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
