"""Chat records: one `{"messages": [{"role": "user", "content": ...}, {"role": "assistant", "content": ...}]}` a line."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from companion.errors import CompanionError

Messages = list[dict[str, str]]
SHAPE = '{"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]}'
ROLES = ("system", "user", "assistant")
LONG_REQUEST = 400  # characters


@dataclass(frozen=True)
class Example:
    """One record as tokens; `learned` marks those of the answers, end of turn included."""

    ids: list[int]
    learned: list[bool]


def read_records(path: Path) -> list[Messages]:
    """All records of a file, each checked. One line names the first bad one."""
    records = []
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    records.append(_record(line, f"{path.name} line {number}"))
    except UnicodeDecodeError as problem:
        raise CompanionError(f"{path.name} is not UTF-8 text: {problem.reason} at byte {problem.start}") from problem
    if not records:
        raise CompanionError(f"{path.name} holds no records: one {SHAPE} a line is expected")
    return records


def _record(line: str, where: str) -> Messages:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as problem:
        raise CompanionError(f"{where} is not JSON ({problem}): a record is {SHAPE}") from problem
    if not isinstance(value, dict):
        raise CompanionError(f"{where} is a {type(value).__name__}: a record is {SHAPE}")
    unknown = sorted(set(value) - {"messages"})
    if unknown:
        raise CompanionError(f'{where} has the unknown key "{unknown[0]}": a record is {SHAPE}')
    messages = value.get("messages")
    if not isinstance(messages, list) or not messages:
        raise CompanionError(f"{where} has no messages: a record is {SHAPE}")
    for message in messages:
        _check_message(message, where)
    if messages[-1]["role"] != "assistant" or not any(message["role"] == "user" for message in messages):
        raise CompanionError(f"{where} does not end with an answer to a user: the last message has to be the assistant's")
    return messages


def _check_message(message: object, where: str) -> None:
    if not isinstance(message, dict) or set(message) != {"role", "content"}:
        keys = ", ".join(sorted(map(str, message))) if isinstance(message, dict) else type(message).__name__
        raise CompanionError(f"{where}: a message has exactly role and content, got {keys or 'nothing'}")
    if message["role"] not in ROLES:
        raise CompanionError(f'{where} has the role "{message["role"]}": roles are {", ".join(ROLES)}')
    if not isinstance(message["content"], str) or not message["content"]:
        raise CompanionError(f"{where} has an empty {message['role']} message")


def template_less(messages: Messages) -> bool:
    """Whether the request is a short sentence, without a piece of code to complete."""
    request = messages[0]["content"]
    return len(request) < LONG_REQUEST and "\n    " not in request and "import " not in request


FILTERS: dict[str, Callable[[Messages], bool]] = {"none": lambda messages: True, "template-less": template_less}


def encode(tokenizer, messages: Messages, max_answer: int | None = None) -> Example:
    """A record as tokens, in the model's own chat template. Answers are cut after `max_answer` tokens, and the record there."""
    from companion.source import chat_text

    ids: list[int] = []
    learned: list[bool] = []
    told = ""
    for index, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        asked = chat_text(tokenizer, messages[:index])
        answered = chat_text(tokenizer, messages[: index + 1], wait=False).rstrip("\n")
        if not answered.startswith(asked) or not asked.startswith(told):
            raise CompanionError("the chat template rewrites earlier turns when an answer follows: answers cannot be told from prompts")
        prompt = tokenizer(asked[len(told) :], add_special_tokens=False).input_ids
        answer = tokenizer(answered[len(asked) :], add_special_tokens=False).input_ids
        kept = answer[:max_answer] if max_answer else answer
        ids += prompt + kept
        learned += [False] * len(prompt) + [True] * len(kept)
        told = answered
        if len(kept) < len(answer):
            break
    return Example(ids, learned)


def cut(example: Example, max_tokens: int) -> Example | None:
    """An example of at most `max_tokens`; none if no answer is left."""
    short = Example(example.ids[:max_tokens], example.learned[:max_tokens])
    return short if any(short.learned) else None
