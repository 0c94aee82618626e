"""Chats of a prompt file as messages: OpenAI's and Hugging Face's, ShareGPT's, contents in parts."""

import json
import re

from companion.errors import CompanionError
from companion.prompt_files.notes import FileNotes, shown
from companion.prompt_files.text import fields_of, is_nothing

Message = dict[str, str]
ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
}


def is_chat(value: object) -> bool:
    """A list whose entries say who speaks."""
    return isinstance(value, list) and bool(value) and all(_speaker(fields_of(one)) is not None for one in value)


def parsed_chat(value: object, place: str) -> object:
    """A chat that a cell of a table holds as text; the text itself where it is none."""
    if not isinstance(value, str) or not re.match(r"\s*\[\s*\{", value):
        return value
    try:
        parsed = json.loads(value)
    except ValueError as problem:
        if not re.match(r"\s*\[\s*\{\s*'(role|from|content|value)'\s*:", value):
            return value
        raise CompanionError(f"{place} holds a chat in Python's notation, with single quotes: write the table as JSONL") from problem
    return parsed if is_chat(parsed) else value


def message_of(value: object, place: str, notes: FileNotes) -> Message:
    fields = fields_of(value)
    speaker = _speaker(fields)
    role = ROLES.get(speaker) if isinstance(speaker, str) else None
    name = next((key for key in ("content", "value") if fields.get(key) is not None), None)
    text = _content(fields.get(name) if name else None, place)
    for key, other in fields.items():
        if key not in ("role", "from", name) and not is_nothing(other):
            notes.unused(f"{key} of a message")
    if role is not None and text is not None:
        return {"role": role, "content": text}
    named, has = shown([speaker]) if isinstance(speaker, str) else "none", "no text" if text is None else "a text"
    raise CompanionError(f"a message of {place} has role {named} and {has}: role system, user or assistant and a content of text were expected")


def _speaker(fields: dict[str, object]) -> object:
    role = fields.get("role")
    return fields.get("from") if role is None else role


def _content(content: object, place: str) -> str | None:
    """A text, or parts of which each is one."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or not content:
        return None
    return "".join(_part(part, place) for part in content)


def _part(part: object, place: str) -> str:
    fields = fields_of(part)
    text = part if isinstance(part, str) else fields.get("text")
    if isinstance(text, str):
        return text
    kind = fields.get("type")
    raise CompanionError(f"a message of {place} holds {shown([kind]) if isinstance(kind, str) else 'a part'} beside text: leave it out")
