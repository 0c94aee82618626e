"""The bundled models: a corpus by grammar, tokenizers, tiny decoders of four families, their adapters, and what was measured on them."""
