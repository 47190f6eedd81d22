"""Write HTML: escape what comes from outside, and cut it to a length. Never lets a text become markup.

Every function of this room that returns markup returns `Markup`; every other text goes through `text` first.
"""

import unicodedata
from collections.abc import Iterable
from typing import NewType

Markup = NewType("Markup", str)
"""HTML in which every outside text is escaped."""

MOST_CHARACTERS = 200
"""Of an outside text; a longer one is cut, and ends with an ellipsis."""
_ESCAPES = {ord(sign): f"&#{ord(sign)};" for sign in "&<>\"'`"}


def text(value: object, most: int = MOST_CHARACTERS) -> Markup:
    """The text of an element or of an attribute in quotes.

    Line breaks and tabs become spaces. Other control characters, surrogates and the marks that change the direction of
    the text around them become U+FFFD: a file name with such a mark would turn the sentence that names it.
    """
    shown = str(value)
    if len(shown) > most:
        shown = shown[: most - 1] + "…"
    return Markup("".join(map(_visible, shown)).translate(_ESCAPES))


def isolated(value: object, most: int = MOST_CHARACTERS) -> Markup:
    """An outside text inside of a sentence: its own direction, for example of Arabic, stays inside of it."""
    return Markup(f"<bdi>{text(value, most)}</bdi>")


def joined(parts: Iterable[Markup], between: str = "") -> Markup:
    """The parts, one after the other; `between` is markup."""
    return Markup(between.join(parts))


def definitions(pairs: Iterable[tuple[object, object]]) -> Markup:
    """A list of names and values."""
    items = (f"<div><dt>{text(name)}</dt><dd>{isolated(value)}</dd></div>" for name, value in pairs)
    return Markup(f"<dl>{''.join(items)}</dl>")


def _visible(sign: str) -> str:
    if sign in "\n\r\t":
        return " "
    # Cc: control; Cf: format, where the marks of direction are, and also the joiner of emoji, which is kept; Cs: half
    # of a surrogate pair, which UTF-8 cannot hold.
    if unicodedata.category(sign) in ("Cc", "Cf", "Cs") and sign != "\u200d":
        return "\ufffd"
    return sign
