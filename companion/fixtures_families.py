"""More families for the parity fixtures, smaller still: how each of them lays out its blocks, its norms and its cache.

Settings are those of the family's own config class. `adapted` names the linear layers of a block that LoRA is tried on.
"""

from dataclasses import dataclass, replace

VOCAB = 48
PROMPTS = ((5, 13, 17, 40, 3, 42, 22, 9, 33, 46, 26, 3, 12), (29, 8, 30, 17, 19, 42, 44, 2, 10))  # 13 and 9 tokens
INTERVENTIONS = ("add_ablate", "affine")  # what is arithmetic of the lab's own is tried on the larger fixtures
SMALL = {"vocab_size": VOCAB, "bos_token_id": 1, "eos_token_id": 0, "pad_token_id": None, "tie_word_embeddings": False}
LLAMA = SMALL | {  # the names that most families share
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "num_key_value_heads": 1,
    "head_dim": 8,
    "max_position_embeddings": 64,
}
WIDE = {"head_dim": 16, "hidden_size": 48, "partial_rotary_factor": 1.0}
GPT2 = SMALL | {"n_embd": 24, "n_inner": 40, "n_layer": 2, "n_head": 3, "n_positions": 64}
ROTARY_GPT = GPT2 | {"rotary_dim": 4, "n_ctx": 64}
ATTENTION, GATED = ("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj", "down_proj")
QKVO, MLP = (*ATTENTION, "o_proj"), GATED
MIXTURE = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "norm_topk_prob": True}


@dataclass(frozen=True)
class Family:
    """`kind`: transformers' model_type; `adapted`: modules that the LoRA of the fixture changes; `seed`: another where a greedy choice would be a near tie."""

    kind: str
    settings: dict
    adapted: tuple[str, ...]
    seed: int = 7


SMALL_FAMILIES: dict[str, Family] = {
    # Attention and MLP side by side: x + (attention + MLP), or (x + attention) + MLP.
    "gpt_neox": Family("gpt_neox", LLAMA | {"rotary_pct": 0.5, "use_parallel_residual": True}, ("query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h")),
    "gpt_neox-sequential": Family("gpt_neox", LLAMA | {"rotary_pct": 0.5, "use_parallel_residual": False}, ("query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h")),
    "phi": Family("phi", LLAMA | {"num_key_value_heads": 3, "partial_rotary_factor": 0.5}, (*ATTENTION, "dense", "fc1", "fc2"), 8),
    "gptj": Family("gptj", ROTARY_GPT, (*ATTENTION, "out_proj", "fc_in", "fc_out")),
    "codegen": Family("codegen", ROTARY_GPT | {"n_embd": 32, "n_head": 4}, ("qkv_proj", "out_proj", "fc_in", "fc_out")),
    "falcon": Family("falcon", {k: v for k, v in LLAMA.items() if k != "head_dim"} | {"parallel_attn": True, "multi_query": True, "new_decoder_architecture": False, "bias": False, "alibi": False}, ("query_key_value", "dense")),
    "cohere": Family("cohere", LLAMA | {"logit_scale": 0.5, "tie_word_embeddings": True}, (*QKVO, *MLP), 8),
    "stablelm-parallel": Family("stablelm", LLAMA | {"use_parallel_residual": True, "use_qkv_bias": True}, (*QKVO, *MLP)),
    "llama-small": Family("llama", LLAMA, (*QKVO, *MLP)),
    # Learned positions, Conv1D, a head that is the embedding.
    "gpt2": Family("gpt2", GPT2 | {"tie_word_embeddings": True}, ("c_attn", "c_fc")),
    "gpt_neo": Family("gpt_neo", LLAMA | {"num_layers": 2, "num_heads": 3, "attention_types": [[["global", "local"], 1]], "window_size": 8}, (*ATTENTION, "out_proj", "c_fc")),
    "gpt_bigcode": Family("gpt_bigcode", GPT2 | {"multi_query": True, "tie_word_embeddings": True}, ("c_attn", "c_fc")),
    "opt": Family("opt", LLAMA | {"ffn_dim": 40, "word_embed_proj_dim": 24, "do_layer_norm_before": True, "tie_word_embeddings": True}, (*ATTENTION, "out_proj", "fc1", "fc2")),
    "bloom": Family("bloom", SMALL | {"hidden_size": 32, "n_layer": 2, "n_head": 4, "tie_word_embeddings": True}, ("query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h")),
    # One after the other, with norms, gates and scales of their own.
    "olmo2": Family("olmo2", LLAMA, (*QKVO, *MLP)),
    "nemotron": Family("nemotron", LLAMA | {"partial_rotary_factor": 0.5}, (*QKVO, "up_proj", "down_proj")),
    "granite": Family("granite", LLAMA | {"residual_multiplier": 0.5, "embedding_multiplier": 2.0, "logits_scaling": 2.0, "attention_multiplier": 0.3}, (*QKVO, *MLP)),
    "smollm3": Family("smollm3", LLAMA | {"no_rope_layers": [1, 0], "no_rope_layer_interval": 2}, (*QKVO, *MLP)),
    "deepseek_v3": Family(
        "deepseek_v3",
        LLAMA
        | {"num_key_value_heads": 3, "q_lora_rank": 12, "kv_lora_rank": 8, "qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 6, "head_dim": 4, "first_k_dense_replace": 2, "n_routed_experts": 4, "n_group": 1, "topk_group": 1},
        ("o_proj", *MLP),
    ),
    "qwen3_moe": Family("qwen3_moe", LLAMA | MIXTURE | {"decoder_sparse_step": 1}, QKVO),
    "lfm2": Family("lfm2", LLAMA | {"num_hidden_layers": 3, "layer_types": ["conv", "full_attention", "conv"], "conv_L_cache": 3, "block_auto_adjust_ff_dim": False}, ATTENTION),
    "granite-hybrid": Family(
        "granitemoehybrid",
        LLAMA
        | {"layer_types": ["mamba", "attention"], "num_local_experts": 0, "shared_intermediate_size": 40, "mamba_n_heads": 6, "mamba_d_head": 8, "mamba_d_state": 4, "mamba_n_groups": 1, "mamba_expand": 2, "mamba_chunk_size": 8},
        QKVO,
    ),
    "qwen3_5": Family(
        "qwen3_5_text",
        LLAMA | {"layer_types": ["linear_attention", "full_attention"], "linear_num_key_heads": 2, "linear_num_value_heads": 2, "linear_key_head_dim": 8, "linear_value_head_dim": 8, "linear_conv_kernel_dim": 3},
        QKVO,
    ),
}
# onnxruntime-genai's attention operator wants heads of 16 numbers.
GENAI = ("phi", "nemotron", "olmo2", "granite", "smollm3", "lfm2", "granite-hybrid", "qwen3_5")
SMALL_FAMILIES |= {f"{name}-wide": replace(SMALL_FAMILIES[name], settings=SMALL_FAMILIES[name].settings | WIDE) for name in GENAI}
