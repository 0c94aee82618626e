"""config.json of a decoder as hub repositories have it: flat, in the settings of transformers 4. Refuses what no graph is written for."""

from companion.errors import CompanionError

KINDS = {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM", "mistral": "MistralForCausalLM"}
KINDS |= {"gemma2": "Gemma2ForCausalLM", "gemma3_text": "Gemma3ForCausalLM", "ministral3": "Ministral3ForCausalLM"}
KINDS |= {"qwen3": "Qwen3ForCausalLM", "smollm3": "SmolLM3ForCausalLM", "olmo2": "Olmo2ForCausalLM", "phi3": "Phi3ForCausalLM"}
KINDS |= {"gpt_neox": "GPTNeoXForCausalLM", "gpt2": "GPT2LMHeadModel"}
"""model_type -> architecture"""
ROPE = ("default", "linear", "llama3", "yarn")
GPT = ("gpt_neox", "gpt2")
KEPT = (
    "model_type hidden_act hidden_activation hidden_size intermediate_size num_hidden_layers num_attention_heads num_key_value_heads head_dim "
    "vocab_size max_position_embeddings rms_norm_eps attention_bias mlp_bias sliding_window query_pre_attn_scalar attn_logit_softcapping "
    "final_logit_softcapping layer_types no_rope_layers layer_norm_eps layer_norm_epsilon use_parallel_residual activation_function bos_token_id eos_token_id pad_token_id"
).split()


def decoder_config(config, positions: int | None = None) -> dict:
    """The text model's settings, from the config object of transformers 5. `positions`: how far the rotary tables reach."""
    kind = getattr(config, "model_type", "unknown")
    text = config.get_text_config()
    if text.model_type not in KINDS:
        of = f"{kind} (its text model: {text.model_type})" if text is not config else kind
        raise CompanionError(f"no graph is written for {of} models: known are {', '.join(KINDS)}, and ministral3 or mistral inside mistral3")
    raw = {key: getattr(text, key) for key in KEPT if hasattr(text, key)}
    if text.model_type == "gpt2":
        return _gpt2(text, raw, positions)
    rope = dict(text.rope_parameters)
    if "full_attention" in rope:
        raw["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
        rope = dict(rope["full_attention"])
    raw["rotary_dim"] = int(rope.pop("partial_rotary_factor", 1.0) * (getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads))
    raw["head_dim"] = raw.get("head_dim") or raw["hidden_size"] // raw["num_attention_heads"]
    raw["num_key_value_heads"] = (text.model_type not in GPT and raw.get("num_key_value_heads")) or raw["num_attention_heads"]
    raw["architectures"] = [KINDS[text.model_type]]
    raw["tie_word_embeddings"] = bool(config.tie_word_embeddings and text.tie_word_embeddings)
    raw["rope_theta"] = rope.pop("rope_theta")
    raw["rope_scaling"] = None if rope["rope_type"] == "default" else rope
    _refuse(text, raw, rope)
    furthest = raw["max_position_embeddings"]
    raw["max_position_embeddings"] = min(furthest, positions or furthest)
    return raw


def _gpt2(text, raw: dict, positions: int | None) -> dict:
    """GPT-2's settings under the names that the others have; its positions are learned."""
    heads = text.num_attention_heads
    raw |= {"hidden_size": text.hidden_size, "num_hidden_layers": text.num_hidden_layers, "num_attention_heads": heads, "num_key_value_heads": heads}
    raw |= {"head_dim": text.hidden_size // heads, "intermediate_size": text.n_inner or 4 * text.hidden_size, "architectures": [KINDS["gpt2"]]}
    raw |= {"max_position_embeddings": min(text.n_positions, positions or text.n_positions), "tie_word_embeddings": bool(text.tie_word_embeddings)}
    raw |= {"n_positions": text.n_positions, "layer_norm_eps": text.layer_norm_epsilon}
    if text.scale_attn_by_inverse_layer_idx or not text.scale_attn_weights:
        raise CompanionError("no graph is written for GPT-2's other scales of attention")
    if text.activation_function not in ("gelu_new", "gelu_pytorch_tanh", "gelu"):
        raise CompanionError(f"no graph is written for activation {text.activation_function}")
    raw["hidden_act"] = text.activation_function
    return raw


def _refuse(text, raw: dict, rope: dict) -> None:
    """One line for each setting that the graph would get wrong in silence."""
    act = raw.get("hidden_activation") or raw.get("hidden_act")
    wanted = ["gelu_pytorch_tanh"] if raw["model_type"].startswith("gemma") else ["gelu", "gelu_new", "gelu_pytorch_tanh"] if raw["model_type"] in GPT else ["silu"]
    layers = list(getattr(text, "layer_types", None) or [])
    slides = [kind == "sliding_attention" for kind in layers]
    problem = None
    if rope["rope_type"] not in ROPE:
        problem = f"rope of type {rope['rope_type']}"
    elif raw["rotary_dim"] != raw["head_dim"] and (raw["model_type"] not in GPT or raw["rotary_dim"] % 16):
        problem = f"rope on {raw['rotary_dim']} of a head's {raw['head_dim']} numbers"
    elif act not in wanted:
        problem = f"activation {act}"
    elif raw["model_type"] in ("qwen2", "qwen3", "smollm3") and any(slides):
        problem = f"sliding windows in {raw['model_type']}"
    elif raw["model_type"] == "ministral3" and raw.get("sliding_window"):
        problem = "sliding windows in Ministral 3"
    elif raw["model_type"] == "gemma2" and slides != [layer % 2 == 0 for layer in range(len(slides))]:
        problem = "windows in other than every second layer"
    elif getattr(text, "quantization_config", None):
        method = dict(text.quantization_config).get("quant_method")
        problem = None if method == "gguf" else f"{method} weights (take the repository with its bfloat16 or float16 weights)"
    if problem:
        raise CompanionError(f"no graph is written for {problem}")
