"""Prompt files by the lab's rules: the table of cases that its own tests read (`test/formats/prompts-cases.test.ts`). No PyTorch."""

import base64
import json

import pytest

from companion.errors import CompanionError
from companion.prompt_files import read_prompt_list
from conftest import ROOT

CASES = json.loads((ROOT / "test" / "fixtures" / "prompts" / "cases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[f"{case['file']}: {case['name']}" for case in CASES])
def test_a_file_is_read_as_in_the_lab(tmp_path, case):
    path = tmp_path / case["file"]
    path.write_bytes(case["text"].encode() if "text" in case else base64.b64decode(case["base64"]))
    if "refused" in case:
        with pytest.raises(CompanionError) as problem:
            read_prompt_list(path)
        assert str(problem.value).startswith(case["refused"])
        assert "\n" not in str(problem.value)
        return
    rows, notes = read_prompt_list(path)
    assert [
        {"id": row.id, "group": row.group, "messages": [[one["role"], one["content"]] for one in row.messages], "answer": row.answer} for row in rows
    ] == case["prompts"]
    assert notes == case.get("notes", [])


def test_parquet_is_named(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and more")
    with pytest.raises(CompanionError, match="is Parquet"):
        read_prompt_list(tmp_path / "a.parquet")
