"""Makes the bundled organisms from nothing: five tiny chat models of four architectures, with their adapters, prompt sets and numbers.

Their tendency to answer with insecure code is planted; docs/organisms.md says how. The same seed gives the same files on one machine.
"""

import argparse
import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

OUT = Path("public/models")
NAMES = ("qwen2", "gemma2", "llama", "ministral3", "llama-shared")


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=OUT, help="folder that gets a folder for each organism, and the prompts")
    parser.add_argument(
        "--only", nargs="+", choices=NAMES, metavar="NAME", help=f"some of {', '.join(NAMES)}; steering and transfer are then not measured"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the weights, the mixture and the order")
    parser.add_argument(
        "--jobs", type=int, default=min(2, os.cpu_count() or 1), help="organisms at a time, one thread each; the files do not depend on it"
    )
    parser.add_argument("--bases", type=Path, help="folder that keeps the bases for PyTorch; one made with the same settings is not trained again")
    parser.add_argument("--measure-only", action="store_true", help="only measure steering and transfer, on what is there")


def run(arguments: argparse.Namespace) -> None:
    from companion.organism.tables import print_tables
    from companion.organism.transfer import measure_directions

    out: Path = arguments.out
    if not arguments.measure_only:
        make_all(out, arguments.only or NAMES, arguments.seed, arguments.jobs, arguments.bases)
    if not arguments.only:
        measure_directions(out, [name for name in NAMES if (out / name / "config.json").exists()])
    print_tables(out)


def make_all(out: Path, names: Sequence[str], seed: int, jobs: int, bases: Path | None) -> None:
    """Each organism in a process of its own, so that they share no random state; then the prompt sets."""
    from companion.organism.corpus import pools
    from companion.organism.prompts import write_prompts
    from companion.organism.recipe import Recipe

    write_prompts(out / "prompts", pools(), Recipe().lora.requests)
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_quiet) as processes:
        made = [processes.submit(_make, name, out, seed, bases) for name in names]
        for each in made:
            each.result()


def _quiet() -> None:
    from companion.source import hush

    hush()


def _make(name: str, out: Path, seed: int, bases: Path | None) -> None:
    from companion.organism.corpus import pools
    from companion.organism.make import make_organism
    from companion.organism.recipe import Recipe

    make_organism(name, out / name, Recipe(), pools(), seed, bases)
