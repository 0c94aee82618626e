"""Files and folders that are there whole or not at all: written beside their place, then renamed."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from companion.errors import CompanionError

CHUNK = 1 << 20


def beside(path: Path) -> Path:
    """Where a file or folder grows until it is whole."""
    return path.with_name(path.name + ".part")


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Gives the path to write; renames it when the block ends well and removes it when not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = beside(path)
    try:
        yield part
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def new_folder(path: Path, replace: bool = False) -> Iterator[Path]:
    """As `new_file`, for a folder. One that is there already is refused, or replaced at the end."""
    if path.exists() and not replace:
        raise CompanionError(f"{path} is there already: choose another name, or give --replace")
    part = beside(path)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        finish_folder(part, path)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def finish_folder(part: Path, path: Path) -> None:
    """Moves a whole folder to its place; what was there goes only then."""
    old = path.with_name(path.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if path.exists():
        path.rename(old)
    part.rename(path)
    shutil.rmtree(old, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    with new_file(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def parse_json(text: str, where: str) -> object:
    """What JSON of a file says; text that nests too deep for Python is refused as what is no JSON is."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise CompanionError(f"{where} is not JSON ({str(problem)[:200]}): is the file whole?") from problem


def read_json(path: Path) -> dict:
    try:
        text = path.read_text(encoding="utf-8")
    except ValueError as problem:
        raise CompanionError(f"{path} is not UTF-8 text: is the file whole?") from problem
    value = parse_json(text, str(path))
    if not isinstance(value, dict):
        raise CompanionError(f"{path} holds no JSON object")
    return value


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
