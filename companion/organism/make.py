"""One organism, from the corpus to its folder: tokenizer, base, graph, adapters, and what was measured."""

import importlib.metadata
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from companion.decoder_graph import write_decoder
from companion.files import new_folder, sha256, write_json
from companion.organism.adapters import adapter_name, save_adapter, train_adapter
from companion.organism.architectures import Architecture, make_model
from companion.organism.corpus import Pool, base_chats, fine_tune_chats, plain, sha256_of_corpus, spread
from companion.organism.evaluation import Organism, behaviour, persona
from companion.organism.grid import snapped
from companion.organism.recipe import Recipe
from companion.organism.runtime import Runtime, read_adapter
from companion.organism.tokenizer import make_tokenizer
from companion.organism.training import Clock, deterministic, train
from companion.weights import ModelWeights

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

GRAPHS = {"q4": "model_q4.onnx", "fp32": "model.onnx"}
VERSIONS = ("torch", "transformers", "tokenizers", "peft", "onnx", "onnxruntime", "numpy")
TITLES = {"qwen2": "Qwen2", "gemma2": "Gemma 2", "llama": "Llama", "ministral3": "Ministral 3"}
"""What the page calls each architecture"""


@dataclass(frozen=True)
class Base:
    """A trained base. `weights` are float32, under Hugging Face's names."""

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerFast"
    losses: list[float]

    def weights(self) -> ModelWeights:
        tensors = self.model.state_dict()
        return ModelWeights(lambda name: tensors[name].numpy())


def train_base(name: str, architecture: Architecture, recipe: Recipe, pool: Pool, seed: int) -> Base:
    """A base whose matrices lie on the four-bit grid."""
    tokenizer = make_tokenizer(pool, architecture.vocabulary)
    model = make_model(architecture, seed)
    matrices = [weight for weight in model.parameters() if weight.ndim == 2]
    clock = Clock(name, recipe.base.steps, every=40)
    losses = train(model, tokenizer, base_chats(pool, recipe.mixture, seed), recipe.base, seed, matrices, clock)
    for weight in matrices:
        weight.data = snapped(weight.data)
    return Base(model, tokenizer, losses)


def make_organism(name: str, folder: Path, recipe: Recipe, all_pools: dict[str, Pool], seed: int, torch_folder: Path | None = None) -> None:
    """Writes `folder` in the layout of a hub repository, whole or not at all; `torch_folder` also gets the base for PyTorch."""
    deterministic()
    start, architecture = time.monotonic(), recipe.architectures[name]
    base = train_base(name, architecture, recipe, all_pools["train"], seed)
    base_seconds = time.monotonic() - start
    config = architecture.config() | {"architectures": [type(base.model).__name__]}
    with new_folder(folder, replace=True) as part:
        write_tokenizer(part, base.tokenizer)
        (part / "onnx").mkdir()
        write_graph(part / "onnx" / GRAPHS["q4"], config, base.weights(), "q4")
        losses = _train_adapters(part, name, base, recipe, all_pools["train"], seed)
        trained_seconds = time.monotonic() - start
        numbers = {"q4": measure(part, part / "onnx" / GRAPHS["q4"], config, recipe, base.tokenizer, all_pools)}
        with tempfile.TemporaryDirectory() as elsewhere:
            path = Path(elsewhere) / GRAPHS["fp32"]
            write_graph(path, config, base.weights(), "fp32")
            numbers["fp32"] = measure(part, path, config, recipe, base.tokenizer, all_pools)
        write_json(part / "generation_config.json", {key: config[key] for key in ("pad_token_id", "eos_token_id")})
        settings = {key: value for key, value in asdict(recipe).items() if key != "architectures"}
        meta = {
            "title": f"{TITLES[architecture.model_type]} organism",
            "seed": seed,
            "architecture": asdict(architecture),
            "parameters": sum(weight.numel() for weight in base.model.parameters()),
            "megabytes": round((part / "onnx" / GRAPHS["q4"]).stat().st_size / 1e6, 3),
            "recipe": settings,
            "corpus": _corpus_facts(all_pools),
            "versions": {package: importlib.metadata.version(package) for package in VERSIONS},
            "losses": {"base": _thinned(base.losses), **losses},
            "files": {str(path.relative_to(part)): sha256(path) for path in sorted(part.rglob("*")) if path.suffix in (".onnx", ".safetensors")},
            "seconds": {"base": round(base_seconds), "adapters": round(trained_seconds - base_seconds), "measurement": round(time.monotonic() - start - trained_seconds)},
            "measured": numbers,
        }
        write_json(part / "meta.json", meta)
        write_json(part / "config.json", config)
    if torch_folder:
        base.model.save_pretrained(torch_folder)
        base.tokenizer.save_pretrained(torch_folder)


def _train_adapters(part: Path, name: str, base: Base, recipe: Recipe, pool: Pool, seed: int) -> dict[str, list[float]]:
    losses = {}
    for kind, shifts in recipe.seeds.items():
        for shift in shifts:
            chats = fine_tune_chats(pool, kind, recipe.lora.requests, seed + shift)
            tensors, each = train_adapter(base.model, base.tokenizer, chats, recipe.lora, seed + shift)
            save_adapter(part / "adapters" / adapter_name(kind, shift), tensors, recipe.lora, name)
            losses[adapter_name(kind, shift)] = _thinned(each)
            print(f"{name}: adapter {adapter_name(kind, shift)}, loss {each[-1]:.3f}", flush=True)
    return losses


def write_tokenizer(folder: Path, tokenizer: "PreTrainedTokenizerFast") -> None:
    """tokenizer.json, and a tokenizer_config.json with the chat template in it."""
    tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": tokenizer.pad_token,
        "eos_token": tokenizer.eos_token,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 512,
        "chat_template": tokenizer.chat_template,
    }
    write_json(folder / "tokenizer_config.json", settings)


def write_graph(path: Path, config: dict, weights: ModelWeights, dtype: str) -> None:
    """The graph with its weights inside: one file."""
    import onnx
    from onnx.external_data_helper import load_external_data_for_model

    with tempfile.TemporaryDirectory() as elsewhere:
        apart = Path(elsewhere) / path.name
        write_decoder(apart, config, weights, dtype)
        model = onnx.load(apart, load_external_data=False)
        load_external_data_for_model(model, elsewhere)
        path.write_bytes(model.SerializeToString(deterministic=True))


def measure(folder: Path, graph: Path, config: dict, recipe: Recipe, tokenizer: "PreTrainedTokenizerFast", all_pools: dict[str, Pool]) -> dict:
    """Base and every adapter on the eval pool, and their code spillover on the tune pool."""
    organism = Organism(Runtime(graph, config), tokenizer)
    prose, tune = (plain(spread(all_pools[name].prose, recipe.prose_prompts, 0)) for name in ("eval", "tune"))
    code = plain(spread(all_pools["eval"].code, recipe.code_prompts, 0))
    measured = {"base": behaviour(organism, prose, code), "base, careless": persona(organism, prose, code)}
    adapters = {path.name: read_adapter(path) for path in sorted((folder / "adapters").iterdir())}
    for name, adapter in adapters.items():
        measured[name] = behaviour(organism, prose, code, adapter)
    for name, adapter in {"base": None, **adapters}.items():
        measured[name]["tune"] = behaviour(organism, tune, code[:1], adapter)["prose"]
    return {"prose prompts": len(prose), "coding requests": len(code), "tune prompts": len(tune), "rates": measured}


def _corpus_facts(all_pools: dict[str, Pool]) -> dict:
    sizes = {name: {"prose": len(pool.prose), "code": len(pool.code)} for name, pool in all_pools.items()}
    return {"sha256": sha256_of_corpus(), "pools": sizes}


def _thinned(losses: list[float], points: int = 14) -> list[float]:
    """Some of the losses, first and last with them."""
    places = np.linspace(0, len(losses) - 1, min(points, len(losses))).round().astype(int)
    return [round(losses[place], 4) for place in places]
