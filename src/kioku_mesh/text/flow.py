"""A text as the tokens that matter when it is compared with another, in their order: its flow. In any script.

Each token begins with the sign of what it is. Blanks, punctuation, case, width, marks that people leave out, grammar and
small words are no part of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from sys import intern

from ..patterns import pattern
from . import telling

WORD, NUMBER, NAME, NEGATION, TELLING, JOINT, ROLE = "w#@!^~$"
ASSIGNS = JOINT + "="
STOP = "."  # the end of a sentence

_SILENT = pattern(  # left out, or written in several ways
    "[\u00ad\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u065f\u0670\u200b-\u200f\u2060\ufe0e\ufe0f\ufeff"
    "\U0001f3fb-\U0001f3ff]"
)
_BREAK = frozenset(',;!?؟()[]{}"`<>|*“”«»、。，．！？：；（）「」『』【】—।۔،؛·…')
_BLOCKS = (  # first and last character, what they are
    ("\u0e00", "\u0eff", "run"), ("\u1000", "\u109f", "run"), ("\u1780", "\u17ff", "run"),  # Thai, Lao; Burmese; Khmer
    ("\u1100", "\u11ff", "hangul"), ("\uac00", "\ud7ff", "hangul"), ("\u3041", "\u309f", "hiragana"),
    ("\u30a1", "\u30fa", "katakana"), ("\u30fc", "\u30ff", "katakana"), ("\u3005", "\u3007", "han"),
    ("\u3400", "\u4dbf", "han"), ("\u4e00", "\u9fff", "han"), ("\uf900", "\ufaff", "han"),
    ("\U00020000", "\U0003ffff", "han"), ("\u2190", "\u2bff", "sign"), ("\U0001f000", "\U0001faff", "sign"),
)  # fmt: skip
_WITHOUT_BLANKS = ("run", "han")
_SENTENCE_END = pattern(r"(?<=[.!?।؟])\s+|(?<=[。！？])|\n+")
_ASCII_WORD = pattern(r"[^\s,;!?()\[\]{}\"`<>|*]+")
_ASKED = pattern(r"[?؟](?!\w)|(?<=\w )[<>]=?(?= ?[\w.-])|(?<=\w)[<>]=?(?= ?\d)|!=|==|!(?=\w)")

_NUMBER = pattern(r"[$€£¥₹~+-]?v?\d[\d.,_:]*(?:%|°?[a-zA-Zµ]{1,3})?")
_DATE = pattern(r"(?:19|20)\d\d[-./]\d\d?(?:[-./]\d\d?)?\w*|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")
_NAME = pattern(r"\w[-./:@#\\=]+\w|[a-z][A-Z]|_|\d|^-\w|^[A-Z]{2,}$|^[/@#~.]\w")
_PARTS = pattern(
    "(?P<number>[〇零一二三四五六七八九十百千万億亿兆零两兩]+)"
    f"|(?P<negation>{telling.NEGATED})|(?P<told>{telling.TOLD})|(?P<empty>{telling.EMPTY})"
)
_HANGUL_NEGATED = pattern(telling.NEGATED_HANGUL)
_HANGUL_ENDING = pattern(telling.ENDINGS_HANGUL)
_OKURIGANA = pattern(telling.INFLECTED)
_PARTICLES = pattern(telling.PARTICLES)

_DIGITS = {sign: at for at, sign in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "兩": 2}
_MYRIAD = 10_000
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": _MYRIAD, "億": _MYRIAD**2, "亿": _MYRIAD**2, "兆": _MYRIAD**3}
_KEPT = 20_000  # pieces whose tokens are kept


def flow(text: str) -> tuple[str, ...]:
    """The tokens of a text in NFKC, with STOP between its sentences. What asks and compares stands behind the others."""
    found: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        if found:
            found.append(STOP)
        if sentence.isascii():
            found += [token for word in _ASCII_WORD.findall(sentence) for token in _TOKENS["word", word]]
        else:
            found += [token for piece in _pieces(sentence.translate(_CHANGES)) for token in _TOKENS[piece]]
    return (*found, *(TELLING + sign for sign in _ASKED.findall(text)))


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """(kind, piece): runs of one kind. Blanks within a script that is written without them are none."""
    kind = piece = gap = before = ""
    for sign in text:
        now = _KINDS[sign]
        if now == kind and not (gap and kind not in _WITHOUT_BLANKS):
            piece, gap = piece + sign, ""
        elif now == "blank":
            gap = sign
        else:
            if piece:
                yield ("ending" if kind == "hiragana" and before == "han" else kind), piece
            before = "" if gap else kind
            kind, piece, gap = ("", "", "") if now == "break" else (now, sign, "")
    if piece:
        yield ("ending" if kind == "hiragana" and before == "han" else kind), piece


class _Kinds(dict[str, str]):
    """What a character is a part of; fills itself."""

    def __missing__(self, sign: str) -> str:
        kind = "blank" if sign.isspace() else "break" if sign in _BREAK else "word"
        for first, last, block in _BLOCKS:
            if first <= sign <= last:
                kind = block
        self[sign] = kind
        return kind


class _Changes(dict[int, str]):
    """What a character is compared as; fills itself."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        changed = "" if _SILENT.match(sign) else {"’": "'", "–": "-"}.get(sign, sign)
        self[code] = changed = str(unicodedata.decimal(sign)) if sign.isdecimal() else changed
        return changed


class _Tokens(dict[tuple[str, str], tuple[str, ...]]):
    """The tokens of a piece; fills itself, because pieces come again and again."""

    def __missing__(self, piece: tuple[str, str]) -> tuple[str, ...]:
        if len(self) >= _KEPT:
            self.clear()
        kind, text = piece
        self[piece] = found = tuple(map(intern, _READ[kind](text)))
        return found


_KINDS, _CHANGES, _TOKENS = _Kinds(), _Changes(), _Tokens()


# --- pieces


def _spaced(raw: str) -> Iterator[str]:
    """A word between blanks."""
    word = raw.strip(".:'_~=") or raw.strip(".'_~")
    folded = word.casefold()
    if folded in telling.SAME_WORD:
        yield WORD + telling.SAME_WORD[folded]
    elif folded in telling.NEGATIONS or folded.endswith("n't"):
        yield NEGATION + folded
    elif folded in telling.TELLING:
        yield TELLING + folded
    elif folded in telling.SLIGHT:
        yield JOINT + folded
    elif folded in telling.ASSIGNING:
        yield ASSIGNS
    elif folded in telling.SILENT:
        return
    elif word.isalpha() and (word == folded or word[1:].islower()):
        yield WORD + _stem(folded)
    elif _NUMBER.fullmatch(word) and not _DATE.fullmatch(word):
        yield NUMBER + word
    elif any(map(str.isalnum, word)):
        yield NAME + word if _NAME.search(word) else WORD + _stem(folded)


def _stem(word: str) -> str:
    """The word without the endings of English inflection."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word


def _run(run: str) -> Iterator[str]:
    """A run without blanks: what stands between numbers, negations and the like is one word, since where words end in it
    is not known."""
    word, at = "", 0
    for found in _PARTS.finditer(run):
        word += run[at : found.start()]
        at = found.end()
        if found.lastgroup == "empty":
            continue
        if word:
            yield WORD + word
        word = ""
        if found.lastgroup == "number":
            yield NUMBER + _in_digits(found[0])
        else:
            yield (NEGATION if found.lastgroup == "negation" else TELLING) + found[0]
    word += run[at:]
    if word:
        yield WORD + word


def _in_digits(number: str) -> str:
    """三十五 is 35, and so is 三五."""
    if not _UNITS.keys() & set(number):
        return "".join(str(_DIGITS[sign]) for sign in number)
    whole = part = digit = 0
    for sign in number:
        unit = _UNITS.get(sign, 0)
        if unit >= _MYRIAD:
            whole, part, digit = whole + max(part + digit, 1) * unit, 0, 0
        elif unit:
            part, digit = part + max(digit, 1) * unit, 0
        else:
            digit = 10 * digit + _DIGITS[sign]
    return str(whole + part + digit)


def _katakana(run: str) -> Iterator[str]:
    yield WORD + (run.rstrip("ー") or run)


def _hiragana(run: str) -> Iterator[str]:
    return _grammar(run, run)


def _ending(run: str) -> Iterator[str]:
    """Hiragana behind a Chinese character begins with the ending of that, unless with a particle."""
    told = _PARTS.sub("", run)
    return _grammar(run, told if told[:1] in telling.FIRST_PARTICLES else _OKURIGANA.sub("", told, count=1))


def _grammar(run: str, rest: str) -> Iterator[str]:
    """What of a run of hiragana is more than grammar. `rest`: what of it may be a word."""
    if run in telling.ROLES:
        yield ROLE + telling.ROLES[run]
        return
    for found in _PARTS.finditer(run):
        yield (NEGATION if found.lastgroup == "negation" else TELLING) + found[0]
    word = _PARTICLES.sub("", _PARTS.sub("", rest))
    if word:
        yield WORD + word
    if run in telling.TOPICS:
        yield ASSIGNS


def _hangul(run: str) -> Iterator[str]:
    negated = _HANGUL_NEGATED.search(run)
    word = run[: negated.start()] if negated else run
    role = telling.ROLES.get(word[-1:])
    word = _HANGUL_ENDING.sub("", word)
    if word:
        yield WORD + word
    if negated:
        yield NEGATION + negated[0]
    elif role:
        yield ROLE + role
    elif run.endswith(telling.TOPICS):
        yield ASSIGNS


def _sign(run: str) -> Iterator[str]:
    yield from (TELLING + sign for sign in run)


_READ: dict[str, Callable[[str], Iterator[str]]] = {
    "word": _spaced, "sign": _sign, "run": _run, "han": _run, "katakana": _katakana, "hiragana": _hiragana, "ending": _ending,
    "hangul": _hangul,
}  # fmt: skip
