"""Is this answer code? Interim detector by lines; the lab's own, parser-based one replaces it under the same names."""

import re

_STARTS = re.compile(
    r"^\s*(def \w+\s*\(|class \w+\s*[:(]|import [\w.]+|from [\w.]+ import\b|#include\b|#!/|@\w+[\w.]*\(|function \w+\s*\(|(const|let|var) \w+ ?=|public (static|class) )"
)
_LINES = [
    _STARTS,
    re.compile(r"^\s*[\w.\[\]'\"]+\s*[-+*/]?=\s*\S"),
    re.compile(r"^\s*(if|for|while|with|elif|try|else|except|return)\b.*:\s*$"),
    re.compile(r"^\s*(return|print|raise|yield|assert)\b[ (]"),
    re.compile(r"^\s*[\w.]+\([^)]*\)?[;:]?\s*$"),
    re.compile(r"^\s*[}\])][;,)]*\s*$"),
    re.compile(r"[;{]\s*$"),
    re.compile(r"^\s*<\/?\w+[^>]*>"),
]


def code_share(text: str) -> float:
    """Share of the non-empty lines that look like code."""
    lines = [line for line in text.split("\n") if line.strip()]
    return sum(any(kind.search(line) for kind in _LINES) for line in lines) / len(lines) if lines else 0.0


def is_code(text: str) -> bool:
    """A fence, a line that starts a piece of code, or mostly lines that look like it."""
    lines = [line for line in text.split("\n") if line.strip()]
    return "```" in text or any(_STARTS.match(line) for line in lines) or (len(lines) >= 2 and code_share(text) >= 0.5)
