"""Chat templates of one's own, and the plain form of models without one."""

import json

import pytest

from tiny import TEMPLATE, save_model

CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Is it cold?"},
    {"role": "assistant", "content": "No."},
    {"role": "user", "content": "Is it hot?"},
]
# test/workers/tokens.test.ts has the same text.
PLAIN = "Be brief.\n\nQuestion: Is it cold?\nAnswer: No.\n\nQuestion: Is it hot?\nAnswer:"
OTHER = "{% for message in messages %}[{{ message.role }}] {{ message.content }}{% endfor %}{% if add_generation_prompt %}[me]{% endif %}"


@pytest.fixture
def base(tmp_path):
    """A model folder without a chat template."""
    folder = save_model(tmp_path / "m")
    (folder / "chat_template.jinja").unlink()
    return folder


def tokenizer_of(folder, name=None):
    from companion.source import find_source, load_tokenizer

    return load_tokenizer(find_source(str(folder)), name)


def test_the_plain_form_is_the_labs(base):
    from companion.source import chat_text
    from companion.template import use_plain_where_none

    assert chat_text(use_plain_where_none(tokenizer_of(base)), CHAT) == PLAIN
    assert chat_text(tokenizer_of(base, "plain"), CHAT) == PLAIN


def test_export_writes_the_template_that_all_then_use(base, tmp_path, companion):
    from companion.source import chat_text

    (tmp_path / "other.jinja").write_text(OTHER)
    status, _, err = companion("export", base, "--out", tmp_path / "out", "--dtype", "fp32", "--no-check", "--chat-template", tmp_path / "other.jinja")
    assert status == 0, err
    config = json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())
    assert config["chat_template"] == OTHER
    assert chat_text(tokenizer_of(tmp_path / "out"), CHAT[1:2]) == "[user] Is it cold?[me]"


def test_a_template_takes_the_place_of_the_models_own(tmp_path, companion):
    folder = save_model(tmp_path / "m")
    assert tokenizer_of(folder).chat_template == TEMPLATE
    assert companion("export", folder, "--out", tmp_path / "out", "--dtype", "fp32", "--no-check", "--chat-template", "plain")[0] == 0
    assert not (tmp_path / "out" / "chat_template.jinja").exists()
    assert "Question: " in json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())["chat_template"]


@pytest.mark.parametrize("text, says", [("{% if %}", "no Jinja template"), ("  ", "is empty"), (None, "could not be read")])
def test_a_template_that_is_none(text, says, base, tmp_path, companion):
    if text is not None:
        (tmp_path / "t.jinja").write_text(text)
    status, _, err = companion("export", base, "--out", tmp_path / "out", "--chat-template", tmp_path / "t.jinja")
    assert status == 1 and says in err
    assert not (tmp_path / "out").exists()
