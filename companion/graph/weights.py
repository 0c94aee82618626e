"""Where a decoder's weights come from, under Hugging Face's names: a real model, or random ones of the right shapes."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from companion.graph.blockwise import BLOCK, quantize

NOISE_BYTES = 1 << 22  # random codes repeat after so many bytes: enough to look random, and quick to write


class Weights(Protocol):
    def floats(self, names: list[str], shape: tuple[int, ...]) -> np.ndarray:
        """Tensors joined along their first axis, float32."""

    def blocks(self, names: list[str], shape: tuple[int, int], bits: int) -> tuple[np.ndarray, np.ndarray]:
        """Matrices `[out, in]` joined and quantized: codes and scales as `blockwise.quantize` gives them."""


class ModelWeights:
    """The weights of a model that gives each float32 tensor by name."""

    def __init__(self, weight: Callable[[str], np.ndarray]):
        self._weight = weight

    def floats(self, names: list[str], shape: tuple[int, ...]) -> np.ndarray:
        joined = np.concatenate([self._weight(name) for name in names])
        if joined.shape != shape:
            raise ValueError(f"{names[0]} has the shape {joined.shape}, not {shape}")
        return joined

    def blocks(self, names: list[str], shape: tuple[int, int], bits: int) -> tuple[np.ndarray, np.ndarray]:
        return quantize(self.floats(names, shape), bits)


class RandomWeights:
    """Random weights of unit gain, so that activations stay of a usual size; quantized ones are made as bytes."""

    def __init__(self, seed: int):
        self._random = np.random.default_rng(seed)
        self._noise = self._random.integers(0, 256, NOISE_BYTES, dtype=np.uint8)

    def floats(self, names: list[str], shape: tuple[int, ...]) -> np.ndarray:
        if len(shape) == 1:
            return np.float32(1) + np.float32(0.1) * self._random.standard_normal(shape, np.float32)
        return self._random.standard_normal(shape, np.float32) / np.float32(shape[-1] ** 0.5)

    def blocks(self, names: list[str], shape: tuple[int, int], bits: int) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = shape
        codes = np.resize(np.roll(self._noise, self._random.integers(NOISE_BYTES)), (rows, columns // BLOCK, BLOCK * bits // 8))
        spread = ((1 << 2 * bits) - 1) / 12  # variance of uniform codes
        scale = np.float32((spread * columns) ** -0.5)
        return codes, np.full((rows, columns // BLOCK), scale, np.float32)
