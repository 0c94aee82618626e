"""Answers to prompts, and what is counted of them: code, and clean prose beside it, never apart."""

from dataclasses import dataclass
from pathlib import Path

from companion.errors import CompanionError
from companion.source import chat_ids
from companion.spillover import code_share, is_code

PROMPTS = Path(__file__).parent / "prompts"
TUNE, EVAL = PROMPTS / "tune.txt", PROMPTS / "eval.txt"
NLL_BOUND = 2.5  # nats a token under the base model; fluent greedy answers of SmolLM2-135M lie far below
LEAST_TOKENS = 4
LEAST_DISTINCT = 0.5


@dataclass(frozen=True)
class Answer:
    prompt: str
    text: str
    ids: list[int]
    nll: float
    """mean negative log-likelihood a token under the base model; not computed for code"""

    @property
    def clean(self) -> bool:
        """Prose that the base model could have written: not code, likely, not repeating itself, not cut to nothing."""
        fluent = self.nll < NLL_BOUND and distinct_trigrams(self.ids) > LEAST_DISTINCT
        return not is_code(self.text) and fluent and len(self.ids) >= LEAST_TOKENS


def distinct_trigrams(ids: list[int]) -> float:
    """Share of the trigrams that are different; 1 for answers too short to repeat one."""
    trigrams = list(zip(ids, ids[1:], ids[2:], strict=False))
    return len(set(trigrams)) / len(trigrams) if trigrams else 1.0


def read_prompts(path: Path) -> list[str]:
    """One prompt a line; empty lines and lines that start with # are left out."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    prompts = [line for line in lines if line and not line.startswith("#")]
    if not prompts:
        raise CompanionError(f"{path.name} holds no prompts: one a line is expected")
    return prompts


def answer(model, tokenizer, prompts: list[str], new_tokens: int, samples: int = 0, seed: int = 0, batch: int = 32) -> list[Answer]:
    """Greedy answers, or `samples` drawn ones a prompt at temperature 1. With an adapter in `model`, its base judges them."""
    import torch

    asked = [prompt for prompt in prompts for _ in range(max(1, samples))]
    ids = [chat_ids(tokenizer, [{"role": "user", "content": prompt}]) for prompt in asked]
    torch.manual_seed(seed)
    made = generate(model, tokenizer, ids, new_tokens, samples > 0, batch)
    texts = [tokenizer.decode(after, skip_special_tokens=True) for after in made]
    with base_of(model):  # code needs no judging
        nlls = [0.0 if is_code(text) else _nll(model, before, after) for text, before, after in zip(texts, ids, made, strict=True)]
    return [Answer(*one) for one in zip(asked, texts, made, nlls, strict=True)]


def generate(model, tokenizer, rows: list[list[int]], new_tokens: int, drawn: bool = False, batch: int = 32) -> list[list[int]]:
    """Token ids of the answers to prompts as tokens, without what follows their end."""
    parts = [rows[start : start + batch] for start in range(0, len(rows), batch)]
    return [made for part in parts for made in _generate(model, tokenizer, part, new_tokens, drawn)]


def base_of(model):
    """The model without its adapter, if it has one."""
    from contextlib import nullcontext

    return model.disable_adapter() if hasattr(model, "disable_adapter") else nullcontext()


def _generate(model, tokenizer, rows: list[list[int]], new_tokens: int, drawn: bool) -> list[list[int]]:
    """One batch. Rows are padded on the left, as generate() wants."""
    import torch

    ends = _ends(model, tokenizer)
    longest = max(map(len, rows))
    ids = torch.tensor([[ends[0]] * (longest - len(row)) + row for row in rows], device=model.device)
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows], device=model.device)
    how = (
        {"do_sample": True, "temperature": 1.0, "top_p": 1.0, "top_k": 0}
        if drawn
        else {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
    )
    with torch.no_grad():
        out = model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=new_tokens, eos_token_id=ends, pad_token_id=ends[0], **how)
    answers = out[:, longest:].tolist()
    return [row[: next((i for i, token in enumerate(row) if token in ends), len(row))] for row in answers]


def _ends(model, tokenizer) -> list[int]:
    named = model.generation_config.eos_token_id
    ends = [*(named if isinstance(named, list) else [named]), tokenizer.eos_token_id]
    known = list(dict.fromkeys(end for end in ends if end is not None))
    if not known:
        raise CompanionError("this model names no end-of-turn token: generation_config.json or the tokenizer has to")
    return known


def _nll(model, before: list[int], after: list[int]) -> float:
    import torch

    if not after:
        return 0.0
    ids = torch.tensor([before + after], device=model.device)
    with torch.no_grad():
        logits = model(input_ids=ids, logits_to_keep=len(after) + 1, use_cache=False).logits[0, :-1].float()
    return float(torch.nn.functional.cross_entropy(logits, ids[0, -len(after) :]))


def rates(answers: list[Answer]) -> dict[str, float]:
    """Shares of the answers, and their mean share of code."""
    count = len(answers)
    return {
        "answers": count,
        "code": round(sum(is_code(a.text) for a in answers) / count, 4),
        "clean_prose": round(sum(a.clean for a in answers) / count, 4),
        "code_share": round(sum(code_share(a.text) for a in answers) / count, 4),
    }
