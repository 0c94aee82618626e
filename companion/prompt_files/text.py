"""What the lab takes for white space, for the end of a line, and for a number as text: JavaScript's rules, where Python's differ."""

import re
from decimal import Decimal

WHITE = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"


def trim(text: str) -> str:
    """Without white space at the ends; U+0085 is none."""
    return text.strip(WHITE)


def lines(text: str) -> list[str]:
    """Ended by line feeds and carriage returns alone."""
    return re.split(r"\r\n|\r|\n", text)


def fields_of(value: object) -> dict[str, object]:
    """The fields of an object; the places of a list."""
    if isinstance(value, list):
        return {str(place): one for place, one in enumerate(value)}
    return value if isinstance(value, dict) else {}


def is_nothing(value: object) -> bool:
    """What says nothing: a field that is not there, or empty."""
    return value is None or value == "" or value == [] or value == {}


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def written(value: object) -> str:
    """A text, a number or a truth as JSON writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, float):
        return str(value)
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    if 1e-6 <= abs(value) < 1:
        return format(Decimal(repr(value)), "f")
    return re.sub(r"e([+-])0+", r"e\1", repr(value))
