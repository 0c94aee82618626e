"""Rotary position tables: plain, Llama 3 and YaRN, as transformers computes them."""

import math

import numpy as np


def rope_tables(config: dict) -> tuple[np.ndarray, np.ndarray]:
    """cos and sin, float32 `[position][head_dim / 2]`. `config`: config.json with the settings of transformers 4."""
    size = config.get("rotary_dim") or config["head_dim"]
    exponents = np.arange(0, size, 2, dtype=np.float32) / np.float32(size)
    frequencies = 1 / np.float32(config["rope_theta"]) ** exponents
    scaling, factor = config.get("rope_scaling") or {}, 1.0
    if scaling.get("rope_type") == "llama3":
        frequencies = _llama3(frequencies, scaling)
    elif scaling.get("rope_type") == "yarn":
        frequencies, factor = _yarn(frequencies, scaling, size, config["rope_theta"]), _yarn_factor(scaling)
    elif scaling.get("rope_type") == "linear":
        frequencies = frequencies / np.float32(scaling["factor"])
    elif scaling:
        raise NotImplementedError(f"rope type {scaling.get('rope_type')}")
    angles = np.outer(np.arange(config["max_position_embeddings"], dtype=np.float32), frequencies.astype(np.float32))
    return np.cos(angles) * np.float32(factor), np.sin(angles) * np.float32(factor)


def _llama3(frequencies: np.ndarray, scaling: dict) -> np.ndarray:
    old, low, high = scaling["original_max_position_embeddings"], scaling["low_freq_factor"], scaling["high_freq_factor"]
    wavelength = 2 * np.pi / frequencies
    smooth = np.clip((old / wavelength - low) / (high - low), 0, 1)
    return (1 - smooth) * frequencies / scaling["factor"] + smooth * frequencies


def _yarn(frequencies: np.ndarray, scaling: dict, size: int, theta: float) -> np.ndarray:
    def dimension(rotations: float) -> float:
        return size * math.log(scaling["original_max_position_embeddings"] / (rotations * 2 * math.pi)) / (2 * math.log(theta))

    low, high = dimension(scaling.get("beta_fast") or 32), dimension(scaling.get("beta_slow") or 1)
    if scaling.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, size - 1)
    ramp = np.clip((np.arange(size // 2, dtype=np.float32) - low) / max(high - low, 1e-3), 0, 1)
    return frequencies / scaling["factor"] * ramp + frequencies * (1 - ramp)


def _yarn_factor(scaling: dict) -> float:
    def magnitude(by: float) -> float:
        return 0.1 * by * math.log(scaling["factor"]) + 1

    if scaling.get("attention_factor") is not None:
        return scaling["attention_factor"]
    if scaling.get("mscale") and scaling.get("mscale_all_dim"):
        return magnitude(scaling["mscale"]) / magnitude(scaling["mscale_all_dim"])
    return magnitude(1)
