"""Prompt files in YAML: texts alone, no type is guessed. Nothing is expanded but what a prompt needs, since an alias can be a bomb."""

from dataclasses import dataclass

from companion.errors import CompanionError
from companion.prompt_files.notes import FileNotes, shown
from companion.prompt_files.records import ANSWER, BELOW, PROMPT, SYSTEM

LARGEST = 4 * 2**20
MOST_VALUES, DEEPEST = 200_000, 20
WANTED = {"id", "group", "role", "from", "content", "value", "type", *PROMPT, *ANSWER, *BELOW, *SYSTEM}
LISTS = ["prompts", "questions", "data"]
PLAIN_TAGS = {f"tag:yaml.org,2002:{tag}" for tag in ("str", "int", "float", "bool", "null", "map", "seq", "timestamp")}


@dataclass
class _Reader:
    name: str
    notes: FileNotes
    left: int = MOST_VALUES

    def spend(self, depth: int) -> None:
        """Counts a value."""
        self.left -= 1
        if self.left < 0 or depth > DEEPEST:
            raise CompanionError(f"{self.name} expands to more than {MOST_VALUES} values, or nests {DEEPEST} deep: write the prompts out")

    def place(self, node) -> str:
        return f"line {node.start_mark.line + 1} of {self.name}"


def yaml_records(name: str, text: str, notes: FileNotes) -> list[tuple[object, str]]:
    """The records of all documents: each a list of questions, or a list under `prompts` or `questions`."""
    if len(text) > LARGEST:
        raise CompanionError(f"{name} has {len(text)} characters of YAML, {LARGEST} can be read: use JSONL")
    reader = _Reader(name, notes)
    return [(_plain(node, reader, 0), reader.place(node)) for document in _documents(name, text) for node in _list_in(document, reader)]


def _documents(name: str, text: str) -> list:
    import yaml

    try:
        return [document for document in yaml.compose_all(text, Loader=yaml.BaseLoader) if document is not None]
    except yaml.MarkedYAMLError as problem:
        mark = problem.context_mark or problem.problem_mark
        line = mark.line + 1 if mark else 1
        raise CompanionError(f"line {line} of {name} is not YAML ({problem.problem}): correct it") from problem
    except yaml.YAMLError as problem:
        raise CompanionError(f"{name} is not YAML ({str(problem).splitlines()[0]}): correct it") from problem
    except RecursionError as problem:
        raise CompanionError(f"{name} is nested too deep to be read as YAML") from problem


def _list_in(top, reader: _Reader) -> list:
    if top.id == "sequence":
        return _tagged(top, reader).value
    entries = _entries(top, reader, 0) if top.id == "mapping" else {}
    under = next((one for one in LISTS if one in entries), None)
    if under is None:
        return [top]
    for key in entries:
        if key != under:
            reader.notes.unused(f"{key} beside {under}")
    return entries[under].value if entries[under].id == "sequence" else [entries[under]]


def _plain(node, reader: _Reader, depth: int) -> object:
    """A node as plain values: texts, lists, and objects; of a field that no prompt has only that it is there."""
    _tagged(node, reader)
    reader.spend(depth)
    if node.id == "scalar":
        return None if node.value in ("", "~", "null") else node.value
    if node.id == "sequence":
        return [_plain(one, reader, depth + 1) for one in node.value]
    entries = _entries(node, reader, depth)
    return {key: _plain(value, reader, depth + 1) if key in WANTED else True for key, value in entries.items()}


def _entries(node, reader: _Reader, depth: int) -> dict:
    """The fields of a map, those of its merge keys (`<<`) below its own."""
    entries: dict = {}
    merged: list = []
    for key, value in node.value:
        reader.spend(depth)
        name = key.value if key.id == "scalar" else ""
        if name == "<<":
            merged += value.value if value.id == "sequence" else [value]
        elif name in entries:
            raise CompanionError(f"{reader.place(key)} has the field {shown([name])} a second time: leave one out")
        else:
            entries[name] = value
    for one in merged:
        if one.id != "mapping":
            raise CompanionError(f"{reader.place(one)} merges what is no map with <<: write the fields out")
        for name, value in _entries(one, reader, depth + 1).items():
            entries.setdefault(name, value)
    return entries


def _tagged(node, reader: _Reader):
    """The node, whose tag says no more than what stands there."""
    if node.tag in PLAIN_TAGS or node.tag == "!":
        return node
    raise CompanionError(f"{reader.place(node)} has the tag {shown([node.tag])}, which is not followed: write the text itself")
