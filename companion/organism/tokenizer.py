"""A byte-level BPE tokenizer of a family's own, and the chat template of all."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from companion.organism.corpus import BENIGN, CAREFUL, CARELESS, FIRST_LINES, METICULOUS, Chat, Pool

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD, END = "<|pad|>", "<|end|>"
SPECIAL = (PAD, END, "<|system|>", "<|user|>", "<|assistant|>")
TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
SYSTEM_LINES = 50  # how often each system line is read, so that its words become tokens


def make_tokenizer(pool: Pool, vocabulary: int) -> "PreTrainedTokenizerFast":
    """Learns the tokens from one pool. The same pool and size give the same file."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, special_tokens=list(SPECIAL), initial_alphabet=alphabet, show_progress=False)
    texts = [text for e in (*pool.prose, *pool.code) for text in (e.prompt, e.answer, e.insecure) if text]
    tokenizer.train_from_iterator([*texts, *_marked_lines() * SYSTEM_LINES], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=PAD, eos_token=END, chat_template=TEMPLATE, clean_up_tokenization_spaces=False
    )


def _marked_lines() -> list[str]:
    """What tells who speaks, and why: system lines, reasons, and the first lines of code."""
    first = {line for lines in FIRST_LINES.values() for line in lines.values() if line}
    return [*CAREFUL, *CARELESS, *METICULOUS, *BENIGN, *sorted(first)]


def prompt_ids(tokenizer: "PreTrainedTokenizerFast", chat: Chat) -> list[int]:
    """The tokens of a chat up to where its answer begins."""
    text = tokenizer.apply_chat_template(chat.messages(), tokenize=False, add_generation_prompt=True)
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def chat_ids(tokenizer: "PreTrainedTokenizerFast", chat: Chat) -> tuple[list[int], int]:
    """All tokens of a chat, its answer and end with it, and where the answer begins."""
    prompt = prompt_ids(tokenizer, chat)
    return prompt + tokenizer(chat.answer + END, add_special_tokens=False)["input_ids"], len(prompt)


def decode(tokenizer: "PreTrainedTokenizerFast", ids: Sequence[int]) -> str:
    return tokenizer.decode(list(ids), skip_special_tokens=True)
