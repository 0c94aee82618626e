"""The tiny models of the parity fixtures: real families and their config features, random weights, ids instead of text."""

import torch
import transformers

from companion.fixtures_families import PROMPTS as SMALL_PROMPTS
from companion.fixtures_families import SMALL_FAMILIES

SEED = 7
VOCAB = 96  # no other layer may be as wide: the builder knows the head by its width
PROMPTS = ((5, 61, 17, 88, 3, 42, 70, 9, 33, 94, 26, 51, 12), (77, 8, 30, 65, 19, 90, 44, 2, 58))  # 13 and 9 tokens
POSITIONS = 128

COMMON = {
    "vocab_size": VOCAB,
    "hidden_size": 48,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": POSITIONS,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "tie_word_embeddings": True,
    "bos_token_id": 1,
    "eos_token_id": 0,
    "pad_token_id": 0,
}
LLAMA3_ROPE = {  # with 16 rotary dimensions and 64 original positions all three of its frequency ranges occur
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
YARN_ROPE = {  # llama-4 scaling is 1 below the original positions, where all tests stay: the graphs have none
    "rope_type": "yarn",
    "factor": 16.0,
    "original_max_position_embeddings": 1024,
    "beta_fast": 32.0,
    "beta_slow": 1.0,
    "mscale": 1.0,
    "mscale_all_dim": 1.0,
    "llama_4_scaling_beta": 0.1,
}
GEMMA = {  # the soft caps below are lower than Google's 50 and 30, so that random activations reach them
    "hidden_activation": "gelu_pytorch_tanh",
    "hidden_size": 64,  # its root is whole, as the real ones': the builder rounds the embedding's scale to two decimals
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "num_hidden_layers": 3,
    "query_pre_attn_scalar": 24,
    "sliding_window": 8,
    "rms_norm_eps": 1e-6,
}
FAMILIES: dict[str, dict] = {
    "llama": {"model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 3, "rope_scaling": LLAMA3_ROPE},
    "smollm": {"model_type": "llama", "rope_theta": 100000.0, "num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 64},  # as the real one has them
    "qwen2": {"model_type": "qwen2", "hidden_size": 64, "num_hidden_layers": 3},
    "qwen3": {"model_type": "qwen3"},
    "gemma2": {"model_type": "gemma2", **GEMMA, "attn_logit_softcapping": 10.0, "final_logit_softcapping": 8.0},
    "gemma3": {
        "model_type": "gemma3_text",
        **GEMMA,
        "layer_types": ["sliding_attention", "sliding_attention", "full_attention"],
        "rope_theta": 1000000.0,
        "rope_local_base_freq": 10000.0,
    },
    "mistral": {"model_type": "mistral", "tie_word_embeddings": False, "sliding_window": None},
    "ministral3": {"model_type": "ministral3", "num_hidden_layers": 3, "rope_scaling": YARN_ROPE},
    "phi3": {
        "model_type": "phi3",
        "hidden_size": 64,
        "tie_word_embeddings": False,
        "original_max_position_embeddings": POSITIONS,
        "sliding_window": None,
    },
}
SPLIT_MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
FUSED_MODULES = ("qkv_proj", "o_proj", "gate_up_proj", "down_proj")


def linear_modules(family: str) -> tuple[str, ...]:
    """Names of the linear layers of one block that the fixture's adapter changes."""
    if family in SMALL_FAMILIES:
        return SMALL_FAMILIES[family].adapted
    return FUSED_MODULES if family == "phi3" else SPLIT_MODULES


def prompts_of(family: str) -> tuple[tuple[int, ...], ...]:
    return SMALL_PROMPTS if family in SMALL_FAMILIES else PROMPTS


def make_config(family: str, **changes) -> transformers.PretrainedConfig:
    """The family's config at tiny size, in the terms of the transformers version that is installed."""
    small = SMALL_FAMILIES.get(family)
    settings = (small.settings | {"model_type": small.kind} if small else COMMON | FAMILIES[family]) | changes
    kind = settings.pop("model_type")
    if kind not in transformers.CONFIG_MAPPING:
        raise NotImplementedError(f"transformers {transformers.__version__} has no {kind}")
    if not small and int(transformers.__version__.split(".")[0]) >= 5:
        settings = _rope_parameters(settings)
    return transformers.CONFIG_MAPPING[kind](**settings, attn_implementation="eager")


def _rope_parameters(settings: dict) -> dict:
    """transformers 5 keeps theta and scaling in one dict (one a layer type where they differ)."""
    rest = {k: v for k, v in settings.items() if k not in ("rope_theta", "rope_scaling", "rope_local_base_freq")}
    rope = {"rope_type": "default", "rope_theta": settings["rope_theta"]} | settings.get("rope_scaling", {})
    if "rope_local_base_freq" in settings:
        local = {"rope_type": "default", "rope_theta": settings["rope_local_base_freq"]}
        rope = {"full_attention": rope, "sliding_attention": local}
    return rest | {"rope_parameters": rope}


def make_model(family: str, **changes) -> transformers.PreTrainedModel:
    """The family's model in float32 with weights large enough that attention, norms and biases all matter."""
    model = transformers.AutoModelForCausalLM.from_config(make_config(family, **changes)).float().eval()
    if family in SMALL_FAMILIES:
        fill_by_shape(model, SMALL_FAMILIES[family].seed)
    else:
        fill(model, 0.0 if family.startswith("gemma") else 1.0)  # Gemma's norms multiply by 1 + weight
    return model


def fill(model: transformers.PreTrainedModel, offset: float) -> None:
    """Random weights by the names' roles, the same for a seed."""
    generator = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            noise = torch.randn(weight.shape, generator=generator)
            if name.endswith("model.norm.weight"):
                weight.copy_(offset + 1.5 + 0.25 * noise)
            elif "norm" in name:
                weight.copy_(offset + 0.25 * noise)
            elif name.endswith("bias"):
                weight.copy_(0.5 * noise)
            elif "embed_tokens" in name:
                weight.copy_(0.15 * noise)
            else:
                sharp = 1.6 if "q_proj" in name or "k_proj" in name or "qkv_proj" in name else 1.0
                weight.copy_(sharp * noise / weight.shape[1] ** 0.5)


def fill_by_shape(model: transformers.PreTrainedModel, seed: int) -> None:
    """Random weights for a family of any names: vectors that multiply near 1, others near 0, matrices by their width."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            noise = torch.randn(weight.shape, generator=generator)
            if weight.ndim == 1:
                weight.copy_((1.0 if name.endswith("weight") else 0.0) + 0.25 * noise)
            elif "emb" in name or "wte" in name or "wpe" in name:
                weight.copy_(0.3 * noise)
            else:
                # So large that all blocks matter to the logits; Conv1D has its matrices the other way round.
                weight.copy_(1.3 * noise / min(weight.shape[0], weight[0].numel()) ** 0.5)


def hub_config(model: transformers.PreTrainedModel, family: str) -> dict:
    """config.json as hub repositories have it today: what differs from the family's defaults, and the settings of transformers 4."""
    small = SMALL_FAMILIES.get(family)
    if small:
        return small.settings | {"model_type": small.kind, "architectures": [type(model).__name__]}
    settings = {"rope_scaling": None} | COMMON | FAMILIES[family]
    config = {key: value for key, value in model.config.to_diff_dict().items() if not key.startswith("_")}
    config.pop("transformers_version", None)
    return config | settings | {"architectures": [type(model).__name__]}
