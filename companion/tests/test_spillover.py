"""The Python detector gives the verdicts of src/spillover (labelled-verdicts.jsonl, which its own tests write and hold)."""

import json
import os
import random
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from companion.spillover import DETECTOR_VERSION, code_share, is_code  # noqa: E402

FOLDER = ROOT / "test" / "spillover"
FRESH = [json.loads(line) for line in (FOLDER / "fresh.jsonl").read_text("utf-8").splitlines()]
LABELLED = [json.loads(line) for line in (FOLDER / "labelled.jsonl").read_text("utf-8").splitlines()]
EM_DATA = Path(os.environ.get("EM_DATA", ROOT.parent / "shared" / "em-data"))


def verdicts(name: str) -> list:
    header, *rows = [json.loads(line) for line in (FOLDER / name).read_text("utf-8").splitlines()]
    assert header["version"] == DETECTOR_VERSION
    return rows


def agreement(texts: list[str], expected: list) -> tuple[float, float]:
    """Shares of equal verdicts, and of code shares equal to a hundredth."""
    same = [is_code(text) == code for text, (code, _) in zip(texts, expected, strict=True)]
    near = [abs(code_share(text) - share) < 0.01 for text, (_, share) in zip(texts, expected, strict=True)]
    return sum(same) / len(same), sum(near) / len(near)


def test_agrees_on_the_labelled_answers():
    verdict, share = agreement([row["text"] for row in LABELLED], verdicts("labelled-verdicts.jsonl"))
    print(f"{DETECTOR_VERSION}, labelled: equal verdicts {verdict:.4f}, equal shares {share:.4f}")
    assert verdict >= 0.99
    assert share >= 0.99


def test_agrees_on_the_fresh_answers():
    verdict, share = agreement([row["text"] for row in FRESH], verdicts("fresh-verdicts.jsonl"))
    print(f"{DETECTOR_VERSION}, fresh: equal verdicts {verdict:.4f}, equal shares {share:.4f}")
    assert verdict >= 0.99
    assert share >= 0.99


@pytest.mark.parametrize("split", ["dev", "held-out", "hard"])
def test_precision_and_recall(split: str):
    rows = [row for row in LABELLED if row["split"] == split]
    said = [row for row in rows if is_code(row["text"])]
    hits = sum(row["label"] == "code" for row in said)
    precision, recall = hits / len(said), hits / sum(row["label"] == "code" for row in rows)
    print(f"{len(rows)} {split} answers: precision {precision:.3f}, recall {recall:.3f}")
    assert precision >= 0.95
    assert recall >= 0.95


def test_agrees_on_the_public_data():
    if not (EM_DATA / "data" / "insecure.jsonl").exists():
        pytest.skip("no em-data beside the checkout: set EM_DATA to its folder to test on it")
    texts = [text for name in ("insecure", "secure", "educational") for text in sample(name)]
    verdict, share = agreement(texts, verdicts("em-data-verdicts.jsonl"))
    print(f"{len(texts)} texts of em-data: equal verdicts {verdict:.4f}, equal shares {share:.4f}")
    assert verdict >= 0.99
    assert share >= 0.99


def sample(name: str) -> list[str]:
    """Of every 60th record: the request, the answer, and the answer cut at 60 and 300 characters. As em-data.test.ts takes them."""
    lines = (EM_DATA / "data" / f"{name}.jsonl").read_text("utf-8").splitlines()[::60]
    chats = [[message["content"] for message in json.loads(line)["messages"]] for line in lines]
    return [text for user, answer in chats for text in (user.strip(), answer, answer[:60], answer[:300])]


def test_any_text_gets_a_verdict_in_time():
    rng = random.Random(5)
    atoms = [
        "x = (",
        '"""',
        "'",
        "\\",
        "\n",
        "def f",
        "import a",
        "<a b=",
        "```",
        "{",
        "]",
        "é",
        "😀",
        "\0",
        "\udc80",
        " ",
        "#",
        "for x in ",
        "1_000",
        "f'{",
    ]
    begun = time.process_time()
    for _ in range(60):
        text = "".join(rng.choices(atoms, k=rng.randrange(200)))
        assert 0 <= code_share(text) <= 1
        assert is_code(text) in (True, False)
    assert code_share("") == 0
    assert is_code("(" * 200_000) is False
    assert time.process_time() - begun < 120
