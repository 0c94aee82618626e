"""What a reader should know of a prompt file: what was not used, or not used as it stands. As `src/formats/prompts-notes.ts`."""

import re
import unicodedata
from dataclasses import dataclass, field


def shown(names: list[str], most: int = 5) -> str:
    """The first of a file's own names, fit for one line of a message."""
    some = [_plain(name)[:30] or "one without a name" for name in names[:most]]
    return ", ".join(some) + (" …" if len(names) > most else "") or "nothing"


def _plain(name: str) -> str:
    return re.sub(r"\s+", " ", "".join(" " if unicodedata.category(char)[0] == "C" else char for char in name)).strip()


@dataclass
class FileNotes:
    """Gathered record by record; one sentence a kind."""

    fields: dict[str, None] = field(default_factory=dict)
    below: dict[str, int] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    turns: list[str] = field(default_factory=list)

    def unused(self, name: str) -> None:
        """A field whose content stands nowhere in the prompts."""
        self.fields[name] = None

    def joined(self, name: str) -> None:
        """A field that was written below the question."""
        self.below[name] = self.below.get(name, 0) + 1

    def left_out(self, place: str, what: str) -> None:
        """An answer that is no text and no message."""
        self.answers.append(f"{place}: {what}")

    def goes_on(self, place: str) -> None:
        """A chat that goes on after its answer."""
        self.turns.append(place)

    def sentences(self) -> list[str]:
        notes = [f"Fields that are not used: {shown(list(self.fields), 12)}."] if self.fields else []
        for name, count in self.below.items():
            notes.append(f"The field {shown([name])} was written below the question in {count} record{'' if count == 1 else 's'}.")
        if self.answers:
            notes.append(f"{len(self.answers)} answers that are no text left out, first {self.answers[0]}.")
        if self.turns:
            notes.append(f"{len(self.turns)} chats go on after their answer, which is not used, first {self.turns[0]}.")
        return notes
