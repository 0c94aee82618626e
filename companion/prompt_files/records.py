"""One record of a prompt file (an object of JSON, YAML or a table) as prompts."""

import re
from dataclasses import dataclass, field

from companion.errors import CompanionError
from companion.prompt_files.messages import Message, is_chat, message_of, parsed_chat
from companion.prompt_files.notes import FileNotes, shown
from companion.prompt_files.text import fields_of, is_nothing, is_number, trim, written

PROMPT = ["messages", "conversations", "conversation", "paraphrases", "prompt", "question", "text", "instruction", "task", "query", "input"]
ANSWER = ["answer", "expected", "completion", "response", "output"]
BELOW = ["input", "context"]
"""What a question asks about, as Alpaca and Dolly have it: written below the question, after an empty line."""
SYSTEM = ["system", "system_prompt"]


@dataclass(frozen=True)
class PromptRow:
    id: str
    group: str
    messages: list[Message]
    answer: str | None


@dataclass
class _Reader:
    place: str
    notes: FileNotes
    used: set[str] = field(default_factory=set)
    """Fields of the record that stand in its prompts."""


Beside = dict[str, tuple[str, str]]


def rows_of(value: object, place: str, number: int, notes: FileNotes) -> list[PromptRow]:
    """The prompts of one record; `number` names it where it has no id."""
    reader = _Reader(place, notes)
    if isinstance(value, str):
        return [_row(str(number), str(number), [_user(value)], {}, reader)]
    fields = fields_of(value)
    name = _first(fields, PROMPT) or next((one for one in PROMPT if fields.get(one) is not None), None)
    if name is None:
        raise CompanionError(f"{place} holds {shown(list(fields))}: one of {', '.join(PROMPT)} was expected")
    id = _label(fields.get("id")) or str(number)
    group = _label(fields.get("group")) or id
    reader.used |= {name, "id", "group"}
    variants = _variants(_with_below(fields, name, reader), reader)
    beside = _beside(fields, reader)
    many = len(variants) > 1
    rows = [_row(f"{id}/{index}" if many else id, group, turns, beside, reader) for index, turns in enumerate(variants, 1)]
    for key, one in fields.items():
        if key not in reader.used and not is_nothing(one):
            notes.unused(key)
    return rows


def _first(fields: dict[str, object], names: list[str]) -> str | None:
    return next((name for name in names if not is_nothing(fields.get(name))), None)


def _with_below(fields: dict[str, object], name: str, reader: _Reader) -> object:
    """The prompt, with what it asks about below it."""
    question = parsed_chat(fields.get(name), reader.place)
    if not isinstance(question, str):
        return question
    for key in BELOW:
        below = fields.get(key)
        if key != name and isinstance(below, str) and trim(below):
            reader.notes.joined(key)
            reader.used.add(key)
            question = f"{trim(question)}\n\n{trim(below)}"
    return question


def _beside(fields: dict[str, object], reader: _Reader) -> Beside:
    """What stands beside the prompt: its field and its text."""
    beside: Beside = {}
    system, answer = _first(fields, SYSTEM), _first(fields, ANSWER)
    if system:
        text = fields[system]
        if not isinstance(text, str):
            raise CompanionError(f"the system prompt of {reader.place} is not a text: write it as one, or leave it out")
        beside["system"] = (system, text)
    reply = _answer(fields[answer], reader) if answer else None
    if answer and reply is not None:
        beside["answer"] = (answer, reply)
    elif answer:
        reader.used.add(answer)
    return beside


def _answer(value: object, reader: _Reader) -> str | None:
    """A text, a number or a truth as it is written; one message of the assistant. What else it may be is noted."""
    answer = parsed_chat(value, reader.place)
    if isinstance(answer, str | bool) or is_number(answer):
        return written(answer)
    chat = answer if is_chat(answer) else [answer] if is_chat([answer]) else []
    turns = [message_of(one, reader.place, reader.notes) for one in chat]
    if len(turns) == 1 and turns[0]["role"] == "assistant":
        return turns[0]["content"]
    reader.notes.left_out(reader.place, f"a list of {len(answer)}" if isinstance(answer, list) else "an object")
    return None


def _variants(value: object, reader: _Reader) -> list[list[Message]]:
    """A text is one turn; a list of messages is one chat; a list of texts is paraphrases."""
    if isinstance(value, str):
        return [[_user(value)]]
    if not isinstance(value, list) or not value:
        raise CompanionError(f"the prompt of {reader.place} is neither a text nor a list with something in it")
    if all(isinstance(one, str) for one in value):
        return [[_user(text)] for text in value]
    return [[message_of(one, reader.place, reader.notes) for one in value]]


def _row(id: str, group: str, turns: list[Message], beside: Beside, reader: _Reader) -> PromptRow:
    """What follows the last user turn is the file's answer; a system prompt beside the messages comes first."""
    last = max((place for place, turn in enumerate(turns) if turn["role"] == "user"), default=-1)
    asked, after = turns[: last + 1], turns[last + 1 :]
    if len(after) > 1:
        reader.notes.goes_on(reader.place)
    own = asked[0]["content"] if asked and asked[0]["role"] == "system" else None
    system, answer = beside.get("system"), beside.get("answer")
    if system and own in (None, system[1]):
        reader.used.add(system[0])
    if answer and (not after or after[0]["content"] == answer[1]):
        reader.used.add(answer[0])
    messages = [{"role": "system", "content": system[1]}, *asked] if system and own is None else asked
    if any(re.search("[\0\ud800-\udfff]", message["content"]) for message in messages):
        raise CompanionError(f"the prompt of {reader.place} holds NUL or half a character: is it text?")
    return PromptRow(id, group, messages, after[0]["content"] if after else answer[1] if answer else None)


def _user(text: str) -> Message:
    return {"role": "user", "content": trim(text)}


def _label(value: object) -> str | None:
    return written(value) if is_number(value) or (isinstance(value, str) and value) else None
