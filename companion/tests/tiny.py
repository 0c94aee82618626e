"""Tiny models of real families as Hugging Face folders, with a byte-level tokenizer and a chat template, for the tests of the verbs."""

from pathlib import Path

TEMPLATE = "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>\n{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
SPECIAL = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
VOCAB = 256 + len(SPECIAL)
SETTINGS = {
    "vocab_size": VOCAB,
    "hidden_size": 64,
    "head_dim": 16,
    "max_position_embeddings": 512,
    "num_hidden_layers": 2,
    "eos_token_id": 0,
    "bos_token_id": 0,
}
OWN = {  # families that are known by settings of their own
    "gpt2": {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_inner": 96, "n_positions": 512},
    "gpt_neox": {"num_attention_heads": 4, "intermediate_size": 96},
    "olmo2": {"num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 96},
    "smollm3": {"num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 96},
    "gemma3": {"layer_types": ["sliding_attention", "full_attention"]},
    "phi3": {"original_max_position_embeddings": 512},
}
LAYERS, WIDTH = SETTINGS["num_hidden_layers"], SETTINGS["hidden_size"]


def save_tokenizer(folder: Path) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(BPE({token: i for i, token in enumerate([*SPECIAL, *letters])}, []))
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|end|>", chat_template=TEMPLATE).save_pretrained(folder)


def save_model(folder: Path, family: str = "llama", **changes) -> Path:
    """A folder that every verb opens; gives its path."""
    from companion.fixtures.models import make_model

    make_model(family, **(SETTINGS | OWN.get(family, {}) | changes)).save_pretrained(folder)
    save_tokenizer(folder)
    return folder


def save_wrapped(folder: Path, **changes) -> Path:
    """Ministral 3 inside Mistral's vision wrapper, as the hub has it."""
    import transformers

    from companion.fixtures.models import fill, make_config

    text = make_config("ministral3", **(SETTINGS | changes))
    vision = transformers.PixtralVisionConfig(
        hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14
    )
    config = transformers.Mistral3Config(text_config=text, vision_config=vision, image_token_index=1, tie_word_embeddings=text.tie_word_embeddings)
    model = transformers.Mistral3ForConditionalGeneration(config).float().eval()
    fill(model.model.language_model, 1.0)
    model.save_pretrained(folder)
    save_tokenizer(folder)
    return folder
