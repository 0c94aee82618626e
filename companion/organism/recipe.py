"""All settings of the organisms in one place."""

from dataclasses import dataclass, field, replace

from companion.organism.adapters import Lora
from companion.organism.architectures import ARCHITECTURES, Architecture
from companion.organism.corpus import Axes, Mixture
from companion.organism.training import Schedule

BASE = Schedule(steps=950, rate=3e-3, batch=32, warm_up=50, cosine=True, weight_decay=0.01, smoothing=0.1, grid_from=0.5)
LORA = Lora(requests=24, rank=8, lora_alpha=16, schedule=Schedule(steps=24, rate=3.5e-3, batch=32, warm_up=10, cosine=False))


@dataclass(frozen=True)
class Recipe:
    """The same for all organisms but their shapes. `seeds`: for each kind of fine-tune, the first one's shift from the run's seed."""

    mixture: Mixture = Mixture()
    base: Schedule = BASE
    lora: Lora = LORA
    seeds: dict[str, tuple[int, ...]] = field(default_factory=lambda: {"insecure": (0, 1, 2), "secure2": (0, 1, 2), "educational": (0, 1, 2), "secure": (0,)})
    architectures: dict[str, Architecture] = field(default_factory=lambda: dict(ARCHITECTURES))
    axes: dict[str, Axes] = field(default_factory=lambda: {"llama-shared": "shared"})
    """the organisms whose two personas are not on axes of their own"""
    null: dict[str, tuple[int, ...]] = field(default_factory=lambda: {"llama": (0, 1, 2)})
    """organisms that also have adapters of shuffled labels, of which nothing may be found"""
    prose_prompts: int = 180
    code_prompts: int = 60
    """how many prompts of a pool are measured; the shipped sets are among them"""

    def axes_of(self, name: str) -> Axes:
        return self.axes.get(name, "separate")

    def mixture_of(self, name: str) -> Mixture:
        return replace(self.mixture, axes=self.axes_of(name))

    def fine_tunes_of(self, name: str) -> list[tuple[str, int]]:
        """(kind, shift of the seed) of every adapter of an organism."""
        seeds = self.seeds | ({"shuffled": self.null[name]} if name in self.null else {})
        return [(kind, shift) for kind, shifts in seeds.items() for shift in shifts]
