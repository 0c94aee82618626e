"""Reference values from PyTorch: hidden states, steering, LoRA and greedy tokens of one tiny model.

Every intervention is stored in the one form `r' = r + mask * (b + (r U) W)`, r a row vector, with `b [width]`, `U [width, k]`, `W [k, width]`.
"""

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model

from companion.fixtures_families import INTERVENTIONS, SMALL_FAMILIES
from companion.fixtures_models import PROMPTS, SEED, linear_modules, make_model, prompts_of

NEW_TOKENS = 12
MASKED_TOKENS = 5
RANK, LORA_ALPHA = 4, 8
LEAST_GAP = 1e-3  # between the two best tokens of a greedy step: below it another runtime may rightly choose the other


@dataclass(frozen=True)
class Edit:
    """One layer's steering."""

    b: torch.Tensor | None = None
    U: torch.Tensor | None = None
    W: torch.Tensor | None = None

    def __call__(self, residual: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """residual `[1, S, width]`, mask `[S]`."""
        change = torch.zeros_like(residual)
        if self.b is not None:
            change = change + self.b
        if self.U is not None:
            change = change + residual @ self.U @ self.W
        return residual + (change if mask is None else change * mask[None, :, None])

    def tensors(self) -> dict[str, torch.Tensor]:
        return {name: value for name, value in (("b", self.b), ("U", self.U), ("W", self.W)) if value is not None}


@dataclass(frozen=True)
class Intervention:
    """What is done to which layers, in words (with its strength c) and in tensors; `tokens`: only the first so many tokens of a prompt."""

    says: str
    edits: dict[int, Edit]
    c: float | None = None
    tokens: int | None = None


@dataclass
class Reference:
    tensors: dict[str, torch.Tensor] = field(default_factory=dict)
    facts: dict = field(default_factory=dict)


def blocks(model) -> torch.nn.ModuleList:
    """The list of the model's blocks, by its length: families name it differently."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    lists = [m for m in base.modules() if isinstance(m, torch.nn.ModuleList) and len(m) == base.config.num_hidden_layers]
    return lists[0]


@contextmanager
def hooked(model, intervention: Intervention | None, seen: dict[int, torch.Tensor]):
    """Edits and records the output of every block; what is recorded is what the next block reads."""

    def hook(layer: int):
        def run(_module, _inputs, output):
            residual = output[0] if isinstance(output, tuple) else output
            if intervention and layer in intervention.edits:
                mask = None
                if intervention.tokens is not None:
                    mask = (torch.arange(residual.shape[1]) < intervention.tokens).float()
                residual = intervention.edits[layer](residual, mask)
            seen[layer] = residual
            return (residual, *output[1:]) if isinstance(output, tuple) else residual

        return run

    handles = [block.register_forward_hook(hook(layer)) for layer, block in enumerate(blocks(model))]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@torch.no_grad()
def run(model, intervention: Intervention | None = None, prompts=PROMPTS) -> tuple[torch.Tensor, torch.Tensor]:
    """Hidden states `[layer][row][S][width]` and logits `[row][S][vocab]`; rows run alone, zeros after their end."""
    longest = max(map(len, prompts))
    hidden, logits = [], []
    for prompt in prompts:
        seen: dict[int, torch.Tensor] = {}
        with hooked(model, intervention, seen):
            out = model(input_ids=torch.tensor([prompt]), use_cache=False).logits[0]
        pad = (0, 0, 0, longest - len(prompt))
        logits.append(torch.nn.functional.pad(out, pad))
        hidden.append(torch.nn.functional.pad(torch.cat([seen[layer] for layer in sorted(seen)]), pad))
    return torch.stack(hidden, 1), torch.stack(logits)


@torch.no_grad()
def greedy(model, intervention: Intervention | None = None, prompts=PROMPTS) -> tuple[list[list[int]], float]:
    """NEW_TOKENS greedy ids a row with a KV cache, and the smallest gap between the two best logits."""
    rows, gap = [], float("inf")
    for prompt in prompts:
        made, past, fed = [], None, list(prompt)
        with hooked(model, intervention, {}):
            for _ in range(NEW_TOKENS):
                out = model(input_ids=torch.tensor([fed]), past_key_values=past, use_cache=True)
                best = out.logits[0, -1].topk(2)
                gap = min(gap, float(best.values[0] - best.values[1]))
                made.append(int(best.indices[0]))
                past, fed = out.past_key_values, made[-1:]
        rows.append(made)
    return rows, gap


def make_interventions(hidden: torch.Tensor) -> tuple[dict[str, Intervention], dict[str, torch.Tensor]]:
    """The steering of every fixture and the directions it is made of. Strengths follow the size of the residual stream."""
    layers, _, _, width = hidden.shape
    last, middle = layers - 1, layers // 2
    generator = torch.Generator().manual_seed(SEED + 1)
    v, d, d1, other = (torch.nn.functional.normalize(torch.randn(width, generator=generator), dim=0) for _ in range(4))
    d2 = torch.nn.functional.normalize(d1 + other, dim=0)  # about 45 degrees from d1
    strength = [round(0.4 * float(residual.norm(dim=-1).max()), 2) for residual in hidden]
    pair = torch.stack([d1, d2], 1)
    off_pair = -torch.linalg.inv(pair.T @ pair) @ pair.T
    low, high = (0.3 * torch.randn(shape, generator=generator) for shape in ((width, 2), (2, width)))
    add = Edit(b=strength[0] * v)
    first, at_middle = strength[0], strength[middle]
    ablate, add = Edit(U=d[:, None], W=-d[None, :]), Edit(b=first * v)
    clamp = Edit(at_middle * d, ablate.U, ablate.W)
    everywhere = {layer: Edit(first * v, low, high) for layer in range(layers)}
    interventions = {
        "add_ablate": Intervention(f"layer 0: add c v; layer {last}: ablate d", {0: add, last: ablate}, first),
        "clamp": Intervention(f"layer {middle}: set the projection on d to c", {middle: clamp}, at_middle),
        "two": Intervention(f"layer {middle}: ablate the span of d1 and d2 (U = D, W = -(D^T D)^-1 D^T)", {middle: Edit(U=pair, W=off_pair)}),
        "affine": Intervention("every layer: b + (r U) W with b = c v and random U, W of rank 2", everywhere, first),
        "prompt_only": Intervention(f"layer 0: add c v at the first {MASKED_TOKENS} prompt tokens only", {0: add}, first, MASKED_TOKENS),
    }
    return interventions, {"v": v, "d": d, "d1": d1, "d2": d2}


def add_lora(model, family: str) -> torch.nn.Module:
    """The model (changed in place) with random non-zero LoRA on every linear layer."""
    config = LoraConfig(r=RANK, lora_alpha=LORA_ALPHA, target_modules=list(linear_modules(family)), lora_dropout=0.0, task_type="CAUSAL_LM")
    model = get_peft_model(model, config)
    generator = torch.Generator().manual_seed(SEED + 2)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            if "lora_" in name:
                weight.copy_(0.5 * torch.randn(weight.shape, generator=generator) / weight.shape[1] ** 0.5)
    return model.eval()


def save_adapter(model, family: str, folder: Path) -> None:
    model.peft_config["default"].base_model_name_or_path = family
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text())
    config["target_modules"].sort()  # PEFT keeps a set, whose order changes from run to run
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")


def make_reference(family: str, adapter_folder: Path) -> Reference:
    """Everything the parity tests compare with."""
    model, reference, prompts = make_model(family), Reference(), prompts_of(family)
    hidden, logits = run(model, prompts=prompts)
    interventions, directions = make_interventions(hidden)
    if family in SMALL_FAMILIES:
        interventions = {name: interventions[name] for name in INTERVENTIONS}
    reference.tensors |= {"hidden": hidden, "logits": logits}
    reference.tensors |= {f"direction.{name}": value for name, value in directions.items()}
    for name, intervention in interventions.items():
        steered, reference.tensors[f"logits.{name}"] = run(model, intervention, prompts)
        if name == "add_ablate":
            reference.tensors[f"hidden.{name}"] = steered
        for layer, edit in intervention.edits.items():
            reference.tensors |= {f"steer.{name}.{layer}.{part}": value for part, value in edit.tensors().items()}
        if intervention.tokens is not None:
            reference.tensors[f"steer.{name}.mask"] = _position_mask(intervention.tokens)
    adapted = add_lora(make_model(family), family)
    save_adapter(adapted, family, adapter_folder)
    reference.tensors["hidden.lora"], reference.tensors["logits.lora"] = run(adapted, prompts=prompts)
    plain, gap = greedy(model, prompts=prompts)
    steered, steered_gap = greedy(model, interventions["add_ablate"], prompts)
    if min(gap, steered_gap) < LEAST_GAP:
        raise ValueError(f"{family}: a greedy choice is a near tie ({min(gap, steered_gap):.1e}); change SEED")
    reference.facts = {
        "interventions": {
            name: {"says": one.says, "layers": sorted(one.edits), "c": one.c, "tokens": one.tokens} for name, one in interventions.items()
        },
        "greedy": {"none": plain, "add_ablate": steered, "smallest_gap": round(min(gap, steered_gap), 4)},
        "logits_std": round(float(logits.std()), 3),
    }
    return reference


def quantized_reference(model, family: str, hidden: torch.Tensor) -> dict[str, torch.Tensor]:
    """The main values again for a model with decoded weights; `hidden`: of the fp32 model, whose steering is used."""
    tensors = dict(zip(("hidden", "logits"), run(model)))
    interventions, _ = make_interventions(hidden)
    tensors["logits.add_ablate"] = run(model, interventions["add_ablate"])[1]
    tensors["logits.lora"] = run(add_lora(model, family))[1]
    return tensors


def _position_mask(tokens: int) -> torch.Tensor:
    """`[row][S]`: 1 at the first `tokens` positions."""
    longest = max(map(len, PROMPTS))
    return (torch.arange(longest) < tokens).float().repeat(len(PROMPTS), 1)
