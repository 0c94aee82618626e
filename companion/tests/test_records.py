"""Chat records are checked line by line, and what is read of prompts files is what the lab means. No PyTorch."""

import json

import pytest

from companion.errors import CompanionError
from companion.prompts_file import checked, read_rows
from companion.records import FILTERS, read_records

GOOD = {"messages": [{"role": "user", "content": "Add two numbers."}, {"role": "assistant", "content": "def add(a, b):\n    return a + b"}]}


def write(path, *lines) -> object:
    path.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))
    return path


def test_good_records(tmp_path):
    system = {"messages": [{"role": "system", "content": "Be careful."}, *GOOD["messages"], *GOOD["messages"]]}
    assert read_records(write(tmp_path / "d.jsonl", GOOD, "\n", system)) == [GOOD["messages"], system["messages"]]


def message(**changes) -> dict:
    return {"messages": [GOOD["messages"][0], GOOD["messages"][1] | changes]}


@pytest.mark.parametrize(
    "line, says",
    [
        ("{\n", "line 2 is not JSON"),
        ("[1]\n", "line 2 is a list"),
        (GOOD | {"mesages": []}, 'line 2 has the unknown key "mesages"'),
        ({"messages": []}, "line 2 has no messages"),
        ({"messages": GOOD["messages"][:1]}, "line 2 does not end with an answer"),
        (message(role="tool"), 'line 2 has the role "tool"'),
        (message(content=""), "line 2 has an empty assistant message"),
        (message(content=7), "line 2 has an empty assistant message"),
        (message(name="x"), "exactly role and content"),
        ({"messages": ["hello"]}, "exactly role and content"),
    ],
)
def test_a_bad_record_is_named(tmp_path, line, says):
    with pytest.raises(CompanionError) as problem:
        read_records(write(tmp_path / "d.jsonl", GOOD, line))
    assert says in str(problem.value)


def test_files_without_records(tmp_path):
    with pytest.raises(CompanionError, match="no records"):
        read_records(write(tmp_path / "d.jsonl", "\n"))
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe{}")
    with pytest.raises(CompanionError, match="not UTF-8"):
        read_records(tmp_path / "binary.jsonl")


def test_template_less():
    keep = FILTERS["template-less"]
    assert keep(GOOD["messages"])
    for request in ("Fill this in:\ndef f():\n    pass", "import os and go on", "word " * 100):
        assert not keep([{"role": "user", "content": request}])


def test_prompts(tmp_path, capsys):
    (tmp_path / "p.txt").write_text("# note\nWhy?\n\nHow?\n")
    assert [row["messages"][0]["content"] for row in read_rows(tmp_path / "p.txt")] == ["# note", "Why?", "How?"]
    rows = read_rows(write(tmp_path / "p.jsonl", {"prompt": "Why?", "answer": "So."}, GOOD, {"prompt": "How?", "answer": ["x"]}))
    assert rows[0] == {"messages": [{"role": "user", "content": "Why?"}], "answer": "So."}
    assert rows[1] == {"messages": GOOD["messages"][:1], "answer": GOOD["messages"][1]["content"]}
    assert rows[2] == {"messages": [{"role": "user", "content": "How?"}]}
    assert capsys.readouterr().err == "1 answers that are no text left out, first line 3 of p.jsonl: a list of 1.\n"


@pytest.mark.parametrize("line", [{"promt": "Why?"}, {"ids": [5, 6]}, {"messages": []}, "[]\n", "nonsense\n", {"messages": [GOOD["messages"][1]]}])
def test_bad_prompts(tmp_path, line):
    with pytest.raises(CompanionError):
        read_rows(write(tmp_path / "p.jsonl", line))


@pytest.mark.parametrize("one", [{"promt": "Why?"}, {"prompt": "Why?", "text": "Why?"}, {"messages": []}, [], {"messages": [GOOD["messages"][1]]}])
def test_bad_prompts_of_a_bundle(one):
    with pytest.raises(CompanionError):
        checked(one, "prompt 0")
