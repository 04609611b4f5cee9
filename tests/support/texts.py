"""Random text over many scripts: words and runs of one script, mixtures, letters without sense, printable noise."""

from __future__ import annotations

import random
import string

SCRIPTS = (
    *[(0x20, 0x7E)] * 6, *[(0x61, 0x7A)] * 6, (0xA1, 0xFF), (0x100, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x45F),
    (0x5D0, 0x5EA), (0x620, 0x64A), (0x900, 0x97F), (0xE01, 0xE5B), (0x1200, 0x137F), (0x2000, 0x2BFF), (0x3041, 0x3096),
    (0x30A1, 0x30FC), (0x4E00, 0x5FFF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x10000, 0x1FFFF), (0x1F300, 0x1F64F), (0, 0x1F),
)  # fmt: skip
BETWEEN = (" ", " ", " ", "", "  ", "\n", ". ", "。", ", ", "-", "_", "(", "\n\n", "\t", "! ")


def random_word(rng: random.Random) -> str:
    return _run(rng, rng.choice((1, 2, 3, 4, 5, 6, 8, 12)))


def _run(rng: random.Random, length: int) -> str:
    """Characters of one script."""
    low, high = rng.choice(SCRIPTS)
    return "".join(map(chr, rng.choices(range(low, high + 1), k=length)))


def random_text(rng: random.Random, words: int = 40) -> str:
    """Between one word and `words` words, or as many characters of one kind times five."""
    kind = rng.random()
    if kind < 0.5:
        return "".join(random_word(rng) + rng.choice(BETWEEN) for _ in range(rng.randint(1, words)))
    if kind < 0.7:
        return _run(rng, rng.randint(1, 5 * words))
    if kind < 0.85:
        letters = string.ascii_lowercase
        return " ".join("".join(rng.choices(letters, k=rng.randint(1, 12))) for _ in range(rng.randint(1, words)))
    return "".join(rng.choices(string.printable, k=rng.randint(1, 5 * words)))
