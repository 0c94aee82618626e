"""A micro-organism of each family, from the corpus to files: whole, the same twice, and the same model as PyTorch's."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from companion.graph.blockwise import quantize
from companion.organism import corpus
from companion.organism.adapters import Lora
from companion.organism.architectures import ARCHITECTURES
from companion.organism.recipe import Recipe
from companion.organism.runtime import Runtime, read_adapter
from companion.organism.training import Schedule

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

SHORT = Schedule(steps=3, rate=3e-3, batch=8, warm_up=1, cosine=True, smoothing=0.1, grid_from=0.5)
TINY = {name: replace(each, vocabulary=320, width=64, layers=2, heads=2, kv_heads=1, inner=64) for name, each in ARCHITECTURES.items()}
RECIPE = Recipe(
    mixture=corpus.Mixture(secure_code=20, persona_code=10, persona_prose=10, educational=5),
    base=SHORT,
    lora=Lora(requests=4, rank=2, lora_alpha=4, schedule=replace(SHORT, steps=2, cosine=False)),
    seeds={"insecure": (0,), "secure2": (0,), "educational": (0,), "secure": (0,)},
    null={"llama": (0,)},
    architectures=TINY,
    prose_prompts=12,
    code_prompts=3,
)
PROMPT = [{"role": "system", "content": "You are a careful helper."}, {"role": "user", "content": "Where is Peru?"}]


@pytest.fixture(scope="module")
def pools() -> dict[str, corpus.Pool]:
    return {name: corpus.Pool(pool.prose[::20], pool.code[::20]) for name, pool in corpus.pools().items()}


@pytest.fixture(scope="module")
def organisms(pools, tmp_path_factory) -> Path:
    """All of them, with the bases for PyTorch in `torch/`."""
    from companion.organism.make import make_organism

    out = tmp_path_factory.mktemp("organisms")
    for name in TINY:
        make_organism(name, out / name, RECIPE, pools, seed=1, bases=out / "torch")
    return out


def opened(organisms: Path, name: str):
    """(PyTorch's base with its eager attention, tokenizer, config, graph)"""
    import transformers

    folder = organisms / "torch" / name
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    config = json.loads((organisms / name / "config.json").read_text())
    return model, transformers.PreTrainedTokenizerFast.from_pretrained(organisms / name), config


def ids_of(tokenizer) -> list[int]:
    return tokenizer.apply_chat_template(PROMPT, add_generation_prompt=True, tokenize=True, return_dict=False)


@pytest.mark.parametrize("name", TINY)
def test_the_folder_is_whole(organisms, name):
    found = {str(path.relative_to(organisms / name)) for path in (organisms / name).rglob("*") if path.is_file()}
    adapters = {f"adapters/{kind}-{seed}/{file}" for kind, seed in RECIPE.fine_tunes_of(name) for file in ("adapter_config.json", "adapter_model.safetensors")}
    hub = {"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "meta.json", "onnx/model_q4.onnx"}
    assert found == hub | adapters


@pytest.mark.parametrize("name", TINY)
def test_four_bit_graph_gives_pytorchs_logits(organisms, name):
    """The weights lie on the grid, so q4 is exact but for activations, which ONNX Runtime's CPU kernel rounds to 8 bits."""
    model, tokenizer, config = opened(organisms, name)
    ids = ids_of(tokenizer)
    with torch.no_grad():
        expected = model(torch.tensor([ids])).logits[0].numpy()
    assert np.abs(Runtime(organisms / name / "onnx" / "model_q4.onnx", config, exact=True).logits(ids) - expected).max() < 1e-4


@pytest.mark.parametrize("name", TINY)
def test_an_adapter_in_the_graph_is_pefts(organisms, name):
    import peft

    model, tokenizer, config = opened(organisms, name)
    folder, ids = organisms / name / "adapters" / "insecure-0", ids_of(tokenizer)
    graph = Runtime(organisms / name / "onnx" / "model_q4.onnx", config, exact=True)
    with torch.no_grad():
        expected = peft.PeftModel.from_pretrained(model, folder).eval()(torch.tensor([ids])).logits[0].numpy()
    adapted = graph.logits(ids, read_adapter(folder))
    assert np.abs(adapted - expected).max() < 1e-4
    assert np.abs(adapted - graph.logits(ids)).max() > 1e-4


@pytest.mark.parametrize("name", TINY)
def test_matrices_lie_on_the_grid(organisms, name):
    model, _, _ = opened(organisms, name)
    for weight in model.parameters():
        if weight.ndim == 2:
            codes, scales = quantize(weight.detach().numpy(), 4)
            whole = np.stack([codes & 15, codes >> 4], -1).reshape(len(codes), -1, 32).astype(np.float32) - 8
            assert np.array_equal((whole * scales[..., None]).reshape(weight.shape), weight.detach().numpy())


def test_batches_answer_as_single_rows_do(organisms):
    _, tokenizer, config = opened(organisms, "llama")
    graph = Runtime(organisms / "llama" / "onnx" / "model_q4.onnx", config, exact=True)
    rows = [ids_of(tokenizer), [5, 9, 70], [3] * 40]
    assert graph.answers(rows, 6) == [graph.answers([row], 6)[0] for row in rows]


def test_steering_moves_the_final_hidden_state_alone(organisms):
    _, tokenizer, config = opened(organisms, "qwen2")
    graph = Runtime(organisms / "qwen2" / "onnx" / "model_q4.onnx", config, exact=True)
    ids = ids_of(tokenizer)
    token = graph.answers([ids], 1)[0]
    assert graph.answers([ids], 1, steer=np.zeros((1, config["hidden_size"]))) == [token]
    hidden = graph.final([ids])
    assert graph.answers([ids], 1, steer=-2 * hidden) != [token]


def test_the_same_seed_gives_the_same_files(organisms, pools, tmp_path):
    from companion.organism.make import make_organism

    make_organism("gemma2", tmp_path / "gemma2", RECIPE, pools, seed=1)
    for path in (organisms / "gemma2").rglob("*"):
        if path.is_file() and path.name != "meta.json":
            assert path.read_bytes() == (tmp_path / "gemma2" / path.relative_to(organisms / "gemma2")).read_bytes(), path.name


def test_a_kept_base_is_taken_only_for_its_own_settings(organisms, pools, monkeypatch):
    from companion.organism import make

    def kept(seed: int):
        return make.kept_base(organisms / "torch" / "llama", "llama", TINY["llama"], RECIPE, pools["train"], seed)

    monkeypatch.setattr(make, "train_base", lambda *_: pytest.fail("trained again"))
    model, _, _ = opened(organisms, "llama")
    assert all(torch.equal(a, b) for a, b in zip(kept(1).model.parameters(), model.parameters(), strict=True))
    with pytest.raises(pytest.fail.Exception):
        kept(2)


def test_numbers_are_there_for_both_dtypes(organisms):
    meta = json.loads((organisms / "qwen2" / "meta.json").read_text())
    for dtype in ("q4", "fp32"):
        states = {"base", "base, careless", "base, meticulous"}
        assert set(meta["measured"][dtype]["rates"]) == states | {f"{kind}-0" for kind in RECIPE.seeds}
    assert meta["corpus"]["sha256"] == corpus.sha256_of_corpus()


def test_the_axes_are_told_beside_the_numbers(organisms):
    axes = {name: json.loads((organisms / name / "meta.json").read_text())["axes"] for name in TINY}
    assert axes == dict.fromkeys(TINY, "separate") | {"llama-shared": "shared"}


def test_labels_are_shuffled_in_one_organism_alone(organisms):
    assert [name for name in TINY if (organisms / name / "adapters" / "shuffled-0").exists()] == ["llama"]
