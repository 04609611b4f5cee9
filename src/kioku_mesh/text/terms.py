"""What a query asks for: its words, identifiers, quoted phrases, and what it does not want."""

from __future__ import annotations

from ..patterns import pattern
from ..values import NamedTuple
from . import expression, stopwords
from .dates import Dated, dates
from .literal import needed
from .scripts import MARK_PLANE, UNSPACED_RUN, letters, shown
from .tokens import camel_parts, index_text, pairs

_IDENTIFIER_MAX = (
    400  # characters of one that are looked at: what looks for thousands of words side by side takes seconds
)
WORDS_MAX = 64  # different words of one query that are looked up

_QUOTED = pattern(r'(?<![^\s(\[])(-?)(?:"([^"]+)"|“([^“”]+)”)')
_NEGATIVE = pattern(r"-([^\W\d_]{3}[\w'.]*|[^\W\d_a-zA-Z][\w'.]*)")
# A run of letters and digits, and what holds several together: foo_bar, a/b.py, std::move, KEY=1, HW-12, x@y.
_ASCII = "[A-Za-z0-9]"  # apart, because patterns for all scripts are slow to compile and most queries need none
_ANY = f"(?:[^\\W_]|{MARK_PLANE})"
_PIECES = {ascii: pattern(f"{sign}+") for ascii, sign in ((True, _ASCII), (False, _ANY))}
_IDENTIFIERS = {
    ascii: pattern(f"{sign}+(?:[-_./:#@=$~+\\\\]+{sign}+)*") for ascii, sign in ((True, _ASCII), (False, _ANY))
}
_HIRAGANA = pattern("[\u3041-\u309f\u30fc]+")
# Endings that the stemmer of FTS5 cuts off: authenticat* must find what is indexed as "authent".
_ENDINGS = ("e", "ed", "er", "es", "ing", "ion", "ions", "or", "al", "ate", "ation", "ity", "ive", "able", "ment", "y")


class Word(NamedTuple):
    """One thing that a memory can contain: how to show it, and how FTS5 is asked for it."""

    text: str
    expression: str


class Term(NamedTuple):
    """A piece of a query without blanks.

    `words` count singly, `span` is all of them side by side, `whole` asks for all of them.
    """

    text: str
    words: tuple[Word, ...]
    span: Word | None
    whole: str
    stop: bool = False


class Phrase(NamedTuple):
    """Quoted text, which must be there literally. `needed`: what every memory with it has; () if it has no words."""

    text: str
    needed: tuple[str, ...]
    span: str | None


class QueryTerms(NamedTuple):
    """A query taken apart. `dropped`: how many terms were too many."""

    terms: tuple[Term, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    unwanted: tuple[Word, ...] = ()
    dropped: int = 0

    @property
    def needed(self) -> list[str]:
        """What every memory with the quoted phrases has."""
        return [way for phrase in self.phrases for way in phrase.needed]


def query_terms(text: str) -> QueryTerms:
    """Take a query apart. Stop words are left out unless nothing else is there."""
    phrases: list[Phrase] = []
    unwanted: list[Word] = []
    quotes = '"' in text or "“" in text
    for minus, straight, curly in _QUOTED.findall(text) if quotes else ():
        _quoted((straight or curly).strip(), unwanted if minus else None, phrases)
    terms: dict[str, Term] = {}
    bare = _QUOTED.sub(" ", text) if quotes else text
    dated = dates(bare)
    for chunk in _without(bare, dated).split():
        negative = _NEGATIVE.fullmatch(chunk) if chunk[0] == "-" else None
        found = _terms(negative[1] if negative else chunk)
        if negative and found:
            unwanted.append(Word(negative[1], expression.all_of([term.whole for term in found])))
        else:
            terms.update((term.whole, term) for term in found if term.whole not in terms)
    terms.update((term.whole, term) for term in (_date(bare[date.start : date.end], date) for date in dated))
    kept = [term for term in terms.values() if not term.stop]
    if not kept and not phrases:
        kept = list(terms.values())
    few = _at_most(kept, WORDS_MAX)
    return QueryTerms(tuple(few), tuple(phrases), tuple(unwanted), len(kept) - len(few))


def _without(text: str, cut: list[Dated]) -> str:
    """The text with blanks in place of its dates."""
    for date in cut:
        text = text[: date.start] + " " * (date.end - date.start) + text[date.end :]
    return text


def _date(text: str, date: Dated) -> Term:
    """A date stands in the text, or the memory was saved then."""
    words = _words(_PIECES[True].findall(text))
    written = expression.all_of([word.expression for word in words])
    span = Word(text, expression.phrase(index_text(text)))
    saved = Word(f"saved {date.shown}", date.expression)
    return Term(text, (*words, saved), span, expression.any_of([written, saved.expression]))


def _quoted(text: str, unwanted: list[Word] | None, phrases: list[Phrase]) -> None:
    span = _side_by_side(text)
    if unwanted is None and text:
        phrases.append(Phrase(text, tuple(needed(text, whole_words=True)), span))
    elif unwanted is not None and span:
        unwanted.append(Word(text, span))


def _at_most(terms: list[Term], limit: int) -> list[Term]:
    few: list[Term] = []
    words = 0
    for term in terms:
        words += len(term.words)
        if words > limit and few:
            break
        few.append(term._replace(words=term.words[:limit]))
    return few


def _terms(chunk: str) -> list[Term]:
    text = letters(chunk)
    if text.isascii():
        return _identifiers(text)
    terms, start = [], 0
    for run in UNSPACED_RUN.finditer(text):
        terms += [*_identifiers(text[start : run.start()]), _unspaced(run[0])]
        start = run.end()
    return terms + _identifiers(text[start:])


def _identifiers(text: str) -> list[Term]:
    terms = []
    for found in _IDENTIFIERS[text.isascii()].finditer(text):
        run = found[0][:_IDENTIFIER_MAX]
        pieces = _PIECES[run.isascii()].findall(run)
        star = text[found.end() :] == "*" and len(pieces[-1]) > 1
        terms.append(_beginning(run, pieces) if star else _identifier(run, pieces))
    return terms


def _identifier(text: str, pieces: list[str]) -> Term:
    words = _words(pieces)
    whole = expression.all_of([_whole_or_parts(piece) for piece in pieces])
    if len(words) == 1:
        return Term(shown(text), words, None, whole, words[0].text.lower() in stopwords.ENGLISH)
    telling = tuple(word for word in words if word.text.lower() not in stopwords.ENGLISH)
    span = index_text(text) if len(pieces) > 1 else " ".join(camel_parts(text))
    return Term(shown(text), telling or words, Word(shown(text), expression.phrase(span)), whole)


def _beginning(text: str, pieces: list[str]) -> Term:
    """A term that ends in `*`."""
    last = pieces[-1]
    ways = [expression.prefix(last)]
    if last.isascii() and last.isalpha() and len(last) > 3:
        ways += [expression.phrase(last + ending) for ending in _ENDINGS]
    words = (*_words(pieces[:-1]), Word(f"{shown(last)}*", expression.any_of(ways)))
    return Term(f"{shown(text)}*", words, None, expression.all_of([word.expression for word in words]))


def _words(pieces: list[str]) -> tuple[Word, ...]:
    """The pieces and the parts of those that are camelCase, each once."""
    words: dict[str, Word] = {}
    for piece in pieces:
        for part in (piece, *camel_parts(piece)):
            words.setdefault(part.lower(), Word(shown(part), expression.phrase(part)))
    return tuple(words.values())


def _whole_or_parts(piece: str) -> str:
    parts = camel_parts(piece)
    whole = expression.phrase(piece)
    return whole if len(parts) == 1 else expression.any_of([whole, expression.phrase(" ".join(parts))])


def _unspaced(run: str) -> Term:
    """A run of CJK: its pairs count singly."""
    if len(run) == 1:
        word = Word(shown(run), expression.prefix(run))
        return Term(word.text, (word,), None, word.expression)
    couples = list(dict.fromkeys(pairs(run)))
    if not _HIRAGANA.fullmatch(run):
        couples = [couple for couple in couples if couple not in stopwords.JAPANESE] or couples
    words = tuple(Word(shown(couple), expression.phrase(couple)) for couple in couples)
    whole = expression.phrase(" ".join(pairs(run)))
    return Term(shown(run), words, Word(shown(run), whole) if len(run) > 2 else None, whole)


def _side_by_side(text: str) -> str | None:
    """The words of `text` as one phrase; None if it has none."""
    tokens = index_text(text.strip()).rstrip()
    if not _PIECES[tokens.isascii()].search(tokens):
        return None
    if tokens.isascii():
        return expression.phrase(tokens)
    last = tokens.rsplit(" ", 1)[-1]
    if not UNSPACED_RUN.fullmatch(last):
        return expression.phrase(tokens)
    # the run may go on: its last character is then no token of its own
    return (
        expression.phrase(tokens[: -len(last)])
        if tokens[: -len(last)].endswith(f"{last} ")
        else expression.prefix(tokens)
    )
