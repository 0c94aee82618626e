"""Block-wise weight quantization in the format of ONNX Runtime's MatMulNBits: symmetric, round to nearest."""

import numpy as np

BLOCK = 32


def quantize(weight: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights `[out, in]` as unsigned codes and scales: `w ~ (code - 2^(bits-1)) * scale`.

    Returns codes uint8 `[out, in / 32, 32 * bits / 8]` (4 bits: low nibble first) and scales float32 `[out, in / 32]`.
    A block's largest value is exact. Least-squares scales were tried: no better on SmolLM2 (KL to fp32 0.72 against 0.70).
    """
    rows, columns = weight.shape
    if columns % BLOCK:
        raise ValueError(f"the input width {columns} is not a multiple of {BLOCK}; choose an unquantized dtype")
    half = 1 << (bits - 1)
    blocks = weight.astype(np.float32, copy=False).reshape(rows, -1, BLOCK)
    scale = np.take_along_axis(blocks, np.abs(blocks).argmax(-1)[..., None], -1) / np.float32(-half)
    reciprocal = np.divide(1, scale, out=np.zeros_like(scale), where=scale != 0)
    codes = np.clip(np.rint(blocks * reciprocal) + half, 0, 2 * half - 1).astype(np.uint8)
    if bits == 4:
        codes = codes[..., 0::2] | (codes[..., 1::2] << 4)
    return codes, scale[..., 0]
