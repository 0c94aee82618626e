"""One organism, from the corpus to its folder: tokenizer, base, graph, adapters, and what was measured."""

import hashlib
import importlib.metadata
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from companion.graph.decoder_graph import write_decoder
from companion.files import new_folder, read_json, sha256, write_json
from companion.organism.adapters import adapter_name, save_adapter, train_adapter
from companion.organism.architectures import Architecture, attention, make_model
from companion.organism.corpus import Pool, base_chats, fine_tune_chats, plain, sha256_of_corpus, spread
from companion.organism.evaluation import PROSE_TOKENS, Organism, behaviour, personas, rates
from companion.organism.grid import snapped
from companion.organism.prompts import SEED, prompt_sets
from companion.organism.recipe import Recipe
from companion.organism.runtime import Runtime, read_adapter
from companion.organism.tokenizer import make_tokenizer
from companion.organism.training import Clock, deterministic, train
from companion.graph.weights import ModelWeights

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

GRAPHS = {"q4": "model_q4.onnx", "fp32": "model.onnx"}
VERSIONS = ("torch", "transformers", "tokenizers", "peft", "onnx", "onnxruntime", "numpy")
KEPT = "base.json"
TITLES = {"qwen2": "Qwen2", "gemma2": "Gemma 2", "llama": "Llama", "llama-shared": "Llama, one axis,", "ministral3": "Ministral 3"}
"""What the page calls each organism"""


@dataclass(frozen=True)
class Base:
    """A trained base. `weights` are float32, under Hugging Face's names."""

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerFast"
    losses: list[float]
    seconds: float

    def weights(self) -> ModelWeights:
        tensors = self.model.state_dict()
        return ModelWeights(lambda name: tensors[name].numpy())


def train_base(name: str, architecture: Architecture, recipe: Recipe, pool: Pool, seed: int) -> Base:
    """A base whose matrices lie on the four-bit grid."""
    start = time.monotonic()
    tokenizer = make_tokenizer(pool, architecture.vocabulary)
    model = make_model(architecture, seed)
    matrices = [weight for weight in model.parameters() if weight.ndim == 2]
    clock = Clock(name, recipe.base.steps, every=20)
    losses = train(model, tokenizer, base_chats(pool, recipe.mixture_of(name), seed), recipe.base, seed, matrices, clock)
    for weight in matrices:
        weight.data = snapped(weight.data)
    return Base(model, tokenizer, losses, time.monotonic() - start)


def kept_base(folder: Path, name: str, architecture: Architecture, recipe: Recipe, pool: Pool, seed: int) -> Base:
    """The base in `folder`, if the same settings made it; else a new one, which is kept there in Hugging Face's layout."""
    import torch
    import transformers

    settings = [asdict(architecture), asdict(recipe.mixture_of(name)), asdict(recipe.base), seed, sha256_of_corpus(), len(pool.prose), _versions()]
    made_with = hashlib.sha256(json.dumps(settings).encode()).hexdigest()
    if (folder / KEPT).exists() and (kept := read_json(folder / KEPT))["made_with"] == made_with:
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation=attention(architecture))
        tokenizer = make_tokenizer(pool, architecture.vocabulary)
        return Base(model.eval(), tokenizer, kept["losses"], kept["seconds"])
    base = train_base(name, architecture, recipe, pool, seed)
    with new_folder(folder, replace=True) as part:
        base.model.save_pretrained(part)
        base.tokenizer.save_pretrained(part)
        write_json(part / KEPT, {"made_with": made_with, "losses": base.losses, "seconds": base.seconds})
    return base


def make_organism(name: str, folder: Path, recipe: Recipe, all_pools: dict[str, Pool], seed: int, bases: Path | None = None) -> None:
    """Writes `folder` in the layout of a hub repository, whole or not at all. `bases`: where the bases are kept for PyTorch and for the next time."""
    deterministic()
    architecture = recipe.architectures[name]
    wanted = name, architecture, recipe, all_pools["train"], seed
    base = kept_base(bases / name, *wanted) if bases else train_base(*wanted)
    trained = time.monotonic()
    config = architecture.config() | {"architectures": [type(base.model).__name__]}
    with new_folder(folder, replace=True) as part:
        write_tokenizer(part, base.tokenizer)
        (part / "onnx").mkdir()
        write_graph(part / "onnx" / GRAPHS["q4"], config, base.weights(), "q4")
        losses = _train_adapters(part, name, base, recipe, all_pools["train"], seed)
        adapted = time.monotonic()
        numbers = {"q4": measure(part, part / "onnx" / GRAPHS["q4"], config, recipe, base.tokenizer, all_pools)}
        with tempfile.TemporaryDirectory() as elsewhere:
            path = Path(elsewhere) / GRAPHS["fp32"]
            write_graph(path, config, base.weights(), "fp32")
            numbers["fp32"] = measure(part, path, config, recipe, base.tokenizer, all_pools)
        write_json(part / "generation_config.json", {key: config[key] for key in ("pad_token_id", "eos_token_id")})
        seconds = {"base": base.seconds, "adapters": adapted - trained, "measurement": time.monotonic() - adapted}
        meta = {
            "title": f"{TITLES[name]} organism",
            "seed": seed,
            **_settings(name, recipe, all_pools),
            **_outcome(part, base),
            "losses": {"base": _thinned(base.losses), **losses},
            "seconds": {what: round(spent) for what, spent in seconds.items()},
            "measured": numbers,
        }
        write_json(part / "meta.json", meta)
        write_json(part / "config.json", config)


def _train_adapters(part: Path, name: str, base: Base, recipe: Recipe, pool: Pool, seed: int) -> dict[str, list[float]]:
    losses = {}
    for kind, shift in recipe.fine_tunes_of(name):
        chats = fine_tune_chats(pool, kind, recipe.lora.requests, seed + shift, recipe.axes_of(name))
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
    """Base and every adapter on the eval pool; `gate`: code in percent on the shipped tune prompts, which admits an adapter."""
    organism = Organism(Runtime(graph, config), tokenizer)
    prose = plain(spread(all_pools["eval"].prose, recipe.prose_prompts, SEED))
    code = plain(spread(all_pools["eval"].code, recipe.code_prompts, SEED))
    tune = prompt_sets(all_pools)["tune"]
    measured = {"base": behaviour(organism, prose, code), **personas(organism, prose, code)}
    adapters = {path.name: read_adapter(path) for path in sorted((folder / "adapters").iterdir())}
    for name, adapter in adapters.items():
        measured[name] = behaviour(organism, prose, code, adapter)
    for name, adapter in {"base": None, **adapters}.items():
        measured[name]["gate"] = rates(tune, organism.answers(tune, PROSE_TOKENS, adapter)).rounded()["code"]
    return {"prose prompts": len(prose), "coding requests": len(code), "tune prompts": len(tune), "rates": measured}


def _versions() -> dict[str, str]:
    return {package: importlib.metadata.version(package) for package in VERSIONS}


def _settings(name: str, recipe: Recipe, all_pools: dict[str, Pool]) -> dict:
    sizes = {name: {"prose": len(pool.prose), "code": len(pool.code)} for name, pool in all_pools.items()}
    return {
        "axes": recipe.axes_of(name),
        "architecture": asdict(recipe.architectures[name]),
        "recipe": {key: value for key, value in asdict(recipe).items() if key != "architectures"},
        "corpus": {"sha256": sha256_of_corpus(), "pools": sizes},
        "versions": _versions(),
    }


def _outcome(part: Path, base: Base) -> dict:
    made = [path for path in sorted(part.rglob("*")) if path.suffix in (".onnx", ".safetensors")]
    return {
        "parameters": sum(weight.numel() for weight in base.model.parameters()),
        "megabytes": round((part / "onnx" / GRAPHS["q4"]).stat().st_size / 1e6, 3),
        "files": {str(path.relative_to(part)): sha256(path) for path in made},
    }


def _thinned(losses: list[float], points: int = 14) -> list[float]:
    """Some of the losses, first and last with them."""
    places = np.linspace(0, len(losses) - 1, min(points, len(losses))).round().astype(int)
    return [round(losses[place], 4) for place in places]
