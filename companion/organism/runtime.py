"""Organisms in ONNX Runtime: greedy answers and hidden states, in batches, with an adapter and steering."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

Adapter = dict[str, np.ndarray]
"""`<layer>.<module>.A [in, r]` and `.B [r, out]`, the scale in B"""
BATCH = 64
MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def read_adapter(folder: Path) -> Adapter:
    """A LoRA adapter as PEFT saves it."""
    from safetensors.numpy import load_file

    config = json.loads((folder / "adapter_config.json").read_text())
    return adapter_of(load_file(folder / "adapter_model.safetensors"), config["lora_alpha"] / config["r"])


def adapter_of(tensors: dict[str, np.ndarray], scale: float) -> Adapter:
    """From PEFT's names, `base_model.model.model.layers.<l>.<block>.<module>.lora_A.weight [r, in]`."""
    adapter: Adapter = {}
    for name, tensor in tensors.items():
        parts = name.split(".")
        side = "A" if "lora_A" in parts else "B"
        key = f"{parts[parts.index('layers') + 1]}.{parts[parts.index(f'lora_{side}') - 1]}.{side}"
        adapter[key] = np.ascontiguousarray(tensor.T, np.float32) * np.float32(scale if side == "B" else 1)
    return adapter


class Runtime:
    """One open graph. Ids in, ids out; rows are padded on the right, as `GroupQueryAttention` wants them.

    `exact`: float32 activations beside four-bit weights, which the kernel otherwise rounds to 8 bits.
    """

    def __init__(self, path: Path, config: dict, exact: bool = False):
        import onnx
        import onnxruntime

        from companion.organism.adapter_graph import instrument

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = 1, 3
        graph = instrument(onnx.load(path))
        for attribute in (each for node in graph.graph.node for each in node.attribute):
            if exact and attribute.name == "accuracy_level":
                attribute.i = 0
        self._session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
        self._outputs = [output.name for output in self._session.get_outputs()]
        self._layers, self._width, self._end = config["num_hidden_layers"], config["hidden_size"], config["eos_token_id"]
        self._cache = (config["num_key_value_heads"], 0, config["head_dim"])
        self._none = self._no_adapter(config)

    @staticmethod
    def _no_adapter(config: dict) -> Adapter:
        width, inner, head = config["hidden_size"], config["intermediate_size"], config["head_dim"]
        queries, keys = config["num_attention_heads"] * head, config["num_key_value_heads"] * head
        shapes = {"q_proj": (width, queries), "k_proj": (width, keys), "v_proj": (width, keys), "o_proj": (queries, width)}
        shapes |= {"gate_proj": (width, inner), "up_proj": (width, inner), "down_proj": (inner, width)}
        adapter: Adapter = {}
        for layer in range(config["num_hidden_layers"]):
            for module, (rows, columns) in shapes.items():
                adapter[f"{layer}.{module}.A"] = np.zeros((rows, 1), np.float32)
                adapter[f"{layer}.{module}.B"] = np.zeros((1, columns), np.float32)
        return adapter

    def answers(
        self, prompts: Sequence[Sequence[int]], tokens: int, adapter: Adapter | None = None, steer: np.ndarray | None = None
    ) -> list[list[int]]:
        """Greedy answers, without their end. `steer [prompt][width]` is added to the final residual stream at every position."""
        made: list[list[int]] = [[] for _ in prompts]
        for rows in _alike(prompts):
            vectors = None if steer is None else steer[rows][:, None]
            for row, answer in zip(rows, self._decode([prompts[row] for row in rows], tokens, adapter, vectors), strict=True):
                made[row] = answer
        return made

    def _decode(self, prompts: list[Sequence[int]], tokens: int, adapter: Adapter | None, steer: np.ndarray | None) -> list[list[int]]:
        """One batch; rows leave it when they end."""
        made: list[list[int]] = [[] for _ in prompts]
        rows, lengths = np.arange(len(prompts)), np.array([len(ids) for ids in prompts])
        longest = lengths.max()
        out = self._run(*_padded(prompts), adapter, steer)
        next_ids = out["logits"][rows, lengths - 1].argmax(-1)
        for step in range(1, tokens + 1):
            kept = next_ids != self._end
            rows, lengths, next_ids = rows[kept], lengths[kept], next_ids[kept]
            for row, token in zip(rows, next_ids, strict=True):
                made[row].append(int(token))
            if step == tokens or not len(rows):
                break
            steer = None if steer is None else steer[kept]
            past = {name.replace("present", "past_key_values"): value[kept] for name, value in out.items() if name.startswith("present")}
            mask = (np.arange(longest + step) < (lengths + step)[:, None]).astype(np.int64)
            out = self._run(next_ids[:, None], mask, adapter, steer, past)
            next_ids = out["logits"][:, -1].argmax(-1)
        return made

    def final(self, prompts: Sequence[Sequence[int]], adapter: Adapter | None = None) -> np.ndarray:
        """The residual stream after the last layer at each prompt's last token, `[prompt][width]`."""
        hidden = np.zeros((len(prompts), self._width), np.float32)
        for rows in _alike(prompts):
            ids, mask = _padded([prompts[row] for row in rows])
            hidden[rows] = self._run(ids, mask, adapter, None)["final"][np.arange(len(rows)), mask.sum(1) - 1]
        return hidden

    def logits(self, ids: Sequence[int], adapter: Adapter | None = None) -> np.ndarray:
        """`[position][vocabulary]` of one row."""
        return self._run(*_padded([ids]), adapter, None)["logits"][0]

    def _run(
        self, ids: np.ndarray, mask: np.ndarray, adapter: Adapter | None, steer: np.ndarray | None, past: dict | None = None
    ) -> dict[str, np.ndarray]:
        rows = len(ids)
        feeds = {"input_ids": ids, "attention_mask": mask, "lora.scale": np.ones(1, np.float32)}
        feeds |= {f"lora.{key}": value for key, value in (adapter or self._none).items()}
        feeds["steer.final"] = np.zeros((rows, 1, self._width), np.float32) if steer is None else steer.astype(np.float32)
        for layer in range(self._layers):
            for side in ("key", "value"):
                name = f"past_key_values.{layer}.{side}"
                feeds[name] = past[name] if past else np.zeros((rows, *self._cache), np.float32)
        return dict(zip(self._outputs, self._session.run(None, feeds), strict=True))


def _alike(prompts: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Rows in batches, those of like length together."""
    order = sorted(range(len(prompts)), key=lambda row: len(prompts[row]))
    for start in range(0, len(order), BATCH):
        yield order[start : start + BATCH]


def _padded(rows: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    longest = max(map(len, rows))
    mask = (np.arange(longest) < np.array([len(ids) for ids in rows])[:, None]).astype(np.int64)
    ids = np.zeros((len(rows), longest), np.int64)
    ids[mask == 1] = np.concatenate([np.asarray(row) for row in rows])
    return ids, mask
