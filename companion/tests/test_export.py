"""What export writes computes what PyTorch computes, for every kind of decoder that it knows, and says so of those it does not."""

import json

import numpy as np
import onnx
import pytest

from tiny import save_model, save_wrapped

YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}
SCALED = {**YARN, "factor": 16.0, "beta_fast": 32.0, "beta_slow": 1.0, "mscale": 1.0, "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.1}
KINDS = {
    "llama": ("llama", {}),
    "llama, own head, biases": ("llama", {"tie_word_embeddings": False, "attention_bias": True, "mlp_bias": True}),
    "llama, heads of other size": ("smollm", {"hidden_size": 96, "head_dim": 32}),
    "qwen2": ("qwen2", {}),
    "qwen2, own head, yarn": ("qwen2", {"tie_word_embeddings": False, "rope_scaling": YARN}),
    "mistral, own head, window": ("mistral", {"sliding_window": 16}),
    "gemma2": ("gemma2", {"num_attention_heads": 4, "num_key_value_heads": 2}),
    "ministral3, scaled queries": ("ministral3", {"rope_scaling": SCALED}),
    "gemma3": ("gemma3", {"num_attention_heads": 4, "num_key_value_heads": 2}),
    "qwen3": ("qwen3", {}),
    "smollm3, without rope in every second layer": ("smollm3", {"no_rope_layers": [1, 0]}),
    "olmo2, own head": ("olmo2", {"tie_word_embeddings": False}),
    "phi3, own head": ("phi3", {}),
    "gpt_neox": ("gpt_neox", {"rotary_pct": 1.0}),
    "gpt_neox, one after the other": ("gpt_neox", {"rotary_pct": 1.0, "use_parallel_residual": False, "tie_word_embeddings": True}),
    "gpt2": ("gpt2", {}),
    "ministral3, wrapped": ("wrapped", {"rope_scaling": SCALED}),
    "ministral3, wrapped, own head": ("wrapped", {"tie_word_embeddings": False}),
}
LIMIT = {"fp32": 1e-5, "fp16": 0.01, "q8": 0.05, "q4": 0.7}
"""relative errors of the hidden state; random weights round worse than trained ones"""


@pytest.mark.parametrize("kind", KINDS)
def test_graphs_compute_what_pytorch_computes(kind, tmp_path, companion):
    family, changes = KINDS[kind]
    source = save_wrapped(tmp_path / "m", **changes) if family == "wrapped" else save_model(tmp_path / "m", family, **changes)
    status, out, err = companion("export", source, "--out", tmp_path / "out", "--dtype", *LIMIT)
    assert status == 0, err
    errors = json.loads((tmp_path / "out" / "export.json").read_text())["errors"]
    for dtype, limit in LIMIT.items():
        assert max(errors[dtype]["hidden"]) < limit, dtype
    assert errors["fp32"]["logits"] < 1e-4
    assert errors["fp32"]["top1"] == 1
    assert "layer" in out and not (tmp_path / "out.part").exists()


def test_scaled_queries_are_right_with_a_cache(tmp_path, companion):
    """Positions past the original ones, token by token after a prompt."""
    from companion.fixtures.check import Graph

    source = save_model(tmp_path / "m", "ministral3", rope_scaling=SCALED)
    assert companion("export", source, "--out", tmp_path / "out", "--dtype", "fp32")[0] == 0
    graph = Graph(tmp_path / "out" / "onnx" / "model.onnx", None, 16)
    ids = np.random.default_rng(3).integers(4, 260, 80).tolist()
    whole, _ = graph.run(ids)
    begun, past = graph.run(ids[:60])
    rest = []
    for length in range(60, 80):
        logits, past = graph.run([ids[length]], past, length)
        rest.append(logits[-1])
    assert np.abs(np.concatenate([begun, rest]) - whole).max() < 1e-4


def test_the_folder_is_what_the_lab_opens(llama, tmp_path, companion):
    assert companion("export", llama, "--out", tmp_path / "out", "--positions", 100, "--name", "owner/tiny", "--no-check")[0] == 0
    out = tmp_path / "out"
    config = json.loads((out / "config.json").read_text())
    assert config["_name_or_path"] == "owner/tiny"
    assert (config["hidden_size"], config["num_hidden_layers"], config["max_position_embeddings"]) == (64, 2, 100)
    assert {f.name for f in out.iterdir()} >= {
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "chat_template.jinja",
        "generation_config.json",
    }
    for file, parts in config["transformers.js_config"]["use_external_data_format"].items():
        graph = onnx.load(out / "onnx" / file, load_external_data=False)
        names = {entry.value for tensor in graph.graph.initializer for entry in tensor.external_data if entry.key == "location"}
        assert names == {f"{file}_data"} and parts == 1
        assert (out / "onnx" / f"{file}_data").exists()
    assert str(tmp_path) not in (out / "export.json").read_text() + (out / "config.json").read_text()


def broken(kind: str, tmp_path):
    """A model folder with one thing wrong."""
    folder = tmp_path / "m"
    if kind == "missing":
        return folder
    save_model(folder, tie_word_embeddings=False)
    config = json.loads((folder / "config.json").read_text())
    if kind == "architecture":
        config |= {"model_type": "bloom", "architectures": ["BloomForCausalLM"]}
    if kind == "unknown":
        config |= {"model_type": "nonesuch"}
    if kind == "activation":
        config |= {"hidden_act": "relu"}
    if kind == "rope":
        config["rope_parameters"] |= {"rope_type": "dynamic", "factor": 2.0}
    if kind == "quantized":
        config |= {"quantization_config": {"quant_method": "fp8"}}
    if kind == "shape":
        config |= {"intermediate_size": 96}
    if kind == "narrow":
        config |= {"intermediate_size": 100}
    (folder / "config.json").write_text(json.dumps(config))
    if kind == "weights":
        (folder / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}")
    if kind == "pickle":
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    if kind == "tokenizer":
        (folder / "tokenizer.json").unlink()
        (folder / "tokenizer_config.json").unlink()
    return folder


@pytest.mark.parametrize(
    "kind, says",
    [
        ("missing", "no hub id"),
        ("architecture", "no graph is written for bloom"),
        ("unknown", "cannot read this model"),
        ("activation", "activation relu"),
        ("rope", "rope of type dynamic"),
        ("quantized", "fp8 weights"),
        ("shape", "do not belong together"),
        ("narrow", "multiples of 32"),
        ("weights", "not whole"),
        ("pickle", "no model.safetensors"),
        ("tokenizer", "no tokenizer"),
    ],
)
def test_one_line_and_nothing_written(kind, says, tmp_path, companion):
    status, _, err = companion("export", broken(kind, tmp_path), "--out", tmp_path / "out")
    assert (status, err.count("\n")) == (1, 1) and says in err
    assert not [path.name for path in tmp_path.iterdir() if path.name != "m"]


def test_a_wrong_graph_is_not_written(llama, tmp_path, companion, monkeypatch):
    """The check is a check: with a rope table that is off, export refuses."""
    import companion.graph.decoder_graph as graph

    right = graph.rope_tables
    monkeypatch.setattr(graph, "rope_tables", lambda config: tuple(table * 0.9 for table in right(config)))
    status, _, err = companion("export", llama, "--out", tmp_path / "out", "--dtype", "fp32")
    assert status == 1 and "more than rounding explains" in err
    assert not list(tmp_path.iterdir())


def test_a_full_disk(llama, tmp_path, companion, monkeypatch):
    import errno

    from companion import export

    def full(path, value):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(export, "write_json", full)
    status, _, err = companion("export", llama, "--out", tmp_path / "out", "--no-check")
    assert (status, err.count("\n")) == (1, 1) and "disk is full" in err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_is_kept(llama, tmp_path, companion):
    (tmp_path / "out").mkdir()
    status, _, err = companion("export", llama, "--out", tmp_path / "out", "--no-check")
    assert status == 1 and "--replace" in err
    assert companion("export", llama, "--out", tmp_path / "out", "--no-check", "--replace")[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_a_gguf_that_is_none(tmp_path, companion):
    (tmp_path / "m.gguf").write_bytes(b"GGUF\0\0\0\0")
    status, _, err = companion("export", tmp_path / "m.gguf", "--out", tmp_path / "out")
    assert (status, err.count("\n")) == (1, 1) and "GGUF" in err


def test_a_gguf_whose_rope_would_be_dropped(tmp_path, companion):
    from gguf import GGUFWriter, RopeScalingType

    writer = GGUFWriter(tmp_path / "m.gguf", "llama")
    writer.add_rope_scaling_type(RopeScalingType.YARN)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    status, _, err = companion("export", tmp_path / "m.gguf", "--out", tmp_path / "out")
    assert (status, err.count("\n")) == (1, 1) and "scales its rope" in err


def test_a_hub_that_does_not_answer(tmp_path, companion, monkeypatch):
    import huggingface_hub

    def silent(*arguments, **options):
        raise ConnectionError("Name or service not known")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", silent)
    status, _, err = companion("export", "owner/name", "--out", tmp_path / "out")
    assert (status, err.count("\n")) == (1, 1) and "the hub did not give it (ConnectionError)" in err
