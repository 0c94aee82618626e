"""How far an exported graph is from PyTorch: the hidden state after every layer, and the logits."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from companion.errors import CompanionError

TEXTS = (
    "What makes the sea salty?",
    "The old lighthouse keeper climbed the stairs each evening, lit the lamp, and wrote down the names of the ships that passed.",
    "def area(width: float, height: float) -> float:\n    return width * height\n",
)
WORST = {"fp32": 1e-3, "fp16": 0.1, "q8": 0.3, "q4": 1.0, "q4f16": 1.0}
"""Relative errors of a layer above which a graph is not rounded but wrong; int4 costs small models up to half of the hidden state's norm."""


@dataclass(frozen=True)
class Expected:
    """PyTorch's values for one text: `hidden` [layer][token][width], after each block, and `logits` [token][vocab]."""

    ids: list[int]
    hidden: np.ndarray
    logits: np.ndarray


def sample_ids(tokenizer, vocab: int) -> list[list[int]]:
    """Three short texts as tokens, the first as a chat where the model has a template."""
    from companion.source import chat_ids

    chat = [chat_ids(tokenizer, [{"role": "user", "content": TEXTS[0]}])] if tokenizer.chat_template else [tokenizer(TEXTS[0]).input_ids]
    texts = chat + [tokenizer(text).input_ids for text in TEXTS[1:]]
    if any(not ids or max(ids) >= vocab for ids in texts):
        raise CompanionError(f"the tokenizer gives ids outside the model's vocabulary of {vocab}: the two do not belong together")
    return texts


def reference(model, texts: list[list[int]]) -> list[Expected]:
    import torch

    from companion.hidden import hidden_states

    expected = []
    for ids in texts:
        hidden, logits = hidden_states(model, torch.tensor([ids], device=model.device))
        expected.append(Expected(ids, hidden[:, 0].numpy(), logits[0].numpy()))
    return expected


def compare(path: Path, config: dict, expected: list[Expected]) -> dict:
    """Relative error `|h - h'| / |h|` of each layer (mean over tokens), the largest logit error, and how often the best token agrees."""
    session = open_with_hidden(path, config["num_hidden_layers"])
    layers, logits, agree = [], 0.0, []
    for one in expected:
        hidden, found = run(session, config, one.ids)
        if not (np.isfinite(hidden).all() and np.isfinite(found).all()):
            raise CompanionError(f"{path.name} gives NaN or infinity, as half precision does above 65,504: choose q4 or fp32")
        norms = np.linalg.norm(one.hidden, axis=-1)
        layers.append((np.linalg.norm(hidden - one.hidden, axis=-1) / np.maximum(norms, 1e-12)).mean(-1))
        logits = max(logits, float(np.abs(found - one.logits).max()))
        agree.append(found.argmax(-1) == one.logits.argmax(-1))
    return {
        "hidden": [float(f"{error:.3g}") for error in np.mean(layers, axis=0)],
        "logits": float(f"{logits:.3g}"),
        "top1": round(float(np.concatenate(agree).mean()), 4),
    }


def open_with_hidden(path: Path, layers: int):
    """The graph with the residual stream after each layer as outputs `hidden.<l>`, and without quantized activations."""
    import onnx
    import onnxruntime

    graph = onnx.load(path, load_external_data=False)
    for node in graph.graph.node:
        for attribute in node.attribute:
            if attribute.name == "accuracy_level":
                attribute.i = 0
    for layer in range(layers):
        nodes = {node.name: node for node in graph.graph.node}
        plain, norm = nodes.get(f"/model/layers.{layer}/Add_1"), nodes.get(norm_after(layer, layers))
        if norm is not None:
            norm.output.extend([""] * (4 - len(norm.output)))
            norm.output[3] = norm.output[3] or f"hidden.{layer}"
        stream = norm.output[3] if norm is not None else plain.output[0]
        graph.graph.node.add(op_type="Identity", input=[stream], output=[f"out.hidden.{layer}"], name=f"out.hidden.{layer}")
        kind = next(output.type.tensor_type.elem_type for output in graph.graph.output if output.name == "logits")
        graph.graph.output.append(onnx.helper.make_tensor_value_info(f"out.hidden.{layer}", kind, None))
    edited = path.with_name(f"check-{path.name}")  # beside its weights
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    try:
        edited.write_bytes(graph.SerializeToString())
        return onnxruntime.InferenceSession(str(edited), settings, providers=["CPUExecutionProvider"])
    finally:
        edited.unlink(missing_ok=True)


def norm_after(layer: int, layers: int) -> str:
    """The norm that adds a block's last addend, and thereby holds the residual stream after it."""
    after = f"layers.{layer + 1}/" + ("input_layernorm" if layer + 1 < layers else "final_norm_layernorm")
    return f"/model/{after}/SkipLayerNorm"


def run(session, config: dict, ids: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """`hidden` [layer][token][width] and `logits` [token][vocab] of one text."""
    feeds = {"input_ids": np.array([ids], np.int64), "attention_mask": np.ones((1, len(ids)), np.int64)}
    for value in session.get_inputs():
        if value.name == "position_ids":
            feeds[value.name] = np.arange(len(ids), dtype=np.int64)[None]
        if value.name.startswith("past_key_values"):
            kind = np.float16 if "float16" in value.type else np.float32
            feeds[value.name] = np.zeros((1, config["num_key_value_heads"], 0, config["head_dim"]), kind)
    names = [f"out.hidden.{layer}" for layer in range(config["num_hidden_layers"])] + ["logits"]
    *hidden, logits = session.run(names, feeds)
    return np.stack(hidden)[:, 0].astype(np.float32), logits[0].astype(np.float32)


def table(found: dict[str, dict]) -> str:
    """One row a layer, one column a dtype."""
    dtypes = list(found)
    layers = len(next(iter(found.values()))["hidden"])
    rows = [["layer", *dtypes]] + [[str(layer), *(f"{found[d]['hidden'][layer]:.2g}" for d in dtypes)] for layer in range(layers)]
    rows += [["logits", *(f"{found[d]['logits']:.2g}" for d in dtypes)], ["top-1", *(f"{found[d]['top1']:.0%}" for d in dtypes)]]
    lines = ["  ".join(f"{cell:>8}" for cell in row) for row in rows]
    told = "error of the hidden state after each layer, as a share of its norm; largest logit error; same best token as PyTorch"
    return "\n".join([told, *lines])
