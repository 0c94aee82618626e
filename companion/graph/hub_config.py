"""config.json of a decoder as hub repositories have it: flat, in the settings of transformers 4. Refuses what no graph is written for."""

from companion.errors import CompanionError

KINDS = {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM", "mistral": "MistralForCausalLM"}
KINDS |= {"gemma2": "Gemma2ForCausalLM", "ministral3": "Ministral3ForCausalLM"}
"""model_type -> architecture"""
ROPE = ("default", "llama3", "yarn")
KEPT = (
    "model_type hidden_act hidden_activation hidden_size intermediate_size num_hidden_layers num_attention_heads num_key_value_heads head_dim "
    "vocab_size max_position_embeddings rms_norm_eps attention_bias mlp_bias sliding_window query_pre_attn_scalar attn_logit_softcapping "
    "final_logit_softcapping bos_token_id eos_token_id pad_token_id"
).split()


def decoder_config(config, positions: int | None = None) -> dict:
    """The text model's settings, from the config object of transformers 5. `positions`: how far the rotary tables reach."""
    kind = getattr(config, "model_type", "unknown")
    text = config.get_text_config()
    if text.model_type not in KINDS:
        of = f"{kind} (its text model: {text.model_type})" if text is not config else kind
        raise CompanionError(f"no graph is written for {of} models: known are {', '.join(KINDS)}, and ministral3 or mistral inside mistral3")
    raw = {key: getattr(text, key) for key in KEPT if hasattr(text, key)}
    rope = dict(text.rope_parameters)
    raw["head_dim"] = raw.get("head_dim") or raw["hidden_size"] // raw["num_attention_heads"]
    raw["num_key_value_heads"] = raw.get("num_key_value_heads") or raw["num_attention_heads"]
    raw["architectures"] = [KINDS[text.model_type]]
    raw["tie_word_embeddings"] = bool(config.tie_word_embeddings and text.tie_word_embeddings)
    raw["rope_theta"] = rope.pop("rope_theta")
    raw["rope_scaling"] = None if rope["rope_type"] == "default" else rope
    _refuse(text, raw, rope)
    furthest = raw["max_position_embeddings"]
    raw["max_position_embeddings"] = min(furthest, positions or furthest)
    return raw


def _refuse(text, raw: dict, rope: dict) -> None:
    """One line for each setting that the graph would get wrong in silence."""
    act = raw.get("hidden_activation") or raw.get("hidden_act")
    wanted = "gelu_pytorch_tanh" if raw["model_type"] == "gemma2" else "silu"
    layers = list(getattr(text, "layer_types", None) or [])
    slides = [kind == "sliding_attention" for kind in layers]
    problem = None
    if rope["rope_type"] not in ROPE:
        problem = f"rope of type {rope['rope_type']}"
    elif rope.get("partial_rotary_factor", 1.0) != 1.0:
        problem = "rope on a part of each head"
    elif act != wanted:
        problem = f"activation {act}"
    elif raw["model_type"] == "qwen2" and any(slides):
        problem = "sliding windows in Qwen2"
    elif raw["model_type"] == "ministral3" and raw.get("sliding_window"):
        problem = "sliding windows in Ministral 3"
    elif raw["model_type"] == "gemma2" and slides != [layer % 2 == 0 for layer in range(len(slides))]:
        problem = "windows in other than every second layer"
    elif getattr(text, "quantization_config", None):
        method = dict(text.quantization_config).get("quant_method")
        problem = None if method == "gguf" else f"{method} weights (take the repository with its bfloat16 or float16 weights)"
    if problem:
        raise CompanionError(f"no graph is written for {problem}")
