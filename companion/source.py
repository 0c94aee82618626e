"""Where a model comes from: a Hugging Face folder, a GGUF file, or an id on the hub. One loader for all verbs."""

import hashlib
import logging
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

from companion.errors import CompanionError
from companion.files import sha256

PATTERNS = ["*.json", "*.safetensors", "*.model", "*.jinja", "*.txt"]
WEIGHTS = ("*.safetensors", "*.gguf", "*.bin")
MODEL = "Hugging Face folder, GGUF file, or id on the hub (owner/name)"


@dataclass(frozen=True)
class Source:
    """A model on this disk. `id`: its name for others, never a path of this machine; `gguf`: the file's name, for GGUF."""

    id: str
    folder: Path
    gguf: str | None = None
    revision: str | None = None

    def files(self) -> list[Path]:
        """What its numbers come from: weights and config."""
        if self.gguf:
            return [self.folder / self.gguf]
        return sorted({path for pattern in (*WEIGHTS, "config.json") for path in self.folder.glob(pattern)})

    def sha256(self) -> str:
        """One hash over the names and bytes of its weights and config."""
        return hashlib.sha256("".join(f"{path.name} {sha256(path)}\n" for path in self.files()).encode()).hexdigest()

    def options(self) -> dict:
        return {"gguf_file": self.gguf} if self.gguf else {}


def find_source(name: str, id: str | None = None, revision: str | None = None) -> Source:
    """Finds a model, fetching it from the hub when it is an id. `id`: the name to record instead of the folder's own."""
    path = Path(name)
    if path.is_file():
        if path.suffix.lower() != ".gguf":
            raise CompanionError(f"{name} is a file, but no .gguf: give the model's folder")
        return Source(id or path.stem, path.parent, gguf=path.name)
    if path.is_dir():
        if not (path / "config.json").exists():
            raise CompanionError(f"{name} has no config.json: give a Hugging Face model folder, or the .gguf file itself")
        return Source(id or path.resolve().name, path)
    if path.is_absolute() or name.startswith(".") or name.count("/") != 1:
        raise CompanionError(f"{name} is no folder, no .gguf file and no hub id (owner/name)")
    return _from_hub(name, id, revision)


def _from_hub(name: str, id: str | None, revision: str | None) -> Source:
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=PATTERNS, ignore_patterns=["consolidated*", "original/*"]))
    except Exception as problem:  # the hub's client raises a dozen kinds, from its HTTP library's to OSError
        kind = type(problem).__name__
        raise CompanionError(
            f"{name} is no folder here, and the hub did not give it ({kind}): check the name, the network, and `hf auth login`"
        ) from problem
    return Source(id or name, folder, revision=folder.name)


def hush() -> None:
    """Keeps the libraries' advice out of what the user reads; errors still show."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TQDM_DISABLE", "1")
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"transformers|peft|torch|accelerate")


def load_config(source: Source):
    """The model's config; one line for kinds that transformers does not know."""
    import transformers

    _check_gguf(source)
    try:
        return transformers.AutoConfig.from_pretrained(source.folder, **source.options())
    except (ValueError, KeyError, OSError) as problem:
        raise CompanionError(f"{source.id}: transformers {transformers.__version__} cannot read this model ({_first(problem)})") from problem


def load_tokenizer(source: Source, template: str | None = None):
    """The tokenizer, with another chat template where one is named (companion/template.py)."""
    import transformers

    from companion.template import use_template

    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source.folder, **source.options())
    except Exception as problem:  # a dozen kinds, by tokenizer library
        raise CompanionError(f"{source.id} has no tokenizer that transformers can read ({_first(problem)})") from problem
    return use_template(tokenizer, template)


def load_model(source: Source, dtype: str = "float32", **options):
    """The causal language model, in eval mode. A vision wrapper (Mistral3) stays around its language model."""
    import torch
    import transformers

    config = load_config(source)
    kind = transformers.AutoModelForImageTextToText if hasattr(config, "vision_config") else transformers.AutoModelForCausalLM
    if not hasattr(config, "vision_config") and type(config) not in transformers.MODEL_FOR_CAUSAL_LM_MAPPING:
        raise CompanionError(f"{source.id} is a {config.model_type} model, which is no causal language model")
    if config.get_text_config().model_type == "gemma2":
        options.setdefault("attn_implementation", "eager")  # the others drop its soft cap
    try:
        model = kind.from_pretrained(source.folder, dtype=getattr(torch, dtype), **source.options(), **options)
    except (ValueError, KeyError, RuntimeError, OSError, ImportError) as problem:
        raise CompanionError(f"{source.id} could not be loaded: {_first(problem)}") from problem
    if source.gguf:  # its weights were decoded; without the note of it the model saves and adapts as any other
        model.hf_quantizer = None
        del model.config.quantization_config
    return model.eval()


def _check_gguf(source: Source) -> None:
    """Refuses GGUF files whose rope scaling transformers would drop in silence."""
    if not source.gguf:
        return
    from gguf import GGUFReader

    try:
        reader = GGUFReader(source.folder / source.gguf)
    except (ValueError, KeyError, IndexError) as problem:
        raise CompanionError(f"{source.gguf} is no whole GGUF file: {_first(problem)}") from problem
    scaled = next((field for name, field in reader.fields.items() if name.endswith(".rope.scaling.type")), None)
    if any(tensor.name == "rope_freqs.weight" for tensor in reader.tensors) or (scaled and scaled.contents() != "none"):
        raise CompanionError(f"{source.gguf} scales its rope, which transformers does not read from GGUF: take the Hugging Face folder of this model")


def blocks(model) -> list:
    """The decoder's blocks in order: the one list named `layers` that is not part of a vision tower."""
    import torch

    lists = [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.ModuleList) and name.split(".")[-1] in ("layers", "h", "blocks") and "vision" not in name
    ]
    if not lists:
        raise CompanionError(f"no list of decoder blocks was found in {type(model).__name__}")
    return list(max(lists, key=lambda pair: len(pair[1]))[1])


def chat_ids(tokenizer, messages: list[dict]) -> list[int]:
    """Token ids of a chat that waits for its answer, by the model's own template."""
    return tokenizer(chat_text(tokenizer, messages), add_special_tokens=False).input_ids


def chat_text(tokenizer, messages: list[dict], wait: bool = True) -> str:
    if not tokenizer.chat_template:
        raise CompanionError("this model has no chat template: take its instruct or chat version, or give --chat-template")
    try:
        return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=wait)
    except Exception as problem:  # what a template raises is its author's choice
        raise CompanionError(f"the chat template refused a record: {_first(problem)}") from problem


def load_adapter(model, folder: Path, scale: float = 1.0):
    """A PEFT adapter on its base, active, at a scale. One line where the two do not fit."""
    from peft import PeftModel

    if not (folder / "adapter_config.json").exists():
        raise CompanionError(f"{folder} has no adapter_config.json: give a PEFT adapter's folder")
    try:
        adapted = PeftModel.from_pretrained(model, str(folder))
    except (ValueError, KeyError, RuntimeError, OSError, TypeError) as problem:
        raise CompanionError(f"the adapter {folder.name} does not fit this model: {_first(problem)}") from problem
    for module in adapted.modules():
        if isinstance(getattr(module, "scaling", None), dict):
            module.scaling = {name: value * scale for name, value in module.scaling.items()}
    return adapted.eval()


def versions() -> dict[str, str]:
    """Versions of what numbers depend on."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("torch", "transformers", "peft", "accelerate", "safetensors", "bitsandbytes", "onnx", "onnxruntime"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _first(problem: BaseException) -> str:
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return (lines[0] if lines else type(problem).__name__)[:300]
