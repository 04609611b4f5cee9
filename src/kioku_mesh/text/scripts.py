"""What one piece of text is made of: normal form, scripts without word breaks, signs that join or split words.

Everything here must give the same answer in every Python: what was indexed is erased by making its tokens again.
So only characters that Unicode 3.2 knew (`ucd_3_2_0`, frozen) are normalised; for those NFKC never changes.
"""

from __future__ import annotations

from unicodedata import normalize, ucd_3_2_0

from ..patterns import pattern

# Written without spaces, or (Hangul) with endings glued to the word: cut into pairs of characters.
_UNSPACED = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u3096\u309d-\u309f"
    "\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97c\uac00-\ud7fb\uf900-\ufaff\uff66-\uff9f\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
    "\u0e01-\u0e30\u0e32-\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2-\u0eb3\u0ebd-\u0ec6\u0edc-\u0edf"  # Thai, Lao
    "\u1000-\u103f\u1050-\u109f\u1780-\u17d3\u17d7\u17dc-\u17dd\uaa60-\uaa7f"  # Burmese, Khmer
    "\U000f0e00-\U000f0eff\U000f1000-\U000f109f\U000f1780-\U000f17ff\U000faa60-\U000faa7f"  # their marks, see _VOWEL_SIGNS
)
UNSPACED_RUN = pattern(f"[{_UNSPACED}]+")

MARK_PLANE = "[\U000f0000-\U000fffff]"  # where `letters` puts the marks that carry vowels

# Marks that carry vowels. FTS5 would cut a word at each; in private-use plane 15 it takes them for letters.
_VOWEL_SIGNS = (
    "\u0900-\u0dff\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u0f00-\u109f\u1700-\u18af"
    "\u1900-\u1aad\u1b00-\u1cff\ua800-\uabff"
)
# Marks and invisible signs inside words that people leave out when they search: accents left over, harakat,
# niqqud, lone kana voicing, soft hyphen, joiners, direction and variation signs.
_SILENT = (
    "\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u061c\u0640"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u1ab0-\u1aff"
    "\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e\u2060-\u2064\u20d0-\u20ff\u302a-\u302f\u3099\u309a\ufe00-\ufe0f"
    "\ufe20-\ufe2f\ufeff\U000e0100-\U000e01ef"
)
# FTS5 takes symbols younger than its tables for letters; a lone surrogate cannot be stored at all.
_SYMBOLS = "\0\u2190-\u2bff\ufff9-\uffff\ud800-\udfff\U0001f000-\U0001faff\U000e0000-\U000e00ff"
# Letters whose small form FTS5 does not know: written out, they are found and compared alike.
_SPELLED = "ßẞς\u1c80-\u1c88"
_TO_CHANGE = pattern(f"[{_SPELLED}{_VOWEL_SIGNS}{_SILENT}{_SYMBOLS}]")
_IS_SPELLED = pattern(f"[{_SPELLED}]")
_IS_SILENT = pattern(f"[{_SILENT}]")
_IS_SYMBOL = pattern(f"[{_SYMBOLS}]")
_IS_VOWEL_SIGN = pattern(f"[{_VOWEL_SIGNS}]")

# Outside these blocks a character may be younger than Unicode 3.2; inside, NFKC is settled.
_PERHAPS_YOUNG = pattern(
    "[^\0-\u0233\u0250-\u02ad\u0300-\u033f\u0391-\u03a1\u03a3-\u03ce\u0400-\u0486\u05d0-\u05ea\u0621-\u063a"
    "\u0640-\u0655\u0905-\u0939\u093e-\u094d\u0e01-\u0e3a\u0e40-\u0e5b\u1e00-\u1e9b\u1ea0-\u1ef9\u2010-\u2027"
    "\u2030-\u2052\u2190-\u22ff\u2500-\u2613\u3000-\u303e\u3041-\u3094\u3099-\u309e\u30a0-\u30fe\u4e00-\u9fa5"
    "\uac00-\ud7a3\uff01-\uffbe]"
)


def normal(text: str) -> str:
    """NFKC of the characters that Unicode 3.2 knew; younger ones stay as they are."""
    if text.isascii():
        return text
    pieces: list[str] = []
    start = 0
    for found in _PERHAPS_YOUNG.finditer(text):
        if ucd_3_2_0.category(found[0]) == "Cn":
            pieces += (normalize("NFKC", text[start : found.start()]), found[0])
            start = found.end()
    pieces.append(normalize("NFKC", text[start:]))
    return "".join(pieces)


def letters(text: str) -> str:
    """`text` in normal form, ready for the tokenizer of FTS5: what it would cut wrongly is replaced."""
    if text.isascii():
        return text.replace("\0", " ")
    text = normal(text)
    return text.translate(_CHANGES) if _TO_CHANGE.search(text) else text


def shown(text: str) -> str:
    """Undo what `letters` did to vowel signs."""
    return text if text.isascii() else "".join(chr(ord(c) - 0xF0000) if c >= "\U000f0000" else c for c in text)


def is_letter(sign: str) -> bool:
    """A letter, or a mark that carries a vowel as `letters` gives it."""
    return sign.isalpha() or sign >= "\U000f0000"


def alphabet(word: str) -> str:
    """The small letters that may stand in a word by mistake: of the parts of Unicode that its own are from."""
    blocks = dict.fromkeys(ord(sign) & ~0x7F for sign in shown(word))
    signs = (letters(chr(code)) for block in blocks for code in range(block, block + 0x80))
    return "".join(sign for sign in signs if len(sign) == 1 and is_letter(sign) and sign == sign.lower())


def in_other_kana(word: str) -> str:
    """Hiragana as katakana or the other way round; "" for what has neither, or anything else."""
    if word and all("\u3041" <= sign <= "\u3096" or sign == "ー" for sign in word):
        return "".join(sign if sign == "ー" else chr(ord(sign) + 0x60) for sign in word)
    if word and all("\u30a1" <= sign <= "\u30f6" or sign == "ー" for sign in word):
        return "".join(sign if sign == "ー" else chr(ord(sign) - 0x60) for sign in word)
    return ""


def fold(text: str) -> str:
    """For literal comparison without regard to case and width: whitespace becomes single blanks."""
    return " ".join(normal(text).casefold().split())


class _Changes(dict[int, str]):
    """What each character becomes, found out at its first use."""

    def __missing__(self, code: int) -> str:
        self[code] = changed = _change(chr(code))
        return changed


_CHANGES = _Changes()


def _change(sign: str) -> str:
    if _IS_SPELLED.match(sign):
        return sign.casefold()
    if _IS_SILENT.match(sign):
        return ""
    if _IS_SYMBOL.match(sign):
        return " "
    # in these blocks what is younger is mostly marks as well
    if _IS_VOWEL_SIGN.match(sign) and (ucd_3_2_0.category(sign)[0] == "M" or ucd_3_2_0.category(sign) == "Cn"):
        return chr(0xF0000 + ord(sign))
    return sign
