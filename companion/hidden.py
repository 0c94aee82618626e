"""Hidden states in PyTorch: the residual stream after each block, before the final norm, by hooks on the blocks.

Hugging Face's own `hidden_states` will not do: its last entry is after the final norm.
"""

from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

POSITIONS = ("last", "answer-mean", "every")


@contextmanager
def watched(model):
    """Gives a list that holds each block's output after a forward pass, in order, wherever the blocks lie."""
    from companion.source import blocks

    seen: list = []
    stages = blocks(model)

    def hook(module, inputs, output) -> None:
        if module is stages[0]:
            seen.clear()
        seen.append((output[0] if isinstance(output, tuple) else output).detach())

    handles = [block.register_forward_hook(hook) for block in stages]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def hidden_states(model, ids):
    """Of token ids `[row][token]`: float32 `[layer][row][token][width]` and logits `[row][token][vocab]`, both on the CPU."""
    import torch

    with torch.no_grad(), watched(model) as seen:
        logits = model(input_ids=ids, use_cache=False).logits
        return torch.stack([state.float().cpu() for state in seen]), logits.float().cpu()


@dataclass(frozen=True)
class Row:
    """One prompt, perhaps with its answer, as tokens."""

    ids: list[int]
    prompt: int
    """how many of `ids` are the prompt's"""


@dataclass(frozen=True)
class Pooled:
    """`hidden` [layer][vector][width]; `prompt`: the row of each vector; `logits` [row][vocab] after the last prompt token."""

    hidden: np.ndarray
    prompt: list[int]
    logits: np.ndarray | None


def pooled_states(model, rows: list[Row], position: str, batch: int, logits: bool = False, report=lambda done: None) -> Pooled:
    """Hidden states of rows at a position, in the lab's terms: only what is kept leaves the device."""
    import torch

    hidden, prompt, last = [], [], []
    for start in range(0, len(rows), batch):
        part = rows[start : start + batch]
        longest = max(len(row.ids) for row in part)
        device = input_device(model)
        ids = torch.tensor([row.ids + [0] * (longest - len(row.ids)) for row in part], device=device)
        mask = torch.tensor([[1] * len(row.ids) + [0] * (longest - len(row.ids)) for row in part], device=device)
        with torch.no_grad(), watched(model) as seen:
            kept = {} if logits else {"logits_to_keep": 1}
            out = model(input_ids=ids, attention_mask=mask, use_cache=False, **kept).logits
            for number, row in enumerate(part):
                states = [pool(state[number], row, position).float().cpu() for state in seen]
                hidden.append(torch.stack(states))
                prompt += [start + number] * hidden[-1].shape[1]
                if logits:
                    last.append(out[number, row.prompt - 1].float().cpu())
        report(start + len(part))
    return Pooled(torch.cat(hidden, 1).numpy(), prompt, torch.stack(last).numpy() if logits else None)


def pool(state, row: Row, position: str):
    """`[token][width]` of one layer to what is kept: the last prompt token, the mean over the answer, or every token."""
    if position == "last":
        return state[row.prompt - 1 : row.prompt]
    if position == "answer-mean":
        return state[row.prompt : len(row.ids)].float().mean(0, keepdim=True)
    return state[: len(row.ids)]


def input_device(model):
    """Where token ids go; a part of a model that lies on disk has no device of its own."""
    import torch

    device = model.get_input_embeddings().weight.device
    return torch.device("cpu") if device.type == "meta" else device
