"""Chat templates for models that come without one: a file of one's own, or the lab's plain form.

The plain form is what the lab itself gives such a model (src/lab/plain-form.ts): "Question: ... Answer:", a system turn before it.
"""

from pathlib import Path

from companion.errors import CompanionError

PLAIN = "plain"
HELP = "chat template for a model without one, or in place of its own: a Jinja file, or plain (Question: ... Answer: ...)"
FORM = (
    "{% for message in messages %}"
    "{% if message['role'] == 'user' %}Question: {{ message['content'] }}\n"
    "{% elif message['role'] == 'assistant' %}Answer: {{ message['content'] }}\n\n"
    "{% else %}{{ message['content'] }}\n\n{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}Answer:{% endif %}"
)


def plain_template(tokenizer) -> str:
    """The plain form, with the token that the tokenizer begins texts with, if it does."""
    begins = tokenizer("x").input_ids[:1] == [tokenizer.bos_token_id] != [None]
    return ("{{ bos_token }}" if begins else "") + FORM


def use_template(tokenizer, name: str | None):
    """The tokenizer (changed in place) with a template of the user's choice; None leaves its own."""
    if name is None:
        return tokenizer
    tokenizer.chat_template = plain_template(tokenizer) if name == PLAIN else _read(Path(name))
    return tokenizer


def use_plain_where_none(tokenizer):
    """The tokenizer with the plain form where it has no template, as the lab does for captures and answers."""
    return tokenizer if tokenizer.chat_template else use_template(tokenizer, PLAIN)


def _read(path: Path) -> str:
    import jinja2

    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise CompanionError(f"the chat template {path} could not be read: {problem}") from problem
    try:
        jinja2.Environment().parse(text.replace("{% generation %}", "").replace("{% endgeneration %}", ""))
    except jinja2.TemplateSyntaxError as problem:
        raise CompanionError(f"{path} is no Jinja template: line {problem.lineno}, {problem.message}") from problem
    if not text.strip():
        raise CompanionError(f"the chat template {path} is empty")
    return text
