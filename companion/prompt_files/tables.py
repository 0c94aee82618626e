"""Prompt files as tables: CSV and TSV with a header."""

import csv
import io

from companion.errors import CompanionError
from companion.prompt_files.notes import shown
from companion.prompt_files.records import PROMPT
from companion.prompt_files.text import trim

LARGEST_CELL = 64 * 2**20


def table_records(name: str, text: str, separator: str) -> list[tuple[object, str]]:
    """One record a row, by the header's names in lower case."""
    (_, header), *rows = _rows(name, text, separator) or [(1, [])]
    columns = [trim(column).lower() for column in header]
    if not any(column in columns for column in PROMPT):
        raise CompanionError(f"line 1 of {name} names the columns {shown(columns)}: a column {', '.join(PROMPT)} was expected")
    twice = next((column for place, column in enumerate(columns) if column and columns.index(column) != place), None)
    if twice is not None:
        raise CompanionError(f"line 1 of {name} names the column {shown([twice])} twice: rename one of them")
    records: list[tuple[object, str]] = []
    for line, cells in rows:
        place = f"line {line} of {name}"
        if not any(trim(cell) for cell in cells):
            continue
        if len(cells) > len(columns):
            mark = "\\t" if separator == "\t" else ","
            raise CompanionError(f'{place} has {len(cells)} cells, the header {len(columns)}: put texts with a "{mark}" in quotes')
        padded = [*cells, *[""] * (len(columns) - len(cells))]
        records.append(({column: cell or None for column, cell in zip(columns, padded, strict=True)}, place))
    return records


def _rows(name: str, text: str, separator: str) -> list[tuple[int, list[str]]]:
    """Each row with the line it begins at."""
    csv.field_size_limit(LARGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            rows.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as problem:
        where = f"line {line} of {name}"
        if "expected after" in str(problem):
            way = "write quotes inside a cell twice, and the whole cell in quotes"
            raise CompanionError(f"{where} has a cell that goes on after its closing quote: {way}") from problem
        raise CompanionError(f"{where} opens a quote that is never closed: close it") from problem
    return rows
