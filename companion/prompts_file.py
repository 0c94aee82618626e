"""Prompts for PyTorch: a file's by the lab's rules, or a bundle's, as tokens."""

import sys
from pathlib import Path

from companion.errors import CompanionError
from companion.hidden import Row
from companion.prompt_files import read_prompt_list

SHAPE = '{"prompt": "...", "answer": "..."} (answer is optional), {"messages": [...]}, {"text": ...} or {"ids": [...]}'


def read_rows(path: Path) -> list[dict]:
    """Each prompt of a file as `{"messages": [...]}`, with `answer` where there is one. What is not used goes to stderr."""
    rows, notes = read_prompt_list(path)
    for note in notes:
        print(note, file=sys.stderr)
    return [{"messages": row.messages} | ({"answer": row.answer} if row.answer else {}) for row in rows]


def checked(value: object, where: str) -> dict:
    """One prompt of a bundle, in the terms of the lab."""
    keys = set(value) if isinstance(value, dict) else set()
    kinds = keys & {"prompt", "messages", "text", "ids"}
    if len(kinds) != 1 or keys - kinds - {"answer"}:
        raise CompanionError(f"{where}: got {', '.join(sorted(keys)) or 'no object'}, one is {SHAPE}")
    answer = {"answer": value["answer"]} if value.get("answer") else {}
    kind = kinds.pop()
    if kind == "prompt":
        return {"messages": [{"role": "user", "content": str(value["prompt"])}]} | answer
    if kind != "messages":
        return {kind: value[kind]} | answer
    messages = list(value["messages"])
    if any(not isinstance(one, dict) or {"role", "content"} - set(one) for one in messages) or not messages:
        raise CompanionError(f"{where}: each message has role and content")
    if messages[-1]["role"] == "assistant":
        answer = {"answer": messages.pop()["content"]}
    if not messages:
        raise CompanionError(f"{where} has an answer but no prompt")
    return {"messages": messages} | answer


def tokenize(rows: list[dict], tokenizer, position: str) -> list[Row]:
    """Rows as tokens, as the lab makes them: the chat template waits for the answer, which adds no special tokens."""
    from companion.source import chat_ids

    made = []
    for number, row in enumerate(rows):
        if "ids" in row:
            prompt = list(row["ids"])
        elif "text" in row:
            prompt = tokenizer(row["text"]).input_ids
        else:
            prompt = chat_ids(tokenizer, row["messages"])
        answer = tokenizer(row["answer"], add_special_tokens=False).input_ids if row.get("answer") else []
        if not prompt:
            raise CompanionError(f"prompt {number} is empty")
        if position == "answer-mean" and not answer:
            raise CompanionError(
                f"the mean over an answer was asked for, but prompt {number} has none: add answers, or let --answer-tokens make them"
            )
        made.append(Row(prompt + (answer if position != "last" else []), len(prompt)))
    return made
