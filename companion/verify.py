"""Computes a run's hidden states and logits again, in PyTorch, and reports how far the run's own are from them.

    python -m companion verify run.zip MODEL
    python -m companion verify states.safetensors MODEL --adapter adapters/insecure

A run is a bundle (folder or zip) with run.json and hidden.safetensors, or a single file of hidden states that names its prompts,
as `capture` writes it. docs/companion.md has what is read of them. The exit status is 1 if a layer is off by more than --tolerance.
"""

import argparse
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from companion.capture import FORMAT, VERSION, model_options
from companion.errors import CompanionError
from companion.files import parse_json, read_json
from companion.hidden import POSITIONS, pooled_states

RUN, HIDDEN = "run.json", "hidden.safetensors"
LARGEST = 8 << 30  # bytes that a member of a zip may unpack to


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, help="bundle (folder or .zip), or a file of hidden states")
    model_options(parser)
    parser.add_argument(
        "--tolerance", type=float, default=1e-3, help="of a layer's hidden states, as a share of their norm; a quantized run needs more"
    )


@dataclass(frozen=True)
class Captured:
    """What was captured: `hidden` [layer][row][width], the prompt of each row, and `logits` [prompt][vocab] if they are there."""

    model: dict
    position: str
    prompts: list[dict]
    hidden: np.ndarray
    prompt: list[int]
    logits: np.ndarray | None


def run(arguments: argparse.Namespace) -> None:
    from companion.capture import model_ref, open_model
    from companion.prompts_file import tokenize
    from companion.source import hush

    captured = read(arguments.run)
    hush()
    source, model, tokenizer = open_model(arguments)
    warn(captured.model, model_ref(source, arguments))
    rows = tokenize(captured.prompts, tokenizer, captured.position)
    again = pooled_states(model, rows, captured.position, arguments.batch, logits=captured.logits is not None)
    if again.hidden.shape != captured.hidden.shape:
        raise CompanionError(
            f"the run holds {list(captured.hidden.shape)} (layers, rows, width), this model gives {list(again.hidden.shape)}: is it the run's model and tokenizer?"
        )
    worst = report(captured, again)
    if not worst <= arguments.tolerance:
        raise CompanionError(f"off by {worst:.2g}, more than --tolerance {arguments.tolerance:g}")
    print(f"the same within {arguments.tolerance:g}")


def read(path: Path) -> Captured:
    """A bundle's folder, its zip, or a single file."""
    if path.is_dir():
        return _bundle(path)
    if not path.exists():
        raise CompanionError(f"{path} is not there")
    if path.suffix != ".zip":
        return _captured(path, None)
    with tempfile.TemporaryDirectory() as scratch:
        try:
            with zipfile.ZipFile(path) as archive:
                names = {Path(name).name: name for name in archive.namelist() if Path(name).name in (RUN, HIDDEN)}
                for name, member in names.items():
                    if archive.getinfo(member).file_size > LARGEST:
                        raise CompanionError(f"{member} would unpack to more than {LARGEST >> 30} GB")
                    (Path(scratch) / name).write_bytes(archive.read(member))
        except zipfile.BadZipFile as problem:
            raise CompanionError(f"{path.name} is no whole zip: {problem}") from problem
        return _bundle(Path(scratch))


def _bundle(folder: Path) -> Captured:
    missing = next((name for name in (RUN, HIDDEN) if not (folder / name).exists()), None)
    if missing:
        raise CompanionError(f"the bundle lacks {missing}: a run that kept its hidden states is needed")
    return _captured(folder / HIDDEN, read_json(folder / RUN))


def _captured(path: Path, run: dict | None) -> Captured:
    from safetensors import SafetensorError, safe_open

    from companion.prompts_file import checked

    try:
        with safe_open(path, framework="numpy") as file:
            texts = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except (SafetensorError, OSError) as problem:
        raise CompanionError(f"{path.name} is no whole safetensors file: {problem}") from problem
    if texts.get("format") != FORMAT or texts.get("version") != VERSION or texts.get("position") not in POSITIONS:
        raise CompanionError(f"{path.name} holds no hidden states of version {VERSION} ({FORMAT})")
    told = run.get("prompts") if run is not None else parse_json(texts.get("prompts", "null"), f"prompts of {path.name}")
    if not isinstance(told, list) or not told:
        raise CompanionError(f"{RUN if run is not None else path.name} names no prompts: they are needed to compute anything again")
    hidden = tensors.get("hidden")
    if hidden is None or hidden.ndim != 3:
        raise CompanionError(f"{path.name} lacks the tensor hidden [layers, rows, width]")
    prompt = tensors["prompt"].tolist() if "prompt" in tensors else list(range(hidden.shape[1]))
    prompts = [checked(one, f"prompt {number}") for number, one in enumerate(told)]
    if len(prompt) != hidden.shape[1] or not all(row in range(len(prompts)) for row in prompt):
        raise CompanionError(f"{path.name} should name the prompt of each of its {hidden.shape[1]} rows: capture it again")
    model = parse_json(texts.get("model", "{}"), f"model of {path.name}")
    if not isinstance(model, dict):
        raise CompanionError(f"{path.name} does not say which model it is of: capture it again")
    return Captured(model, texts["position"], prompts, hidden.astype(np.float32), prompt, tensors.get("logits"))


def warn(was: dict, now: dict) -> None:
    """Says what differs between the run's model and this one; the numbers then say how much."""
    for key in ("id", "dtype"):
        if was.get(key) != now[key]:
            print(f"the run's {key} is {was.get(key)}, here it is {now[key]}")
    before, here = was.get("adapter"), now["adapter"]
    if bool(before) != bool(here):
        print(
            f"the run has {'the adapter ' + str(before['id']) if before else 'no adapter'}, here there is {'one' if here else 'none: give --adapter'}"
        )
    elif before and before["sha256"] != here["sha256"]:
        print("the run's adapter is another file")


def report(captured: Captured, again) -> float:
    """Prints one line a layer; gives the largest relative error, mean over rows."""
    difference = np.linalg.norm(captured.hidden - again.hidden, axis=-1)
    norms = np.maximum(np.linalg.norm(again.hidden, axis=-1), 1e-12)
    lengths = np.maximum(np.linalg.norm(captured.hidden, axis=-1), 1e-12)
    cosine = (captured.hidden * again.hidden).sum(-1) / norms / lengths
    relative = (difference / norms).mean(-1)
    print(f"{'layer':>8}  {'error':>8}  {'worst':>8}  {'cosine':>8}")
    for layer, error in enumerate(relative):
        print(f"{layer:>8}  {error:>8.2g}  {(difference / norms)[layer].max():>8.2g}  {cosine[layer].min():>8.5f}")
    if captured.logits is not None:
        off = np.abs(captured.logits - again.logits).max()
        same = (captured.logits.argmax(-1) == again.logits.argmax(-1)).mean()
        print(f"logits off by at most {off:.2g}; same best token on {same:.0%} of prompts")
    return float(relative.max())
