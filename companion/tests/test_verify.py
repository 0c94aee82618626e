"""verify finds a run the same when it is, and off when a single state is."""

import json
import zipfile

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file


@pytest.fixture
def captured(llama, tmp_path, companion):
    (tmp_path / "p.txt").write_text("Why is it so?\nHow?\n")
    assert companion("capture", llama, "--prompts", tmp_path / "p.txt", "--out", tmp_path / "s.safetensors")[0] == 0
    return tmp_path / "s.safetensors"


def rewrite(path, out, change=lambda tensors: None, metadata=lambda texts: None):
    """A copy with something changed."""
    with safe_open(path, framework="numpy") as file:
        texts = dict(file.metadata())
    tensors = load_file(path)
    change(tensors)
    metadata(texts)
    save_file(tensors, out, texts)
    return out


def bundle(captured, folder, logits=None):
    """A run's folder: run.json and the states, which need not name their prompts then."""
    folder.mkdir()
    with safe_open(captured, framework="numpy") as file:
        prompts = json.loads(file.metadata()["prompts"])
    (folder / "run.json").write_text(json.dumps({"format": "azimuth.run", "prompts": prompts}))
    rewrite(captured, folder / "hidden.safetensors", lambda tensors: tensors.update(logits or {}), lambda texts: texts.pop("prompts"))
    return folder


def logits(llama):
    """Next-token logits of the two prompts, by Hugging Face alone."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(llama), AutoTokenizer.from_pretrained(llama)
    made = []
    for prompt in ("Why is it so?", "How?"):
        text = tokenizer.apply_chat_template([{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True)
        with torch.no_grad():
            made.append(model(torch.tensor([tokenizer(text, add_special_tokens=False).input_ids])).logits[0, -1].numpy())
    return np.stack(made)


def test_a_captured_file(llama, captured, companion):
    status, out, err = companion("verify", captured, llama)
    assert status == 0, err
    assert "the same within 0.001" in out and len(out.splitlines()) == 4  # a heading, two layers, the verdict


@pytest.mark.parametrize("packed", [False, True])
def test_a_bundle(llama, captured, tmp_path, companion, packed):
    run = bundle(captured, tmp_path / "run", {"logits": logits(llama)})
    if packed:
        with zipfile.ZipFile(tmp_path / "run.zip", "w") as archive:
            for file in run.iterdir():
                archive.write(file, f"run/{file.name}")
        run = tmp_path / "run.zip"
    status, out, err = companion("verify", run, llama)
    assert status == 0, err
    assert "same best token on 100% of prompts" in out
    assert float(out.split("logits off by at most ")[1].split(";")[0]) < 1e-4


def test_a_state_that_is_off(llama, captured, tmp_path, companion):
    def nudge(tensors):
        tensors["hidden"][1] *= 1.1

    status, out, err = companion("verify", rewrite(captured, tmp_path / "off.safetensors", nudge), llama)
    assert status == 1 and "off by 0.1" in err
    assert companion("verify", tmp_path / "off.safetensors", llama, "--tolerance", 0.2)[0] == 0


def test_what_differs_is_said(llama, captured, companion):
    status, out, _ = companion("verify", captured, llama, "--dtype", "bfloat16", "--tolerance", 0.1)
    assert status == 0 and "the run's dtype is float32, here it is bfloat16" in out


def damaged(kind, captured, tmp_path):
    """A run with one thing wrong."""
    out = tmp_path / "bad.safetensors"
    if kind == "missing":
        return out
    if kind == "bytes":
        out.write_bytes(captured.read_bytes()[:-10])
    if kind == "format":
        rewrite(captured, out, metadata=lambda texts: texts.update(format="other"))
    if kind == "prompts":
        rewrite(captured, out, metadata=lambda texts: texts.pop("prompts"))
    if kind in ("words", "depth"):
        text = "[" * 100_000 if kind == "depth" else "{"
        rewrite(captured, out, metadata=lambda texts: texts.update(prompts=text))
    if kind == "model":
        rewrite(captured, out, metadata=lambda texts: texts.update(model="[]"))
    if kind == "rows":
        rewrite(captured, out, lambda tensors: tensors.update(prompt=np.array([0, 9])))
    if kind == "shape":
        rewrite(captured, out, lambda tensors: tensors.update(hidden=tensors["hidden"][:, :, :32].copy()))
    if kind == "zip":
        out = tmp_path / "bad.zip"
        out.write_bytes(b"PK\3\4 no")
    if kind == "folder":
        out = tmp_path / "bad"
        out.mkdir()
        (out / "run.json").write_text("{}")
    return out


@pytest.mark.parametrize(
    "kind, says",
    [
        ("missing", "is not there"),
        ("bytes", "no whole safetensors file"),
        ("format", "holds no hidden states"),
        ("prompts", "names no prompts"),
        ("words", "prompts of bad.safetensors is not JSON"),
        ("depth", "prompts of bad.safetensors is not JSON"),
        ("model", "which model it is of"),
        ("rows", "the prompt of each of its 2 rows"),
        ("shape", "layers, rows, width"),
        ("zip", "no whole zip"),
        ("folder", "the bundle lacks hidden.safetensors"),
    ],
)
def test_one_line(llama, captured, tmp_path, companion, kind, says):
    status, _, err = companion("verify", damaged(kind, captured, tmp_path), llama)
    assert (status, err.count("\n")) == (1, 1) and says in err
