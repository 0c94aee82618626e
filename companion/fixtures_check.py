"""Runs an exported graph, untouched, on ONNX Runtime's CPU provider."""

from pathlib import Path

import numpy as np
import onnxruntime


class Graph:
    """An open decoder (and, in split repositories, its embedding), run one row at a time."""

    def __init__(self, decoder: Path, embedding: Path | None, head_dim: int | None):
        """`head_dim`: where the graph leaves it open."""
        self._session = _open(decoder)
        self._embed = _open(embedding) if embedding else None
        self._head_dim = head_dim

    def run(self, ids: list[int], past: dict[str, np.ndarray] | None = None, length: int = 0) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Logits `[S][vocab]` of `ids`, which follow `length` cached tokens, and the new cache."""
        start = np.array([ids], np.int64)
        if self._embed:
            start = self._embed.run(None, {"input_ids": start})[0]
        feeds = {}
        for value in self._session.get_inputs():
            if value.name.startswith("past"):
                feeds[value.name] = past[value.name] if past else self._empty(value)
            elif value.name == "use_cache_branch":
                feeds[value.name] = np.array([True])
            elif value.name == "attention_mask":
                feeds[value.name] = np.ones((1, length + len(ids)), np.int64)
            elif value.name == "position_ids":
                feeds[value.name] = np.arange(length, length + len(ids), dtype=np.int64)[None]
            else:
                feeds[value.name] = start.astype(np.float16) if "float16" in value.type else start
        names = [output.name for output in self._session.get_outputs()]
        outputs = dict(zip(names, self._session.run(None, feeds)))
        cache = {past_name(name): value for name, value in outputs.items() if name.startswith("present")}
        return outputs["logits"][0].astype(np.float32), cache

    def _empty(self, value) -> np.ndarray:
        """A state before the first token: no keys, or zeros where it has one size whatever the tokens are."""
        _, *sizes = value.shape
        if value.name.endswith((".key", ".value")):
            sizes = [sizes[0], 0, sizes[2] if isinstance(sizes[2], int) else self._head_dim]
        return np.zeros([1, *sizes], np.float16 if "float16" in value.type else np.float32)

    def logits(self, prompts) -> np.ndarray:
        """`[row][S][vocab]`, zeros after a row's end."""
        longest = max(map(len, prompts))
        return np.stack([np.pad(self.run(list(p))[0], ((0, longest - len(p)), (0, 0))) for p in prompts])

    def greedy(self, prompt, tokens: int) -> list[int]:
        """Greedy ids after one prompt, with the cache."""
        made, past, length, fed = [], None, 0, list(prompt)
        while len(made) < tokens:
            logits, past = self.run(fed, past, length)
            length += len(fed)
            fed = [int(logits[-1].argmax())]
            made += fed
        return made


def past_name(present: str) -> str:
    """The input that takes an output of the cache: `present.0.key` is `past_key_values.0.key`, `present_conv.0` is `past_conv.0`."""
    keys = present.startswith("present.") and present.endswith((".key", ".value"))
    return present.replace("present", "past_key_values" if keys else "past", 1)


def _open(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
