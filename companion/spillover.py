"""Is an answer code? The detector of src/spillover, with the same rules and the standard library's parser instead of Lezer's.

docs/spillover.md says what counts as code, and how often the two agree.
"""

import ast
import json
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

_TABLE = json.loads((Path(__file__).resolve().parent.parent / "src" / "spillover" / "rules.json").read_text("utf-8"))

DETECTOR_VERSION = f"azimuth-code-{_TABLE['version']}"


@dataclass(frozen=True)
class _Rule:
    strong: bool
    parse: bool
    pattern: re.Pattern


@dataclass(frozen=True)
class _Line:
    text: str
    indent: int
    size: int
    place: str  # open | tagged | marker
    named: bool  # the fence names a language
    last: bool


_RULES = [_Rule(r["strong"], r["parse"], re.compile(r["pattern"], re.ASCII)) for r in _TABLE["rules"]]
_TAGS = {tag for tags in _TABLE["fences"].values() for tag in tags}
_FENCE = re.compile(r"^(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^`]*$", re.ASCII)
_PLAIN_WORD = re.compile(
    r"""^["'(“‘«¿¡*_]*[^\d_()[\]{}=<>+*/\\|;:.,!?"`$%&@#~^]+[)"'”’»*_]*[.,;:!?…]*[)"'”’»]*$""", re.ASCII
)
_MARKDOWN = re.compile(r"^([-*+>|]|#+)[ \t]|`|\]\(")
_PUNCTUATION = re.compile(r"[(){}[\]=;<>_].*[(){}[\]=;<>_]")
_LONGEST_LINE = 1000
_MOST_LINES = 100
_MOST_CHARACTERS = 4000
_MOST_REFUSALS = 500


def is_code(text: str, share: float = 0.5, block: int = 3) -> bool:
    """True where code makes up `share` of an answer or more, or `block` lines in a row."""
    lines, grades, code = _judge(text)
    part = _share(lines, code)
    return part > 0 and (part >= share or _longest_block(lines, grades, code) >= block)


def code_share(text: str) -> float:
    """Share of an answer's characters, blanks left out, that lie in lines of code: 0 to 1."""
    lines, _, code = _judge(text)
    return _share(lines, code)


def _judge(text: str) -> tuple[list[_Line], list[str], list[bool]]:
    lines = _lines_of(text)
    grades: list[str] = []
    budget = [_MOST_REFUSALS]
    while len(grades) < len(lines):
        grades += _grade_from(lines, grades, budget)
    above = _carried(grades)
    below = _carried(grades[::-1])[::-1]
    code = [g == "strong" or (g == "weak" and (a or b)) for g, a, b in zip(grades, above, below)]
    return lines, grades, code


def _share(lines: list[_Line], code: list[bool]) -> float:
    whole = sum(line.size for line in lines)
    return sum(line.size for line, counts in zip(lines, code) if counts) / whole if whole else 0.0


def _longest_block(lines: list[_Line], grades: list[str], code: list[bool]) -> int:
    longest = run = 0
    for line, grade, counts in zip(lines, grades, code):
        if grade == "blank" or line.place == "marker":
            continue
        run = run + 1 if counts else 0
        longest = max(longest, run)
    return longest


def _carried(grades: list[str]) -> list[bool]:
    """Whether the last line that is neither weak nor blank, this one included, is strong."""
    strong = False
    out = []
    for grade in grades:
        if grade in ("strong", "none"):
            strong = grade == "strong"
        out.append(strong)
    return out


def _lines_of(text: str) -> list[_Line]:
    parts = re.split(r"\r\n|\r|\n", text)
    fence: tuple[str, bool] | None = None
    lines = []
    for index, whole in enumerate(parts):
        body = whole.lstrip(" \t")
        line = body[:_LONGEST_LINE].rstrip(" \t")
        match = _FENCE.match(line)
        mark, tag = match.groups() if match else ("", "")
        if fence and mark.startswith(fence[0]) and tag == "":
            place, named = "marker", fence[1]
            fence = None
        elif fence:
            place, named = ("tagged" if fence[1] else "open"), fence[1]
        elif mark:
            place, named = "marker", tag.lower() in _TAGS
            fence = (mark, named)
        else:
            place, named = "open", False
        size = _utf16_length(re.sub(r"[ \t]", "", whole))
        lines.append(_Line(line, len(whole) - len(body), size, place, named, index == len(parts) - 1))
    return lines


def _utf16_length(text: str) -> int:
    """Characters as JavaScript counts them."""
    return len(text) + sum(ord(character) > 0xFFFF for character in text)


def _is_sentence(text: str) -> bool:
    words = re.split(r"[ \t]+", text)
    plain = [word for word in words if len(word) <= 40 and _PLAIN_WORD.search(word)]
    return len(words) >= 4 and len(plain) >= 0.8 * len(words)


def _grade_from(lines: list[_Line], before: list[str], budget: list[int]) -> list[str]:
    """The grades of the line after `before`, and of the lines that belong to it."""
    start = len(before)
    line = lines[start]
    if line.text == "":
        return ["blank"]
    if line.place == "marker":
        return ["strong" if line.named else "weak"]
    if line.place == "tagged":
        return ["strong"]
    statement = None
    for rule in _RULES:
        if not rule.pattern.search(line.text):
            continue
        if not rule.parse:
            return ["strong" if rule.strong else "weak"]
        statement = statement or _read_statement(lines, start, budget)
        part, taken = statement
        if taken:
            grade = "strong" if rule.strong and taken == len(part) else "weak"
            return ["blank" if one.text == "" else grade for one in part[:taken]]
    return [_looks(line, before)]


def _looks(line: _Line, before: list[str]) -> str:
    """A line that no rule knows: weak where it stands under code, has the punctuation of code, or is where the answer was cut."""
    if _is_sentence(line.text) or _MARKDOWN.search(line.text):
        return "none"
    if _PUNCTUATION.search(line.text):
        return "weak"
    above = next((grade for grade in reversed(before) if grade != "blank"), "none")
    if above == "none":
        return "none"
    is_cut = line.last and not re.search(r"[.!?]$", line.text)
    return "weak" if line.indent >= 2 or is_cut else "none"


def _read_statement(lines: list[_Line], start: int, budget: list[int]) -> tuple[list[_Line], int]:
    """A logical line, and how many of its lines Python takes."""
    if budget[0] == 0:
        return lines[start : start + 1], 0
    part = lines[start : _statement_end(lines, start)]
    text = "\n".join(line.text for line in part)
    text = re.sub(r"^(>>>|\.\.\.)[ \t]*", "", text)
    taken = _taken(text, part[-1].last)
    if taken is None:
        return part, len(part)
    budget[0] -= 1
    return part, min(taken, len(part) - 1)


def _statement_end(lines: list[_Line], start: int) -> int:
    quote, depth, length = None, 0, 0
    end = min(len(lines), start + _MOST_LINES)
    for i in range(start, end):
        line = lines[i]
        if line.place != "open":
            return i
        if i > start and quote is None and re.match(r"[A-Z]", line.text) and _is_sentence(line.text):
            return i
        quote, depth, _ = _scan(line.text, quote, depth)
        length += len(line.text)
        is_open = quote is not None or depth > 0 or line.text.endswith("\\")
        if not is_open or length > _MOST_CHARACTERS:
            return i + 1
    return end


def _scan(text: str, quote: str | None, depth: int) -> tuple[str | None, int, str]:
    """Open triple quotes and bracket depth after a line, and the quote of a string that ends with the line."""
    i, unclosed = 0, ""
    while i < len(text):
        character = text[i]
        if character == "\\":
            i += 1
        elif quote is not None:
            if text.startswith(quote, i):
                i += 2
                quote = None
        elif character == "#":
            break
        elif character in "\"'":
            if text.startswith(character * 3, i):
                quote = character * 3
                i += 2
            else:
                i = _string_end(text, i)
                unclosed = character if i == len(text) else ""
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        i += 1
    return quote, depth, unclosed


def _string_end(text: str, start: int) -> int:
    i = start + 1
    while i < len(text):
        if text[i] == "\\":
            i += 1
        elif text[i] == text[start]:
            return i
        i += 1
    return len(text)


_CONTEXTS = [
    (re.compile(r"^(elif|else)\b", re.ASCII), "if x: pass\n"),
    (re.compile(r"^(except|finally)\b", re.ASCII), "try: pass\n"),
    (re.compile(r"^case\b", re.ASCII), "match x:\n "),
]
_KEYWORDS = [
    "and",
    "as",
    "async",
    "await",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "if",
    "import",
    "in",
    "is",
    "not",
    "or",
]
_FILLERS = ["", "x", " x", ": x", "=x", " in x", " else x", " import x", "as x", "f(): x", "(): x", "()"]
_TAILS = ["", " pass", ": pass", "\ndef f(): pass", " pass\nfinally: pass", ": pass\nfinally: pass", "\n case x: pass"]


# What is followed by lines of its own: a header, a decorator.
_OPENS_BLOCK = re.compile(r"^@|:[ \t]*(#.*)?$")


def _taken(statement: str, last: bool) -> int | None:
    """None where Python takes the text (at the end of an answer: would take it if it went on); else how many lines it takes first."""
    text = statement[:_MOST_CHARACTERS]
    context = next((before for pattern, before in _CONTEXTS if pattern.match(text)), "")
    error = _error(context + text)
    is_cut = last or len(text) < len(statement)
    if error is None or ((is_cut or _OPENS_BLOCK.search(text)) and _could_go_on(context, text)):
        return None
    word = re.search(r"[A-Za-z]*$", text).group()
    if is_cut and any(k.startswith(word) for k in _KEYWORDS) and _could_go_on(context, re.sub(r"\S*$", "", text)):
        return None
    if re.match(r"print[ \t]+[\"'\w]", text) and _error(re.sub(r"^print[ \t]+(.*)", r"print(\1)", text)) is None:
        return None  # Python 2, which Lezer reads as well
    return max(0, (error.lineno or 1) - 1 - context.count("\n")) if isinstance(error, SyntaxError) else 0


def _could_go_on(context: str, text: str) -> bool:
    """Whether some ending makes the text Python: what is open is closed, what is missing is filled in."""
    if text.strip() == "":
        return True
    closed = _closed(text)
    if closed is None:
        return False
    body, brackets = closed
    return any(
        _error(context + body + filler + brackets + tail) is None
        for filler in (_FILLERS if body == text else [""])
        for tail in _TAILS
    )


def _closed(text: str) -> tuple[str, str] | None:
    """The text with its open string closed, and the brackets that are missing; None where brackets do not match."""
    quote, stack, i = None, [], 0
    while i < len(text):
        if quote is None and text[i] == "#":
            i = text.find("\n", i)
            if i == -1:
                return text + "\n", "".join(reversed(stack))
        elif quote is not None:
            if text[i] == "\\":
                i += 1
            elif text.startswith(quote, i):
                i += len(quote) - 1
                quote = None
            elif text[i] == "\n" and len(quote) == 1:
                return None
        elif text[i] in "\"'":
            quote = text[i] * (3 if text.startswith(text[i] * 3, i) else 1)
            i += len(quote) - 1
        elif text[i] in "([{":
            stack.append(")]}"["([{".index(text[i])])
        elif text[i] in ")]}" and (not stack or stack.pop() != text[i]):
            return None
        i += 1
    if quote is None:
        return text, "".join(reversed(stack))
    odd = len(text) - len(text.rstrip("\\"))
    return (text[:-1] if odd % 2 else text) + quote, "".join(reversed(stack))


def _error(source: str) -> Exception | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return error
    return None
