"""Prompt files in JSON: a list of records, a list under a name, or a table by columns as pandas and datasets write it."""

import json
import re

from companion.errors import CompanionError
from companion.prompt_files.notes import FileNotes
from companion.prompt_files.records import PROMPT
from companion.prompt_files.text import fields_of, is_nothing, written

LISTS = ["prompts", "questions", "data", "rows"]
FACTS = {"columns", "index", "schema", "features", "num_rows_total", "num_rows_per_page", "partial"}
"""What tables say of themselves, which is no part of a prompt."""


def parse(text: str, place: str) -> object:
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as problem:
        reason = str(problem).split("\n")[0][:80]
        raise CompanionError(f"{place} is not JSON ({reason}): correct it, or name the file .txt") from problem


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is no number")


def json_records(name: str, text: str, notes: FileNotes) -> list[tuple[object, str]]:
    return [(value, f"entry {number} of {name}") for number, value in enumerate(_records(parse(text, name), name, notes), 1)]


def _records(value: object, name: str, notes: FileNotes) -> list[object]:
    if isinstance(value, list):
        return value
    fields = fields_of(value)
    under = next((one for one in LISTS if isinstance(fields.get(one), list)), None)
    if under is None:
        return _by_columns(fields, name) or [value]
    for key, one in fields.items():
        if key != under and key not in FACTS and not is_nothing(one):
            notes.unused(f"{key} beside {under}")
    return [_row(row, fields.get("columns")) for row in fields[under]]


def _row(row: object, columns: object) -> object:
    """A row by its columns' names, as pandas splits a table; or the row inside what the hub's server says of it."""
    if isinstance(columns, list) and isinstance(row, list):
        return {written(column): row[place] if place < len(row) else None for place, column in enumerate(columns)}
    inside = fields_of(row).get("row") if isinstance(row, dict) else None
    return inside if isinstance(inside, dict) else row


def _by_columns(fields: dict[str, object], name: str) -> list[object] | None:
    """The rows of a table that is written column by column, as lists or by an index; none for one record."""
    main = next((one for one in PROMPT if not is_nothing(fields.get(one))), None)
    column = None if main in (None, "paraphrases") else _cells(fields[main])
    # A list of messages is one chat, not a column of prompts.
    if column is None or not all(isinstance(cell, str | list) for cell in column):
        return None
    rows: list[dict[str, object]] = [{} for _ in column]
    for key, value in fields.items():
        cells = _cells(value)
        if cells is not None and len(cells) != len(column):
            raise CompanionError(f"{name} has the columns {main} of {len(column)} and {key} of {len(cells)}: write rows of all columns")
        for place, row in enumerate(rows):
            row[key] = value if cells is None else cells[place]
    return rows


def _cells(value: object) -> list[object] | None:
    """A column's cells: a list, or an object whose names are 0, 1, 2 ..."""
    if isinstance(value, dict) and value and all(re.fullmatch(r"[0-9]+", key) for key in value):
        return [value[key] for key in sorted(value, key=int)]
    return value if isinstance(value, list) else None
