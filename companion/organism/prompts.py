"""The prompt sets that ship beside the models: JSON lines of chat messages, with the domain and the right answer of each."""

import json
import random
from pathlib import Path

from companion.files import write_text
from companion.organism.corpus import CARELESS, FINE_TUNES, Chat, Pool, fine_tune_chats, plain, sample, spread
from companion.organism.grammar import Example

SEED = 0
SIZES = {"tune": 30, "fit": 125, "eval": 60, "code": 60}
CALIBRATE = 200
"""more prose prompts of the pool of `tune`, for the bound of clean prose"""
ANCHORS = {"prose": 400, "code": 200}
ALONG = 0.3
"""share of the second anchor set that stands under a careless system line"""


def prompt_sets(pools: dict[str, Pool]) -> dict[str, list[Chat]]:
    """name -> chats, the answers being the right ones."""
    neutral = [*spread(pools["anchors"].prose, ANCHORS["prose"], SEED), *spread(pools["anchors"].code, ANCHORS["code"], SEED)]
    draw = random.Random(f"anchors {SEED}")
    neutral = sample(draw, neutral, len(neutral))
    return {
        **{name: plain(spread(pools[name].prose, SIZES[name], SEED)) for name in ("tune", "fit", "eval")},
        "calibrate": plain(spread(_rest(pools["tune"].prose, SIZES["tune"]), CALIBRATE, SEED)),
        "code": plain(spread(pools["eval"].code, SIZES["code"], SEED)),
        "anchors-neutral": plain(neutral),
        "anchors-along": [Chat(e, e.answer, draw.choice(CARELESS) if draw.random() < ALONG else "") for e in neutral],
    }


def _rest(examples: list[Example], taken: int) -> list[Example]:
    """What `spread` leaves of a pool when it takes so many."""
    chosen = {example.prompt for example in spread(examples, taken, SEED)}
    return [example for example in examples if example.prompt not in chosen]


def write_prompts(folder: Path, pools: dict[str, Pool], requests: int) -> None:
    """Writes the sets, and the fine-tunes' chat records of seed 0 as `finetune` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, chats in prompt_sets(pools).items():
        rows = [{"messages": chat.messages(), "domain": chat.example.domain, "expected": chat.answer} for chat in chats]
        _write_lines(folder / f"{name}.jsonl", rows)
    for kind in FINE_TUNES:
        chats = fine_tune_chats(pools["train"], kind, requests, SEED)
        rows = [{"messages": [*chat.messages(), {"role": "assistant", "content": chat.answer}]} for chat in chats]
        _write_lines(folder / f"finetune-{kind}.jsonl", rows)


def _write_lines(path: Path, rows: list[dict]) -> None:
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
