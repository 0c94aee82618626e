"""A prompt file by its name's ending: JSONL, JSON, CSV, TSV, YAML, or one prompt a line."""

import json
from dataclasses import replace
from pathlib import Path

from companion.errors import CompanionError
from companion.prompt_files.jsons import json_records, parse
from companion.prompt_files.notes import FileNotes
from companion.prompt_files.records import PromptRow, rows_of
from companion.prompt_files.tables import table_records
from companion.prompt_files.text import lines, trim
from companion.prompt_files.yamls import yaml_records

LFS = b"version https://git-lfs.github.com/spec/"
LARGEST, MOST = 64 * 2**20, 200_000


def read_prompt_list(path: Path) -> tuple[list[PromptRow], list[str]]:
    """The prompts of a file, and what a reader should know of it, one sentence each."""
    name = path.name
    data = path.read_bytes()
    text = _text(name, data)
    notes = FileNotes()
    rows, more = _rows(_records(name, text, notes), name, notes)
    if not rows:
        raise CompanionError(f"{name} holds no prompt: write one a line")
    return rows, [*notes.sentences(), *more, *_repeats(rows)]


def _text(name: str, data: bytes) -> str:
    if len(data) > LARGEST:
        raise CompanionError(f"{name} has {len(data)} bytes, {LARGEST} can be read: split the file")
    if data.startswith(LFS):
        raise CompanionError(f"{name} is a Git LFS pointer, not the file itself: run git lfs pull, or download the file from its page")
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as problem:
        raise CompanionError(f"{name} is not text in UTF-8: save it as UTF-8") from problem
    if "\0" in text:
        raise CompanionError(f"{name} is not text in UTF-8 (it holds NUL, as UTF-16 does): save it as UTF-8")
    return text


def _records(name: str, text: str, notes: FileNotes) -> list[tuple[object, str]]:
    """Parsed records, and where each stands."""
    match Path(name).suffix.lower():
        case ".jsonl" | ".ndjson":
            return [(parse(line, place), place) for line, place in _lines(name, text)]
        case ".json":
            return json_records(name, text, notes)
        case ".csv":
            return table_records(name, text, ",")
        case ".tsv":
            return table_records(name, text, "\t")
        case ".yaml" | ".yml":
            return yaml_records(name, text, notes)
        case ".parquet":
            raise CompanionError(f"{name} is Parquet, which the lab reads and this does not: write it as JSONL")
        case _:
            return [*_lines(name, text)]


def _lines(name: str, text: str) -> list[tuple[str, str]]:
    return [(trim(line), f"line {number} of {name}") for number, line in enumerate(lines(text), 1) if trim(line)]


def _rows(records: list[tuple[object, str]], name: str, notes: FileNotes) -> tuple[list[PromptRow], list[str]]:
    """Rows with ids of their own; those that ask nothing are left out, and said."""
    rows: list[PromptRow] = []
    empty: list[str] = []
    ids: dict[str, int] = {}
    for number, (value, place) in enumerate(records, 1):
        for row in rows_of(value, place, number, notes):
            if not row.messages or not trim(row.messages[-1]["content"]):
                empty.append(place)
                continue
            ids[row.id] = ids.get(row.id, 0) + 1
            rows.append(row if ids[row.id] == 1 else replace(row, id=f"{row.id}#{ids[row.id]}"))
            if len(rows) > MOST:
                raise CompanionError(f"{name} holds more than {MOST} prompts: split the file")
    repeated = [id for id, times in ids.items() if times > 1]
    left_out = [f"{len(empty)} without a user's turn left out, first {empty[0]}."] if empty else []
    return rows, left_out + ([f"{len(repeated)} ids occur more than once, first {repeated[0]}: numbered."] if repeated else [])


def _repeats(rows: list[PromptRow]) -> list[str]:
    first: dict[str, str] = {}
    repeats = []
    for row in rows:
        earlier = first.setdefault(json.dumps(row.messages), row.id)
        if earlier != row.id:
            repeats.append(f"{row.id} as {earlier}")
    return [f"{len(repeats)} prompts repeat another word for word, first {repeats[0]}."] if repeats else []
