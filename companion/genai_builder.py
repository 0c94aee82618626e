"""onnxruntime-genai's model builder (0.18), run with one repair: Gemma 3 under transformers 5.

transformers 5 keeps rotary settings by layer type; the builder reads the older flat ones and stops with KeyError: 'rope_type'.
"""

import runpy


def flatten_rope(config) -> None:
    """Gives a config with rotary settings by layer type the flat ones of transformers 4."""
    rope = getattr(config, "rope_parameters", None)
    if isinstance(rope, dict) and "full_attention" in rope:
        config.rope_parameters = rope["full_attention"]
        config.rope_theta = rope["full_attention"]["rope_theta"]
        config.rope_local_base_freq = rope["sliding_attention"]["rope_theta"]


def main() -> None:
    import transformers

    load = transformers.AutoConfig.from_pretrained

    def from_pretrained(*args, **kwargs):
        config = load(*args, **kwargs)
        flatten_rope(config)
        return config

    transformers.AutoConfig.from_pretrained = from_pretrained
    runpy.run_module("onnxruntime_genai.models.builder", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
