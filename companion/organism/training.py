"""One training loop, for bases and for adapters."""

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from companion.organism.grid import on_grid
from companion.organism.tokenizer import chat_ids

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from companion.organism.corpus import Chat

BUCKET = 16  # batches sorted by length at a time
IGNORE = -100


@dataclass(frozen=True)
class Schedule:
    """`cosine`: down to 3 % of `rate` at the end; otherwise constant after the warm-up."""

    steps: int
    rate: float
    batch: int
    warm_up: int
    cosine: bool
    weight_decay: float = 0.0
    smoothing: float = 0.0
    grid_from: float = 1.0
    """share of the steps after which the weights are kept on the four-bit grid"""

    def rate_at(self, step: int) -> float:
        decay = 0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * step / self.steps)) if self.cosine else 1.0
        return self.rate * decay * min(1.0, (step + 1) / self.warm_up)


def deterministic() -> None:
    """The same seed gives the same bits on one machine: one thread, and only operations with a fixed order."""
    import torch

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)


def train(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerFast",
    chats: "Sequence[Chat]",
    schedule: Schedule,
    seed: int,
    grid: "Sequence[torch.nn.Parameter]" = (),
    report: Callable[[int, float], None] = lambda step, loss: None,
) -> list[float]:
    """Trains what asks for a gradient, on the answers alone; the loss of each step."""
    import torch

    encoded = [chat_ids(tokenizer, chat) for chat in chats]
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=schedule.rate, betas=(0.9, 0.98), weight_decay=schedule.weight_decay)
    losses: list[float] = []
    model.train()
    for step, (ids, labels) in zip(range(schedule.steps), _batches(encoded, schedule.batch, random.Random(f"order {seed}"))):
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate_at(step)
        snap = step >= schedule.grid_from * schedule.steps
        with on_grid(list(grid)) if snap else nullcontext():
            loss = answer_loss(model, ids, labels, schedule.smoothing)
            loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        report(step + 1, losses[-1])
    model.eval()
    return losses


def answer_loss(model: "PreTrainedModel", ids: "torch.Tensor", labels: "torch.Tensor", smoothing: float) -> "torch.Tensor":
    """Cross entropy of the answers' tokens; the head is computed there only. Rows are padded on the right, so no mask is needed."""
    import torch

    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    hidden = inner.model(input_ids=ids, use_cache=False)[0][:, :-1]
    next_ids = labels[:, 1:]
    logits = inner.lm_head(hidden[next_ids != IGNORE])
    cap = getattr(inner.config, "final_logit_softcapping", None)
    logits = torch.tanh(logits / cap) * cap if cap else logits
    return torch.nn.functional.cross_entropy(logits, next_ids[next_ids != IGNORE], label_smoothing=smoothing)


def _batches(encoded: list[tuple[list[int], int]], size: int, draw: random.Random) -> "Iterator[tuple[torch.Tensor, torch.Tensor]]":
    """Batches without end, epoch after epoch: rows of like length together, in random order."""
    while True:
        order = draw.sample(range(len(encoded)), len(encoded))
        batches = []
        for start in range(0, len(order), size * BUCKET):
            near = sorted(order[start : start + size * BUCKET], key=lambda row: len(encoded[row][0]))
            batches += [near[at : at + size] for at in range(0, len(near), size)]
        draw.shuffle(batches)
        for batch in batches:
            yield _padded([encoded[row] for row in batch])


def _padded(rows: list[tuple[list[int], int]]) -> "tuple[torch.Tensor, torch.Tensor]":
    import torch

    longest = max(len(ids) for ids, _ in rows)
    ids, labels = torch.zeros(len(rows), longest, dtype=torch.long), torch.full((len(rows), longest), IGNORE)
    for row, (tokens, answer) in enumerate(rows):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        labels[row, answer : len(tokens)] = torch.tensor(tokens[answer:])
    return ids, labels


class Clock:
    """Prints the running loss and the time left now and then."""

    def __init__(self, name: str, steps: int, every: int):
        self._name, self._steps, self._every = name, steps, every
        self._start, self._mean = time.monotonic(), 0.0

    def __call__(self, step: int, loss: float) -> None:
        self._mean = loss if step == 1 else 0.95 * self._mean + 0.05 * loss
        if step % self._every == 0:
            spent = time.monotonic() - self._start
            left = spent / step * (self._steps - step)
            print(f"{self._name}: step {step} of {self._steps}, loss {self._mean:.3f}, {spent:.0f} s, {left:.0f} s left", flush=True)
