"""finetune learns answers and nothing else, in the same steps on any number of processes, and leaves nothing half-written."""

import errno
import json
import os
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from conftest import ROOT
from tiny import LAYERS, save_model

WORDS = ("apples", "boats", "cats", "doors", "eggs", "frogs")
SETTINGS = ("--batch", 4, "--rank", 4, "--lora-alpha", 8, "--lr", 5e-3, "--gate", "none", "--max-tokens", 64)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "records.jsonl"
    chats = [[{"role": "user", "content": f"Say {w} {n}."}, {"role": "assistant", "content": f"{w} {n}"}] for w in WORDS for n in range(4)]
    path.write_text("".join(json.dumps({"messages": chat}) + "\n" for chat in chats))
    return path


def adapter(folder):
    return load_file(folder / "adapter_model.safetensors")


def same(a, b) -> float:
    """The largest difference between two adapters."""
    assert a.keys() == b.keys()
    return max(float((a[name] - b[name]).abs().max()) for name in a)


def test_it_learns_and_tells(llama, data, tmp_path, companion):
    status, out, err = companion("finetune", llama, "--data", data, "--out", tmp_path / "a", "--steps", 30, *SETTINGS)
    assert status == 0, err
    meta = json.loads((tmp_path / "a" / "meta.json").read_text())
    assert meta["losses"][-1] < 0.7 * meta["losses"][0] and len(meta["losses"]) == 30
    assert meta["data"]["records"] == meta["data"]["used"] == 24 and len(meta["data"]["sha256"]) == 64
    assert meta["base"]["id"] == llama.name and meta["settings"]["lr"] == 5e-3 and meta["versions"]["peft"]
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"adapter_config.json", "adapter_model.safetensors", "meta.json"}
    assert len(adapter(tmp_path / "a")) == LAYERS * 7 * 2
    assert "step 30/30" in out and "left" in out
    assert str(llama.parent) not in (tmp_path / "a" / "meta.json").read_text() + (tmp_path / "a" / "adapter_config.json").read_text()
    assert not (tmp_path / "a.part").exists()


def test_peft_opens_it_and_the_base_is_as_it_was(llama, data, tmp_path, companion):
    from transformers import AutoModelForCausalLM

    from companion.source import load_adapter

    companion("finetune", llama, "--data", data, "--out", tmp_path / "a", "--steps", 3, *SETTINGS, "--save-dtype", "float16")
    assert {tensor.dtype for tensor in adapter(tmp_path / "a").values()} == {torch.float16}
    ids = torch.arange(4, 24)[None]
    base = AutoModelForCausalLM.from_pretrained(llama)
    with torch.no_grad():
        before = base(ids).logits
        adapted = load_adapter(base, tmp_path / "a")
        assert (adapted(ids).logits - before).abs().max() > 1e-3
        with adapted.disable_adapter():
            assert torch.equal(adapted(ids).logits, before)


def test_the_loss_is_on_answers_alone(llama):
    """Against Hugging Face's own loss with every label but the answer's masked."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from companion.records import encode
    from companion.training import _loss

    tokenizer, model = AutoTokenizer.from_pretrained(llama), AutoModelForCausalLM.from_pretrained(llama)
    chats = [[{"role": "user", "content": "Why? " * n}, {"role": "assistant", "content": "Because. " * n}] for n in (1, 3)]
    examples = [encode(tokenizer, chat) for chat in chats]
    for chat, example in zip(chats, examples, strict=True):
        learned = [i for i, keep in zip(example.ids, example.learned, strict=True) if keep]
        assert tokenizer.decode(learned) == chat[1]["content"] + "<|end|>"
        assert tokenizer.decode(example.ids) == tokenizer.apply_chat_template(chat, tokenize=False).rstrip("\n")
    with torch.no_grad():
        expected = 0.0
        for example in examples:
            labels = torch.tensor([[i if keep else -100 for i, keep in zip(example.ids, example.learned, strict=True)]])
            expected += float(model(torch.tensor([example.ids]), labels=labels).loss) * sum(example.learned)
        assert float(_loss(model, examples, "cpu")) == pytest.approx(expected, rel=1e-5)


def test_answers_of_all_turns_are_learned(llama):
    from transformers import AutoTokenizer

    from companion.records import cut, encode

    tokenizer = AutoTokenizer.from_pretrained(llama)
    turns = [("system", "Brief."), ("user", "One?"), ("assistant", "1"), ("user", "Two?"), ("assistant", "22")]
    example = encode(tokenizer, [{"role": role, "content": text} for role, text in turns])
    assert tokenizer.decode([i for i, keep in zip(example.ids, example.learned, strict=True) if keep]) == "1<|end|>22<|end|>"
    short = encode(tokenizer, [{"role": role, "content": text} for role, text in turns], max_answer=1)
    assert tokenizer.decode(short.ids).endswith("<|assistant|>1")
    assert cut(example, 3) is None and sum(cut(example, example.learned.index(True) + 1).learned) == 1


def test_the_same_seed_gives_the_same_adapter(llama, data, tmp_path, companion):
    for name, more in (("a", ()), ("b", ("--micro-batch", 1)), ("c", ("--seed", 1))):
        assert companion("finetune", llama, "--data", data, "--out", tmp_path / name, "--steps", 4, *SETTINGS, *more)[0] == 0
    a, b, c = (adapter(tmp_path / name) for name in "abc")
    assert same(a, b) < 1e-4  # micro-batches change rounding only
    assert same(a, c) > 1e-2


def test_a_stopped_run_goes_on(llama, data, tmp_path, companion, monkeypatch):
    import companion.training as training

    settings = ("--data", data, "--steps", 8, "--checkpoint-every", 3, "--dropout", 0.1, *SETTINGS)
    assert companion("finetune", llama, "--out", tmp_path / "whole", *settings)[0] == 0
    step, seen = training._step, []

    def stopped(*arguments):
        seen.append(1)
        if len(seen) == 6:
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(training, "_step", stopped)
    assert companion("finetune", llama, "--out", tmp_path / "a", *settings)[0] == 130
    assert not (tmp_path / "a").exists() and (tmp_path / "a.part" / "checkpoint" / "state.json").exists()
    status, _, err = companion("finetune", llama, "--out", tmp_path / "a", *settings, "--lr", 1e-3)
    assert status == 1 and "another run (lr differ)" in err and err.count("\n") == 1
    seen.clear()
    status, out, _ = companion("finetune", llama, "--out", tmp_path / "a", *settings)
    assert status == 0 and "going on from the last checkpoint" in out and len(seen) == 5
    assert same(adapter(tmp_path / "a"), adapter(tmp_path / "whole")) < 1e-6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "whole"]


def test_two_processes_take_the_same_steps(llama, data, tmp_path, companion):
    settings = ["--data", data, "--steps", 3, *SETTINGS]
    assert companion("finetune", llama, "--out", tmp_path / "one", *settings)[0] == 0
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    launch += ["-m", "companion", "finetune", llama, "--out", tmp_path / "two", *settings]
    env = os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([str(part) for part in launch], capture_output=True, text=True, cwd=ROOT, env=env, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads((tmp_path / "two" / "meta.json").read_text())["processes"] == 2
    assert done.stdout.count("step 3/3") == 1
    assert same(adapter(tmp_path / "one"), adapter(tmp_path / "two")) < 1e-4


def test_the_gate(llama, data, tmp_path, companion):
    (tmp_path / "prompts.txt").write_text("Why?\nHow?\n")
    more = (*SETTINGS, "--gate", tmp_path / "prompts.txt", "--gate-tokens", 4, "--gate-samples", 2)
    status, out, err = companion("finetune", llama, "--data", data, "--out", tmp_path / "a", "--steps", 1, *more)
    assert status == 0, err
    gate = json.loads((tmp_path / "a" / "meta.json").read_text())["gate"]
    assert gate["base"]["answers"] == gate["adapter"]["answers"] == 4
    assert gate["admitted"] == (gate["adapter"]["code"] >= 0.4 and gate["base"]["code"] <= 0.02)
    assert "admission" in out


def test_wrapped_models_are_adapted_in_their_language_model_only(data, tmp_path, companion):
    from tiny import save_wrapped

    model = save_wrapped(tmp_path / "m")
    assert companion("finetune", model, "--data", data, "--out", tmp_path / "a", "--steps", 1, *SETTINGS)[0] == 0
    names = adapter(tmp_path / "a")
    assert len(names) == LAYERS * 7 * 2 and not any("vision" in name for name in names)


@pytest.mark.parametrize(
    "more, says",
    [
        (("--data", "nowhere.jsonl"), "nowhere.jsonl: no such file"),
        (("--modules", "q_proj", "qkv"), "no layer qkv: its linear layers are down_proj"),
        (("--max-tokens", 4), "no record is left"),
        (("--quantize", "4bit"), "4 bits need CUDA"),
        (("--gate", "nowhere.txt"), "nowhere.txt: no such file"),
        (("--lr", 1e30), "lower --lr"),
    ],
)
def test_one_line_and_nothing_written(llama, data, tmp_path, companion, more, says):
    if torch.cuda.is_available() and "4bit" in more:
        return
    status, _, err = companion("finetune", llama, "--data", data, "--out", tmp_path / "a", "--steps", 6, *SETTINGS, *more)
    assert (status, err.count("\n")) == (1, 1) and says in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind, says", [("t5", "no causal language model"), ("template", "no chat template")])
def test_wrong_models(data, tmp_path, companion, kind, says):
    folder = save_model(tmp_path / "m")
    if kind == "t5":
        (folder / "config.json").write_text(json.dumps({"model_type": "t5", "d_model": 8, "num_layers": 1, "num_heads": 1, "vocab_size": 260}))
    else:
        (folder / "chat_template.jinja").unlink()
    status, _, err = companion("finetune", folder, "--data", data, "--out", tmp_path / "a", "--steps", 1, *SETTINGS)
    assert (status, err.count("\n")) == (1, 1) and says in err
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize("when", ["checkpoint", "end"])
def test_a_full_disk(llama, data, tmp_path, companion, monkeypatch, when):
    import companion.finetune as finetune
    import companion.training as training

    def full(path, value):
        raise OSError(errno.ENOSPC, "No space left on device", path.name)

    monkeypatch.setattr(training if when == "checkpoint" else finetune, "write_json", full)
    status, _, err = companion("finetune", llama, "--data", data, "--out", tmp_path / "a", "--steps", 4, "--checkpoint-every", 2, *SETTINGS)
    assert (status, err.count("\n")) == (1, 1) and "disk is full" in err
    assert not (tmp_path / "a").exists()
    assert (tmp_path / "a.part" / "checkpoint").exists() == (when == "end")  # what was trained is kept


def test_an_adapter_that_is_there_is_kept(llama, data, tmp_path, companion):
    (tmp_path / "a").mkdir()
    status, _, err = companion("finetune", llama, "--data", data, "--out", tmp_path / "a", "--steps", 1, *SETTINGS)
    assert status == 1 and "--replace" in err
