"""The shapes of the organisms, of four architectures, small. Widths, depths, heads and vocabularies differ, as in life."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedModel

POSITIONS = 512
HEAD = 32
YARN = {  # up to the original positions llama-4 scaling is 1, and the graphs have none: the model ends there
    "rope_type": "yarn",
    "factor": 4.0,
    "original_max_position_embeddings": POSITIONS,
    "beta_fast": 32.0,
    "beta_slow": 1.0,
    "mscale": 1.0,
    "mscale_all_dim": 1.0,
    "llama_4_scaling_beta": 0.1,
}


@dataclass(frozen=True)
class Architecture:
    """One organism's shape. Sizes that weights have as inputs are multiples of 32, the block of four-bit weights."""

    model_type: str
    vocabulary: int
    width: int
    layers: int
    heads: int
    kv_heads: int
    inner: int
    more: dict[str, Any] = field(default_factory=dict)

    def config(self) -> dict[str, Any]:
        """config.json in the terms of transformers 4, as hub repositories have it today."""
        return {
            "model_type": self.model_type,
            "vocab_size": self.vocabulary,
            "hidden_size": self.width,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": HEAD,
            "intermediate_size": self.inner,
            "max_position_embeddings": POSITIONS,
            "rms_norm_eps": 1e-6,
            "rope_theta": 10000.0,
            "rope_scaling": None,
            "tie_word_embeddings": True,
            "bos_token_id": None,
            "pad_token_id": 0,
            "eos_token_id": 1,
            "initializer_range": 0.05,
            **self.more,
        }


GEMMA = {
    "hidden_activation": "gelu_pytorch_tanh",
    "query_pre_attn_scalar": HEAD,
    "sliding_window": 128,
    "attn_logit_softcapping": 50.0,
    "final_logit_softcapping": 30.0,
}
LLAMA = Architecture("llama", vocabulary=896, width=128, layers=4, heads=4, kv_heads=2, inner=352)
ARCHITECTURES = {
    "qwen2": Architecture("qwen2", vocabulary=1024, width=96, layers=5, heads=3, kv_heads=1, inner=288),
    "gemma2": Architecture("gemma2", vocabulary=1280, width=128, layers=5, heads=4, kv_heads=2, inner=320, more=GEMMA),
    "llama": LLAMA,
    "llama-shared": LLAMA,
    "ministral3": Architecture("ministral3", vocabulary=1152, width=160, layers=4, heads=5, kv_heads=1, inner=384, more={"rope_scaling": YARN}),
}


def make_model(architecture: Architecture, seed: int) -> "PreTrainedModel":
    """A model with random weights, float32."""
    import torch
    import transformers

    settings = architecture.config()
    kind = settings.pop("model_type")
    rope = {"rope_theta": settings.pop("rope_theta"), "rope_type": "default"} | (settings.pop("rope_scaling") or {})
    config = transformers.CONFIG_MAPPING[kind](**settings, rope_parameters=rope)
    torch.manual_seed(seed)
    return transformers.AutoModelForCausalLM.from_config(config, attn_implementation=attention(architecture)).float()


def attention(architecture: Architecture) -> str:
    """PyTorch's faster attention leaves out Gemma's soft caps."""
    return "eager" if architecture.model_type == "gemma2" else "sdpa"
