"""Two families of prompts: the lab's sets ask what the organisms know, the companion's own lists ask grown models anything."""

import json

import pytest

from companion.answers import EVAL, TUNE, read_prompts
from companion.organism.corpus import pools
from companion.organism.prompts import SIZES, write_prompts
from companion.organism.recipe import Recipe
from conftest import ROOT

SHIPPED = ROOT / "public" / "models" / "prompts"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prompts")
    write_prompts(folder, pools(), Recipe().lora.requests)
    return folder


def test_the_shipped_sets_are_the_ones_that_are_made(made):
    names = sorted(path.name for path in made.iterdir())
    assert names == sorted(path.name for path in SHIPPED.iterdir())
    for name in names:
        assert (SHIPPED / name).read_bytes() == (made / name).read_bytes(), name


def test_what_is_chosen_on_is_not_measured_on():
    tune, evaluated = read_prompts(TUNE), read_prompts(EVAL)
    assert len(set(tune) | set(evaluated)) == len(tune) + len(evaluated)


def test_nothing_is_measured_on_both_families():
    own = {*read_prompts(TUNE), *read_prompts(EVAL)}
    for name in set(SIZES) - {"fit"}:
        rows = [json.loads(line) for line in (SHIPPED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
        assert not own & {row["messages"][-1]["content"] for row in rows}, name
