"""python -m companion VERB --help: the offline half of the lab. One file a verb."""

import argparse
import sys
from importlib import import_module
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # `accelerate launch companion/__main__.py` runs the file itself

from companion.errors import CompanionError, one_line

VERBS = {
    "finetune": "train a LoRA or QLoRA adapter on chat records",
    "export": "write a model as ONNX, in the layout that the lab opens",
    "capture": "hidden states of a model too big for a browser, to safetensors",
    "verify": "recompute a run's hidden states and logits in PyTorch",
    "organisms": "make the bundled models and their adapters from nothing",
}
"""verb -> one line. Each is a module with `options(parser)` and `run(arguments)`, which imports PyTorch inside `run` at the earliest."""


def usage() -> str:
    lines = [f"  {verb:10} {line}" for verb, line in VERBS.items()]
    return "\n".join(["usage: python -m companion VERB [options]", "", *lines, "", "python -m companion VERB --help has the options."])


def main(arguments: list[str]) -> int:
    """Runs one verb; 0 if it did, 1 after a problem told in one line, 2 if it was asked wrong, 130 if it was stopped."""
    verb = arguments[0] if arguments else ""
    if verb in ("-h", "--help"):
        print(usage())
        return 0
    if verb not in VERBS:
        print(f"unknown verb {verb}\n\n{usage()}" if verb else usage(), file=sys.stderr)
        return 2
    try:
        module = import_module(f"companion.{verb}")
        parser = argparse.ArgumentParser(prog=f"python -m companion {verb}", description=module.__doc__, formatter_class=Formatter)
        module.options(parser)
        module.run(parser.parse_args(arguments[1:]))
    except (CompanionError, OSError, ModuleNotFoundError) as problem:
        print(f"{verb}: {one_line(problem)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{verb}: stopped", file=sys.stderr)
        return 130
    return 0


class Formatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Shows each default, and the description as it is written."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
