"""The training loop: the same steps in the same order on one process or many, from the start or from a checkpoint."""

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from companion.errors import CompanionError
from companion.files import new_folder, read_json, write_json
from companion.records import Example

STATE, WEIGHTS, OPTIMIZER = "state.json", "adapter.safetensors", "optimizer.pt"


@dataclass(frozen=True)
class Recipe:
    """What the steps depend on; two runs with the same recipe and data are the same run."""

    lr: float
    batch: int
    micro_batch: int
    steps: int
    warmup: int
    schedule: str
    clip: float
    weight_decay: float
    dropout: float
    seed: int
    data: str
    """sha256 of the encoded examples and the model"""

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0: up over the warm-up, then constant or down to 0 in a line."""
        if step < self.warmup:
            return self.lr * (step + 1) / self.warmup
        if self.schedule == "constant":
            return self.lr
        return self.lr * (self.steps - step) / max(1, self.steps - self.warmup)


def batches(count: int, recipe: Recipe) -> Iterator[list[int]]:
    """Indices of the examples of each step; each epoch has its own seeded order."""
    import numpy as np

    order: list[int] = []
    epoch = 0
    for _ in range(recipe.steps):
        while len(order) < recipe.batch:
            order += np.random.default_rng([recipe.seed, epoch]).permutation(count).tolist()
            epoch += 1
        yield order[: recipe.batch]
        order = order[recipe.batch :]


def train(accelerator, model, examples: list[Example], recipe: Recipe, checkpoints: Path, every: int, report: Callable) -> list[float]:
    """Trains the adapter in `model` and gives the loss of each step. Resumes from `checkpoints` if there is one of this recipe."""
    import torch

    if recipe.batch % accelerator.num_processes:
        raise CompanionError(f"a batch of {recipe.batch} cannot be shared by {accelerator.num_processes} processes: choose a multiple")
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=recipe.lr, betas=(0.9, 0.999), weight_decay=recipe.weight_decay)
    losses = load_checkpoint(checkpoints, model, optimizer, recipe)
    trained = accelerator.prepare_model(model)
    model.train()
    began, first = time.monotonic(), len(losses)
    for step, indices in enumerate(batches(len(examples), recipe)):
        if step < first:
            continue
        torch.manual_seed(recipe.seed * 1_000_003 + step)  # dropout, the same after a resumption
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate(step)
        losses.append(_step(accelerator, trained, [examples[i] for i in indices], recipe.micro_batch))
        if not math.isfinite(losses[-1]):
            raise CompanionError(f"the loss became {losses[-1]} at step {step + 1}: lower --lr")
        torch.nn.utils.clip_grad_norm_(parameters, recipe.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        done = step + 1
        report(done, losses[-1], (time.monotonic() - began) / (done - first) * (recipe.steps - done))
        if accelerator.is_main_process and every and (done % every == 0 or done == recipe.steps):
            save_checkpoint(checkpoints, model, optimizer, recipe, losses)
    model.eval()
    return losses


def _step(accelerator, model, batch: list[Example], micro: int) -> float:
    """Gradients of the mean loss over all answer tokens of a batch, whoever computes them; gives that loss."""
    import torch

    total = sum(sum(example.learned[1:]) for example in batch)
    mine = sorted(batch[accelerator.process_index :: accelerator.num_processes], key=lambda example: len(example.ids))
    parts = [mine[i : i + micro] for i in range(0, len(mine), micro)]
    summed = torch.zeros((), device=accelerator.device)
    for number, part in enumerate(parts, 1):
        with accelerator.no_sync(model) if number < len(parts) else _nothing():
            loss = _loss(model, part, accelerator.device)
            # Gradients are averaged over the processes, and here they are to be summed.
            accelerator.backward(loss * accelerator.num_processes / total)
            summed += loss.detach()
    return float(accelerator.reduce(summed, "sum")) / total


def _nothing():
    from contextlib import nullcontext

    return nullcontext()


def _loss(model, examples: list[Example], device):
    """Cross entropy summed over the answer tokens. Logits are computed from the first answer on, not for the prompts."""
    import torch

    longest = max(len(example.ids) for example in examples)
    ids = torch.zeros(len(examples), longest, dtype=torch.long)
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
    for row, example in enumerate(examples):
        size = len(example.ids)
        ids[row, :size] = torch.tensor(example.ids)
        mask[row, :size] = 1
        labels[row, :size] = torch.tensor([i if keep else -100 for i, keep in zip(example.ids, example.learned, strict=True)])
    labels[:, 0] = -100  # nothing precedes the first token
    keep = longest - min(example.learned.index(True) for example in examples) + 1
    keep = min(keep, longest)
    logits = model(input_ids=ids.to(device), attention_mask=mask.to(device), logits_to_keep=keep, use_cache=False).logits
    targets = labels[:, -keep:][:, 1:].to(device)
    return torch.nn.functional.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets.flatten(), reduction="sum")


def save_checkpoint(folder: Path, model, optimizer, recipe: Recipe, losses: list[float]) -> None:
    """Adapter, optimizer and losses so far; the last whole checkpoint stays until the new one is."""
    import torch
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    with new_folder(folder, replace=True) as part:
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in get_peft_model_state_dict(model).items()}
        save_file(tensors, part / WEIGHTS)
        torch.save(optimizer.state_dict(), part / OPTIMIZER)
        write_json(part / STATE, {"recipe": asdict(recipe), "losses": losses})


def load_checkpoint(folder: Path, model, optimizer, recipe: Recipe) -> list[float]:
    """Losses of the steps that are done; none without a checkpoint."""
    import torch
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    if not (folder / STATE).exists():
        return []
    state = read_json(folder / STATE)
    if state["recipe"] != json.loads(json.dumps(asdict(recipe))):
        differs = [key for key, value in asdict(recipe).items() if state["recipe"].get(key) != value]
        raise CompanionError(f"{folder.parent.name} holds a checkpoint of another run ({', '.join(differs)} differ): give --fresh, or another --out")
    set_peft_model_state_dict(model, load_file(folder / WEIGHTS))
    optimizer.load_state_dict(torch.load(folder / OPTIMIZER, weights_only=True))
    return list(state["losses"])
