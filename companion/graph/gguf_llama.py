"""Reads a Llama-type chat model out of a GGUF file: config, tokenizer and weights, under Hugging Face's names."""

from pathlib import Path

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize

CONTROL_TOKEN = 3  # GGUF token type of <|im_start|> and the like
MODULES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


class GgufLlama:
    """An open GGUF file; weights are decoded one at a time, when asked for."""

    def __init__(self, path: Path):
        reader = GGUFReader(path)
        self._fields = reader.fields
        self._tensors = {t.name: t for t in reader.tensors}
        if self._field("general.architecture") != "llama":
            raise ValueError(f"{path.name} holds a {self._field('general.architecture')} model; only llama is read here")
        if self._field("tokenizer.ggml.pre") != "smollm":
            raise ValueError(f"{path.name} has the {self._field('tokenizer.ggml.pre')} tokenizer; only smollm is read here")

    def _field(self, name: str):
        return self._fields[name].contents()

    def config(self) -> dict:
        """config.json, as the hub's own."""
        heads = self._field("llama.attention.head_count")
        width = self._field("llama.embedding_length")
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "hidden_act": "silu",
            "hidden_size": width,
            "intermediate_size": self._field("llama.feed_forward_length"),
            "num_hidden_layers": self._field("llama.block_count"),
            "num_attention_heads": heads,
            "num_key_value_heads": self._field("llama.attention.head_count_kv"),
            "head_dim": width // heads,
            "max_position_embeddings": self._field("llama.context_length"),
            "rms_norm_eps": float(np.float32(self._field("llama.attention.layer_norm_rms_epsilon")).astype(str)),
            "rope_theta": self._field("llama.rope.freq_base"),
            "rope_scaling": None,
            "attention_bias": False,
            "mlp_bias": False,
            "tie_word_embeddings": "output.weight" not in self._tensors,
            "vocab_size": self._field("llama.vocab_size"),
            "bos_token_id": self._field("tokenizer.ggml.bos_token_id"),
            "eos_token_id": self._field("tokenizer.ggml.eos_token_id"),
            "pad_token_id": self._field("tokenizer.ggml.padding_token_id"),
        }

    def weight(self, name: str) -> np.ndarray:
        """One float32 tensor by its Hugging Face name, linear layers `[out, in]`."""
        if name == "model.embed_tokens.weight":
            return self._decode("token_embd.weight")
        if name == "model.norm.weight":
            return self._decode("output_norm.weight")
        _, _, layer, module = name.removesuffix(".weight").split(".", 3)
        weight = self._decode(f"blk.{layer}.{MODULES[module]}.weight")
        if module == "self_attn.q_proj":
            return _unpermute(weight, self._field("llama.attention.head_count"))
        if module == "self_attn.k_proj":
            return _unpermute(weight, self._field("llama.attention.head_count_kv"))
        return weight

    def _decode(self, name: str) -> np.ndarray:
        tensor = self._tensors[name]
        return dequantize(tensor.data, tensor.tensor_type).astype(np.float32, copy=False)

    def tokenizer(self) -> dict:
        """tokenizer.json: byte-level BPE that splits digits, as SmolLM2 was trained with."""
        tokens = self._field("tokenizer.ggml.tokens")
        types = self._field("tokenizer.ggml.token_type")
        flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [{"id": i, "content": t, **flags} for i, t in enumerate(tokens) if types[i] == CONTROL_TOKEN],
            "normalizer": None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, byte_level]},
            "post_processor": None,
            "decoder": {**byte_level, "add_prefix_space": True},
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": None,
                "continuing_subword_prefix": "",
                "end_of_word_suffix": "",
                "fuse_unk": False,
                "byte_fallback": False,
                "ignore_merges": False,
                "vocab": {token: i for i, token in enumerate(tokens)},
                "merges": self._field("tokenizer.ggml.merges"),
            },
        }

    def tokenizer_config(self) -> dict:
        """tokenizer_config.json, chat template included."""
        token = {name: self._field("tokenizer.ggml.tokens")[self._field(f"tokenizer.ggml.{name}_token_id")] for name in ("bos", "eos", "padding", "unknown")}
        return {
            "tokenizer_class": "GPT2Tokenizer",
            "bos_token": token["bos"],
            "eos_token": token["eos"],
            "pad_token": token["padding"],
            "unk_token": token["unknown"],
            "add_prefix_space": False,
            "clean_up_tokenization_spaces": False,
            "model_max_length": self._field("llama.context_length"),
            "chat_template": self._field("tokenizer.chat_template"),
        }


def _unpermute(weight: np.ndarray, heads: int) -> np.ndarray:
    """Undoes llama.cpp's reordering of rotary dimensions (pairs side by side -> halves)."""
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)
