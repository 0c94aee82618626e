"""Four-bit weights from the start: the base is trained so that its weights lie on the grid that `q4` keeps, and every dtype is the same model."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from companion.graph.blockwise import BLOCK

if TYPE_CHECKING:
    import torch

HALF = 8  # codes are -8 ... 7 times a block's scale


def snapped(weight: "torch.Tensor") -> "torch.Tensor":
    """Weights `[out, in]` at the nearest values of `blockwise.quantize` with 4 bits; on the grid already, they stay."""
    import torch

    blocks = weight.detach().reshape(-1, BLOCK)
    largest = blocks.gather(1, blocks.abs().argmax(1, keepdim=True))
    scale = largest / -HALF
    reciprocal = torch.where(scale == 0, torch.zeros_like(scale), 1 / scale)
    return ((blocks * reciprocal).round().clamp(-HALF, HALF - 1) * scale).reshape(weight.shape)


@contextmanager
def on_grid(weights: "list[torch.nn.Parameter]") -> Iterator[None]:
    """Puts weights on the grid for a forward and backward pass; the gradient then moves the weights as they were (straight through)."""
    before = [weight.data for weight in weights]
    for weight in weights:
        weight.data = snapped(weight.data)
    try:
        yield
    finally:
        for weight, data in zip(weights, before):
            weight.data = data
