"""A text to the tree of what it says. Whatever the text, nothing but SearchError is raised, and it is bounded."""

from difflib import get_close_matches
from typing import Final

from aiops_platform.core.search import fields, values
from aiops_platform.core.search.errors import SearchError
from aiops_platform.core.search.lexer import Is, Piece, pieces
from aiops_platform.core.search.tree import EVERYTHING, Node, Term, Word, both, either, without

LONGEST: Final = 500
#: The address of a page holds it, and a page has many links: letters that take four bytes each leave room for fewer.
MOST_BYTES: Final = 900
MOST_TERMS: Final = 30
DEEPEST: Final = 10


def parse(text: str) -> Node:
    """What is searched for; an empty text finds everything. Raises SearchError."""
    if len(text) > LONGEST:
        raise SearchError(f"There is room for {LONGEST} characters.", LONGEST)
    if len(text.encode(errors="replace")) > MOST_BYTES:
        fits = text.encode(errors="replace")[:MOST_BYTES].decode(errors="ignore")
        raise SearchError(f"There is room for {MOST_BYTES} bytes.", len(fits))
    return _Parser(list(pieces(text))).read()


class _Parser:
    def __init__(self, found: list[Piece]) -> None:
        self._pieces = found
        self._place = 0
        self._terms = 0

    def read(self) -> Node:
        if self._here().what is Is.END:
            return EVERYTHING
        node = self._either(0)
        if self._here().what is not Is.END:
            raise SearchError("This bracket was never opened.", self._here().at)
        return node

    def _here(self) -> Piece:
        return self._pieces[self._place]

    def _next(self) -> Piece:
        piece = self._here()
        self._place += 1
        return piece

    def _either(self, deep: int) -> Node:
        parts = [self._both(deep)]
        while self._here().what is Is.OR:
            self._next()
            parts.append(self._both(deep))
        return either(*parts)

    def _both(self, deep: int) -> Node:
        parts = [self._one(deep)]
        while self._here().what not in {Is.OR, Is.CLOSE, Is.END}:
            if self._here().what is Is.AND:
                self._next()
            parts.append(self._one(deep))
        return both(*parts)

    def _one(self, deep: int) -> Node:
        piece = self._next()
        match piece.what:
            case Is.NOT:
                return without(self._one(_deeper(deep, piece)))
            case Is.OPEN:
                return self._inside(piece, _deeper(deep, piece))
            case Is.FIELD:
                return self._counted(self._term(piece), piece)
            case Is.TEXT | Is.QUOTED:
                return self._counted(Word(values.pattern(piece.text, piece.at)), piece)
            case Is.AND | Is.OR | Is.CLOSE | Is.END:
                raise SearchError(_missing(piece, self._pieces[self._place - 2] if self._place > 1 else None), piece.at)

    def _inside(self, opened: Piece, deep: int) -> Node:
        if self._here().what is Is.CLOSE:
            raise SearchError("There is nothing between these brackets.", opened.at)
        not_closed = SearchError("This bracket is not closed: a `)` is missing.", opened.at)
        if self._here().what is Is.END:
            raise not_closed
        node = self._either(deep)
        if self._here().what is not Is.CLOSE:
            raise not_closed
        self._next()
        return node

    def _term(self, piece: Piece) -> Term:
        value = self._next()
        field = fields.find(piece.text)
        if field is None:
            raise SearchError(_no_field(piece.text, value), piece.at)
        return Term(field.name, values.read(field, value.text, value.at, quoted=value.what is Is.QUOTED))

    def _counted(self, node: Node, piece: Piece) -> Node:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise SearchError(f"There is room for {MOST_TERMS} words and fields.", piece.at)
        return node


def _deeper(deep: int, piece: Piece) -> int:
    if deep >= DEEPEST:
        raise SearchError(f"Brackets and negations may lie {DEEPEST} deep in each other.", piece.at)
    return deep + 1


def _missing(piece: Piece, before: Piece | None) -> str:
    if before is not None and before.what in {Is.NOT, Is.OR, Is.AND}:
        return f'After `{before.text}` a word or a field is missing. To look for the text, write `"{before.text}"`.'
    if piece.what is Is.CLOSE:
        return "This bracket was never opened."
    return f'Before `{piece.text}` a word or a field is missing. To look for the text, write `"{piece.text}"`.'


def _no_field(name: str, value: Piece) -> str:
    if name.lower() == fields.TAG:
        return "Which tag? `tag.shop:berlin` asks for the tag `shop`."
    near = get_close_matches(name[:40].lower(), fields.all_names(), n=1)
    if near:
        return f"There is no field `{name[:40]}`: did you mean `{near[0]}:`?"
    text = f"{name}:{value.text}".replace('"', "")[:60]
    return f'There is no field `{name[:40]}`. To look for the text, write `"{text}"`; there are {", ".join(f"`{each}`" for each in fields.names())}.'
