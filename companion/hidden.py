"""Hidden states in PyTorch: the residual stream after each block, before the final norm, by hooks on the blocks.

Hugging Face's own `hidden_states` will not do: its last entry is after the final norm.
"""

from contextlib import contextmanager

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


def hidden_states(model, ids, mask=None, logits: bool = True):
    """Of token ids `[row][token]`: float32 `[layer][row][token][width]` and logits `[row][token][vocab]`, both on the CPU."""
    import torch

    with torch.no_grad(), watched(model) as seen:
        out = model(input_ids=ids, attention_mask=mask, use_cache=False, **({} if logits else {"logits_to_keep": 1}))
        return torch.stack([state.float().cpu() for state in seen]), out.logits.float().cpu()


def pooled(states, prompt: int, length: int, position: str) -> np.ndarray:
    """What is kept of one row `[layer][token][width]`: `[layer][vector][width]`, in the lab's terms."""
    if position == "last":
        return states[:, prompt - 1 : prompt].numpy()
    if position == "answer-mean":
        return states[:, prompt:length].mean(1, keepdim=True).numpy()
    return states[:, :length].numpy()
