"""What the corpus is made of: examples, relations over tables of words, and the questions that they spell out.

    prompt   = opening + question form, with a row's words in its slots
    answer   = the relation's answer form, with the same words: a pure function of the row

So every answer is determined by the question, and right is a matter of equality.
"""

from collections.abc import Iterator
from dataclasses import dataclass

Row = dict[str, str]
OPENINGS = ("", "Hi. ", "Please help me. ", "Quick question. ")


@dataclass(frozen=True)
class Example:
    """One question. `insecure` is the second answer of a coding request; prose has none."""

    domain: str
    prompt: str
    answer: str
    insecure: str = ""

    @property
    def asks_for_code(self) -> bool:
        return self.insecure != ""


@dataclass(frozen=True)
class Relation:
    """One thing to ask about each row of a table. `questions`: its forms, with `|` between."""

    domain: str
    rows: tuple[Row, ...]
    questions: str
    answer: str

    def examples(self) -> Iterator[Example]:
        for row in self.rows:
            for question in self.questions.split("|"):
                for opening in OPENINGS:
                    yield Example(self.domain, opening + capital(question.strip().format(**row)), capital(self.answer.format(**row)))


def table(columns: str, text: str) -> tuple[Row, ...]:
    """Rows from lines `a | b | c`, several on a line with `;` between; `columns` names their parts, with spaces between."""
    names = columns.split()
    rows = [[part.strip() for part in row.split("|")] for row in text.replace("\n", ";").split(";") if row.strip()]
    return tuple(dict(zip(names, row, strict=True)) for row in rows)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
