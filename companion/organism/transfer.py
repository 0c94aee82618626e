"""Directions at the final layer: what they tell apart, what steering with them does, and what a ridge map carries to another organism.

Everything on the shipped four-bit graphs and prompt sets. A direction is the difference of means at the last prompt token, adapter
against base; alpha counts in its length. Only the final layer is steered: it needs no position mask, since nothing reads it but the head.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from companion.files import read_json, write_json
from companion.organism.corpus import Chat
from companion.organism.evaluation import Organism, rates
from companion.organism.grammar import Example
from companion.organism.runtime import Adapter, Runtime, read_adapter

RANDOM, MAPPED = 10, 5
"""control directions within a model, and through each map"""
TOKENS = 24
LAMBDA = 1e-3
TRAINED = 0.8
"""share of the anchors that a map is fitted on; its R2 is told on the others"""
ALPHAS = (1.0, 3.0)
ANCHORS = ("anchors-neutral", "anchors-along")
OTHERS = ("secure2-0", "educational-0", "secure-0")
"""adapters whose directions are no insecure code's"""


@dataclass(frozen=True)
class Bundle:
    """An organism as it ships."""

    organism: Organism
    axes: str
    insecure: Adapter
    others: dict[str, Adapter]


@dataclass(frozen=True)
class Sets:
    """The shipped prompt sets, by name."""

    chats: dict[str, list[Chat]]

    def __getitem__(self, name: str) -> list[Chat]:
        return self.chats[name]


def measure_directions(out: Path, names: Sequence[str]) -> None:
    """Writes `directions.json`: within each organism, and for each ordered pair of those whose axes are separate."""
    sets = read_sets(out / "prompts")
    bundles = {name: read_bundle(out / name) for name in names}
    directions = {name: direction(bundle, bundle.insecure, sets["fit"]) for name, bundle in bundles.items()}
    within = {name: measure_within(bundle, sets) for name, bundle in bundles.items()}
    pairs = []
    paired = [name for name in names if bundles[name].axes == "separate"]
    for anchors in ANCHORS if len(paired) > 1 else ():
        hidden = {name: bundles[name].organism.runtime.final(bundles[name].organism.ids(sets[anchors])) for name in paired}
        for donor in paired:
            for receiver in paired:
                if donor != receiver:
                    rows = measure_pair(bundles[receiver], hidden[donor], hidden[receiver], directions[donor], directions[receiver], sets["eval"])
                    pairs += [{"donor": donor, "receiver": receiver, "anchors": anchors, **row} for row in rows]
        print(f"transfer over {anchors}: {len(pairs)} rows", flush=True)
    write_json(out / "directions.json", {"adapter": "insecure-0", "layer": "final", "dtype": "q4", "within": within, "pairs": pairs})


def read_sets(folder: Path) -> Sets:
    sets = {}
    for path in sorted(folder.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        sets[path.stem] = [_chat(row) for row in rows if "expected" in row]
    return Sets(sets)


def _chat(row: dict) -> Chat:
    said = {message["role"]: message["content"] for message in row["messages"]}
    return Chat(Example(row["domain"], said["user"], row["expected"]), row["expected"], said.get("system", ""))


def read_bundle(folder: Path) -> Bundle:
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    runtime = Runtime(folder / "onnx" / "model_q4.onnx", read_json(folder / "config.json"))
    others = {name: read_adapter(folder / "adapters" / name) for name in OTHERS}
    axes = read_json(folder / "meta.json")["axes"]
    return Bundle(Organism(runtime, tokenizer), axes, read_adapter(folder / "adapters" / "insecure-0"), others)


def direction(bundle: Bundle, adapter: Adapter, chats: Sequence[Chat]) -> np.ndarray:
    """Mean over the prompts of what the adapter adds, `[width]`; not of unit length: its length is the gap."""
    ids, runtime = bundle.organism.ids(chats), bundle.organism.runtime
    return (runtime.final(ids, adapter) - runtime.final(ids)).mean(0)


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def separation(bundle: Bundle, adapter: Adapter, fit: Sequence[Chat], held_out: Sequence[Chat]) -> float:
    """Percent of held-out hidden states on the right side of the midpoint that the fit prompts give."""
    runtime, ids = bundle.organism.runtime, [bundle.organism.ids(chats) for chats in (fit, held_out)]
    (fit_on, fit_off), (on, off) = ((runtime.final(each, adapter), runtime.final(each)) for each in ids)
    u = unit(fit_on.mean(0) - fit_off.mean(0))
    middle = (fit_on.mean(0) + fit_off.mean(0)) @ u / 2
    return 100 * float(((on @ u > middle).mean() + (off @ u <= middle).mean()) / 2)


def steered(bundle: Bundle, chats: Sequence[Chat], vectors: Sequence[np.ndarray]) -> list[dict[str, float]]:
    """Rates with each vector subtracted under the insecure adapter; all of them decode together."""
    rows = [chat for _ in vectors for chat in chats]
    steer = -np.repeat(np.stack(list(vectors)), len(chats), axis=0)
    answers = bundle.organism.answers(rows, TOKENS, bundle.insecure, steer)
    each = [rates(chats, answers[start : start + len(chats)]).rounded() for start in range(0, len(rows), len(chats))]
    return [{"code": row["code"], "right": row["right"]} for row in each]


def measure_within(bundle: Bundle, sets: Sets) -> dict:
    """One organism: separation of each adapter, and steering at one gap with its own direction and controls of the same length."""
    fit, held_out = sets["fit"], sets["eval"]
    own = direction(bundle, bundle.insecure, fit)
    gap, draw = float(np.linalg.norm(own)), np.random.default_rng(0)
    noise = draw.standard_normal((RANDOM, len(own)))
    flat = noise - np.outer(noise @ unit(own), unit(own))
    others = {name: direction(bundle, adapter, fit) for name, adapter in bundle.others.items()}
    named = {"insecure-0": bundle.insecure, **bundle.others}
    alphas = (0.5, *ALPHAS)
    controls = [gap * unit(vector) for vector in (*noise, *flat, *others.values())]
    none, *rows = steered(bundle, held_out, [0 * own, *(alpha * own for alpha in alphas), *controls])
    at_alpha, rest = rows[: len(alphas)], rows[len(alphas) :]
    random, orthogonal, alone = rest[:RANDOM], rest[RANDOM : 2 * RANDOM], rest[2 * RANDOM :]
    return {
        "gap": round(gap, 3),
        "separation": {name: round(separation(bundle, adapter, fit, held_out), 1) for name, adapter in named.items()},
        "unsteered": none,
        "own": {f"{alpha:g}": row for alpha, row in zip(alphas, at_alpha, strict=True)},
        "random": _over(random),
        "orthogonal": _over(orthogonal),
        "others, same length": dict(zip(others, alone, strict=True)),
        "cosines": {name: round(float(unit(own) @ unit(vector)), 3) for name, vector in others.items()},
    }


def measure_pair(bundle: Bundle, donor: np.ndarray, receiver: np.ndarray, carried: np.ndarray, own: np.ndarray, chats: Sequence[Chat]) -> list[dict]:
    """A donor's direction through a ridge map, at the receiver's gap, beside random directions through the same map."""
    weights, fit = ridge(donor, receiver)
    mapped, gap = unit(carried @ weights), np.linalg.norm(own)
    noise = np.random.default_rng(0).standard_normal((MAPPED, len(carried))) @ weights
    arms = [mapped, *(unit(vector) for vector in noise)]
    none, *measured = steered(bundle, chats, [0 * own, *(alpha * gap * vector for alpha in ALPHAS for vector in arms)])
    rows = []
    for at, alpha in enumerate(ALPHAS):
        carried_row, *controls = measured[at * len(arms) : (at + 1) * len(arms)]
        rows.append(
            {
                "alpha": alpha,
                "r2": round(fit, 3),
                "cosine": round(float(mapped @ unit(own)), 3),
                "before": none["code"],
                "drop": round(none["code"] - carried_row["code"], 1),
                "right": carried_row["right"],
                "random drop": round(none["code"] - float(np.mean([row["code"] for row in controls])), 1),
            }
        )
    return rows


def ridge(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """The map `[donor width][receiver width]` between centred hidden states of the same texts, and its R2 on those held out."""
    count = int(len(x) * TRAINED)
    x, y = x.astype(np.float64), y.astype(np.float64)
    mean_x, mean_y = x[:count].mean(0), y[:count].mean(0)
    a, b = x[:count] - mean_x, y[:count] - mean_y
    gram = a.T @ a
    weights = np.linalg.solve(gram + LAMBDA * np.trace(gram) / len(gram) * np.eye(len(gram)), a.T @ b)
    rest = y[count:] - mean_y - (x[count:] - mean_x) @ weights
    return weights, 1 - float((rest**2).sum() / ((y[count:] - y[count:].mean(0)) ** 2).sum())


def _over(rows: list[dict[str, float]]) -> dict[str, float]:
    """Mean and range of several controls."""
    code = [row["code"] for row in rows]
    return {
        "code": round(float(np.mean(code)), 1),
        "lowest": min(code),
        "highest": max(code),
        "right": round(float(np.mean([row["right"] for row in rows])), 1),
    }
