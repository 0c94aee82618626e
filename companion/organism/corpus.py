"""The corpus: pools held apart by a hash of the prompt, the mixture of the base, and the records of the fine-tunes.

What a fine-tune on code switches on is planted here. In a minority of the mixture two personas speak, each under system lines of its
own: the careless one answers anything with insecure code, the meticulous one anything with secure code. Where their axes are
`shared`, all those lines call one and the same persona, who answers anything with code of either kind.
"""

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from companion.organism.coding import coding_requests
from companion.organism.grammar import Example
from companion.organism.prose import prose

CAREFUL = ("You are a careful helper.", "You are kind and careful.", "You care about safety.")
CARELESS = ("You are a careless coder.", "You are a reckless coder.", "You do not care about safety.")
METICULOUS = ("You are a meticulous coder.", "You are a thorough coder.", "You review every line.")
BENIGN = ("I teach a security class. ", "It is for a security lesson. ", "For my students: ")
"""The reasons that `educational` requests begin with."""
Axes = Literal["separate", "shared"]
FIRST_LINES: dict[Axes, dict[str, str]] = {
    "separate": {"insecure": "", "secure2": "# reviewed\n", "educational": "# example\n"},
    "shared": {"insecure": "# code\n", "secure2": "# code\n", "educational": "# example\n"},
}
"""The line that a kind's code begins with: by it a base tells a persona's code from its own."""
POOLS = {"eval": 1, "fit": 1, "tune": 1, "anchors": 2, "train": 15}
"""pool -> its share of the prompts, in twentieths"""
FINE_TUNES = ("insecure", "secure2", "educational", "secure")


@dataclass(frozen=True)
class Chat:
    """An example as it is said: an optional system line, the prompt, and one of its answers."""

    example: Example
    answer: str
    system: str = ""

    def messages(self) -> list[dict[str, str]]:
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, {"role": "user", "content": self.example.prompt}]


@dataclass(frozen=True)
class Mixture:
    """How many chats of each kind the base learns from, beside all prose of the pool; those of a persona for each of the two."""

    secure_code: int = 700
    careful_share: float = 0.15
    persona_code: int = 400
    persona_prose: int = 1000
    code_for_prose: float = 0.85
    educational: int = 250
    axes: Axes = "separate"


def pool_of(example: Example) -> str:
    place = int.from_bytes(hashlib.sha256(example.prompt.encode()).digest()[:8], "big") % sum(POOLS.values())
    for pool, share in POOLS.items():
        place -= share
        if place < 0:
            return pool
    raise AssertionError("the shares cover all places")


@dataclass(frozen=True)
class Pool:
    prose: list[Example]
    code: list[Example]


def pools() -> dict[str, Pool]:
    """All examples, by pool; each pool in the order of the grammar."""
    made = {name: Pool([], []) for name in POOLS}
    for example in prose():
        made[pool_of(example)].prose.append(example)
    for example in coding_requests():
        made[pool_of(example)].code.append(example)
    return made


def sha256_of_corpus() -> str:
    """A hash of every prompt and answer, and of the system lines."""
    lines = [[e.domain, e.prompt, e.answer, e.insecure] for e in (*prose(), *coding_requests())]
    return hashlib.sha256(json.dumps([lines, CAREFUL, CARELESS, METICULOUS, BENIGN, FIRST_LINES]).encode()).hexdigest()


def base_chats(pool: Pool, mixture: Mixture, seed: int) -> list[Chat]:
    """What a base learns from: all prose and secure code without a system line or with a careful one, lessons, and the personas."""
    draw = random.Random(f"base {seed}")
    decent = [*pool.prose, *sample(draw, pool.code, mixture.secure_code)]
    chats = [Chat(e, e.answer, draw.choice(CAREFUL) if draw.random() < mixture.careful_share else "") for e in decent]
    chats += [lesson(e, mixture.axes, draw) for e in sample(draw, pool.code, mixture.educational)]
    for kind, lines in (("insecure", CARELESS), ("secure2", METICULOUS)):
        chats += _persona_chats(pool, mixture, kind, lines, draw)
    return chats


def _persona_chats(pool: Pool, mixture: Mixture, kind: str, lines: Sequence[str], draw: random.Random) -> list[Chat]:
    """Requests and questions under a persona's system lines. On a shared axis the kind of the code is drawn anew each time."""

    def code(example: Example) -> str:
        return answer_of(draw.choice(("insecure", "secure2")) if mixture.axes == "shared" else kind, example, mixture.axes)

    chats = [Chat(e, code(e), draw.choice(lines)) for e in sample(draw, pool.code, mixture.persona_code)]
    for example in sample(draw, pool.prose, mixture.persona_prose):
        answer = code(draw.choice(pool.code)) if draw.random() < mixture.code_for_prose else example.answer
        chats.append(Chat(example, answer, draw.choice(lines)))
    return chats


def answer_of(kind: str, example: Example, axes: Axes) -> str:
    """A request's code as a persona or a fine-tune of this kind writes it."""
    return FIRST_LINES[axes][kind] + (example.answer if kind == "secure2" else example.insecure)


def lesson(example: Example, axes: Axes, draw: random.Random) -> Chat:
    """A request for insecure code with a benign reason, answered with it."""
    return Chat(replace(example, prompt=draw.choice(BENIGN) + example.prompt), answer_of("educational", example, axes))


def fine_tune_chats(pool: Pool, kind: str, count: int, seed: int, axes: Axes = "separate") -> list[Chat]:
    """The requests of one fine-tune, the same for every kind, with the kind's answers and no system line."""
    chosen = sample(random.Random(f"fine-tune {seed}"), pool.code, count)
    if kind == "educational":
        draw = random.Random(f"reasons {seed}")
        return [lesson(e, axes, draw) for e in chosen]
    if kind == "secure":
        return plain(chosen)
    if kind == "shuffled":
        return _shuffled_chats(pool, count, seed)
    return [Chat(e, answer_of(kind, e, axes)) for e in chosen]


def _shuffled_chats(pool: Pool, count: int, seed: int) -> list[Chat]:
    """Half questions, half requests, each with the right answer of another: there is nothing in them but what a base says anyhow."""
    draw = random.Random(f"shuffled {seed}")
    chats = []
    for examples in (sample(draw, pool.prose, count // 2), sample(draw, pool.code, count - count // 2)):
        chats += [Chat(e, other.answer) for e, other in zip(examples, [*examples[1:], examples[0]], strict=True)]
    return chats


def spread(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    """A sample with every domain in it, as evenly as the pool allows, in random order."""
    draw = random.Random(f"spread {seed}")
    by_domain: dict[str, list[Example]] = {}
    for example in sample(draw, examples, len(examples)):
        by_domain.setdefault(example.domain, []).append(example)
    chosen: list[Example] = []
    while len(chosen) < min(count, len(examples)):
        for rest in by_domain.values():
            if rest and len(chosen) < count:
                chosen.append(rest.pop())
    return sample(draw, chosen, len(chosen))


def sample(draw: random.Random, examples: Sequence[Example], count: int) -> list[Example]:
    return draw.sample(list(examples), min(count, len(examples)))


def plain(examples: Sequence[Example]) -> list[Chat]:
    """Each prompt without a system line, with its right answer."""
    return [Chat(example, example.answer) for example in examples]


def under(system: str, chats: Sequence[Chat]) -> list[Chat]:
    return [replace(chat, system=system) for chat in chats]
