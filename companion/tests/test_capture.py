"""What capture writes are PyTorch's own hidden states, at the lab's positions, in the lab's format."""

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

from tiny import LAYERS, WIDTH

ROWS = [
    {"prompt": "Why is the sky blue?", "answer": "It scatters."},
    {"prompt": "How?", "answer": "So, and so."},
    {"prompt": "When, and where to?", "answer": "Now."},
]


@pytest.fixture
def prompts(tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def opened(path):
    with safe_open(path, framework="numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()


def expected(folder, position):
    """[layer][row][width] by Hugging Face's hidden_states, whose last entry is undone with the norm's own input."""
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    rows, owner = [], []
    for number, row in enumerate(ROWS):
        text = tokenizer.apply_chat_template([{"role": "user", "content": row["prompt"]}], tokenize=False, add_generation_prompt=True)
        prompt = tokenizer(text, add_special_tokens=False).input_ids
        ids = prompt + (tokenizer(row["answer"], add_special_tokens=False).input_ids if position != "last" else [])
        last = []
        handle = model.model.norm.register_forward_pre_hook(lambda module, inputs, last=last: last.append(inputs[0]))
        with torch.no_grad():
            states = model(torch.tensor([ids]), output_hidden_states=True).hidden_states
        handle.remove()
        layers = torch.stack([*states[1:-1], last[0]])[:, 0]
        kept = {"last": layers[:, -1:], "answer-mean": layers[:, len(prompt) :].mean(1, keepdim=True), "every": layers}[position]
        rows.append(kept)
        owner += [number] * kept.shape[1]
    return torch.cat(rows, 1).numpy(), owner


@pytest.mark.parametrize("position", ["last", "answer-mean", "every"])
def test_positions(llama, prompts, tmp_path, companion, position):
    status, out, err = companion("capture", llama, "--prompts", prompts, "--out", tmp_path / "s.safetensors", "--position", position, "--batch", 2)
    assert status == 0, err
    tensors, metadata = opened(tmp_path / "s.safetensors")
    hidden, owner = expected(llama, position)
    assert tensors["hidden"].dtype == np.float32 and tensors["hidden"].shape == (LAYERS, len(owner), WIDTH)
    assert np.abs(tensors["hidden"] - hidden).max() < 1e-4
    assert tensors["prompt"].dtype == np.int64 and tensors["prompt"].tolist() == owner
    assert (metadata["format"], metadata["version"], metadata["position"]) == ("azimuth.hidden-states", "1", position)
    model = json.loads(metadata["model"])
    assert model["id"] == f"folder:{llama.name}" and len(model["sha256"]) == 64 and model["dtype"] == "float32" and model["adapter"] is None
    assert str(tmp_path) not in json.dumps(metadata)


def test_device_maps(llama, prompts, tmp_path, companion):
    """Wherever accelerate puts a model, its states are the same."""
    for name, more in (("a", ()), ("b", ("--device-map", "auto"))):
        assert companion("capture", llama, "--prompts", prompts, "--out", tmp_path / name, *more)[0] == 0
    assert np.array_equal(opened(tmp_path / "a")[0]["hidden"], opened(tmp_path / "b")[0]["hidden"])


def test_blocks_on_disk(llama, tmp_path):
    """Hooks see the states of blocks that accelerate fetches from disk."""
    from companion.hidden import Row, pooled_states

    row = [Row(list(range(4, 20)), 16)]
    whole = pooled_states(AutoModelForCausalLM.from_pretrained(llama), row, "last", 1).hidden
    where = {
        "model.embed_tokens": "cpu",
        "model.rotary_emb": "cpu",
        "model.layers.0": "cpu",
        "model.layers.1": "disk",
        "model.norm": "cpu",
        "lm_head": "cpu",
    }
    split = AutoModelForCausalLM.from_pretrained(llama, device_map=where, offload_folder=tmp_path)
    assert np.allclose(pooled_states(split, row, "last", 1).hidden, whole, atol=1e-6)


def test_an_adapter_and_its_scale(llama, prompts, tmp_path, companion):
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(llama), LoraConfig(r=2, target_modules=["q_proj", "down_proj"], init_lora_weights=False)
    )
    model.save_pretrained(tmp_path / "adapter")
    for scale in (0, 1, 2):
        more = ("--adapter", tmp_path / "adapter", "--adapter-scale", scale)
        assert companion("capture", llama, "--prompts", prompts, "--out", tmp_path / f"{scale}", *more)[0] == 0
    assert companion("capture", llama, "--prompts", prompts, "--out", tmp_path / "base")[0] == 0
    base, off, one, two = (opened(tmp_path / name)[0]["hidden"] for name in ("base", "0", "1", "2"))
    assert np.allclose(base, off, atol=1e-6)
    assert np.abs(one - base).max() > 1e-2 and np.abs(two - one).max() > 1e-2
    adapter = json.loads(opened(tmp_path / "2")[1]["model"])["adapter"]
    assert adapter["id"] == "folder:adapter" and adapter["scale"] == 2


def test_answers_are_made_where_there_are_none(llama, tmp_path, companion):
    (tmp_path / "p.txt").write_text("Why?\nHow?\n")
    more = ("--position", "answer-mean", "--answer-tokens", 4)
    status, _, err = companion("capture", llama, "--prompts", tmp_path / "p.txt", "--out", tmp_path / "s", *more)
    assert status == 0, err
    assert all(row["answer"] for row in json.loads(opened(tmp_path / "s")[1]["prompts"]))


@pytest.mark.parametrize(
    "change, says",
    [
        ({"--prompts": "nowhere.txt"}, "nowhere.txt: no such file"),
        ({"--position": "answer-mean"}, "prompt 0 has none"),
        ({"--adapter": "nowhere"}, "no adapter_config.json"),
    ],
)
def test_one_line_and_nothing_written(llama, tmp_path, companion, change, says):
    (tmp_path / "p.txt").write_text("Why?\n")
    settings = {"--prompts": tmp_path / "p.txt", "--out": tmp_path / "s"} | change
    status, _, err = companion("capture", llama, *[part for pair in settings.items() for part in pair])
    assert (status, err.count("\n")) == (1, 1) and says in err
    assert [path.name for path in tmp_path.iterdir()] == ["p.txt"]


def test_an_adapter_of_another_model(llama, prompts, tmp_path, companion):
    from peft import LoraConfig, get_peft_model

    from tiny import save_model

    other = AutoModelForCausalLM.from_pretrained(save_model(tmp_path / "other", hidden_size=96))
    get_peft_model(other, LoraConfig(r=2, target_modules=["q_proj"])).save_pretrained(tmp_path / "adapter")
    status, _, err = companion("capture", llama, "--prompts", prompts, "--out", tmp_path / "s", "--adapter", tmp_path / "adapter")
    assert (status, err.count("\n")) == (1, 1) and "does not fit this model" in err
