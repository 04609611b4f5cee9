"""Make the table of meanings that comes with the package (src/kioku_mesh/meaning/table.db) anew. By hand, not by an install.

    python tools/meaning.py teach --teacher MODEL.onnx --tokenizer tokenizer.json --texts TEXTS --pairs PAIRS --work DIR
    python tools/meaning.py train --work DIR [--epochs 7] [--seed 0]
    python tools/meaning.py pack --work DIR --out src/kioku_mesh/meaning/table.db

`teach` takes about ten minutes on two cores, `train` four. Needs numpy, onnxruntime and tokenizers. MODEL.onnx and
tokenizer.json are all-MiniLM-L6-v2 (Apache-2.0); TEXTS: xz of lines [source, text]; PAIRS: xz of lines [English, other,
language]. Where they come from stands in src/kioku_mesh/meaning/NOTICE.md. Never a set that recall is measured on.

The student is a static table: a text is the sum of the vectors of its pieces (kioku_mesh/text/pieces.py). Its targets are
the teacher's vectors minus their mean, projected to 256 dimensions (principal components of the texts' vectors). For a pair
the student sees the Japanese or Chinese side, the target is the English one. A piece begins at the teacher's vector of it
alone, weighed by how rare it is (SIF, Arora et al. 2017: 1e-4 / (1e-4 + p), p by Zipf's law from its place in the
vocabulary). Loss: 1.5 (1 - cosine) + 0.5 KL of the similarities within a batch, teacher to student, temperature 0.05.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from kioku_mesh.text import pieces

SIZE = 256
TOKENS = 120  # of a text that the teacher reads
UNITS = 20_000  # of Chinese, Japanese and Korean, the most frequent
UNIT_TEXTS = 4  # in which a unit must stand
BATCH = 1024
RATE = 1e-3
TEMPERATURE = 0.05
CELLS, CELL_TEXTS = 1024, 60_000
LENGTH_MAX = 4000  # characters of a text


def lines(path: str) -> Iterator[list[str]]:
    with lzma.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


# --- the teacher


def teach(given: argparse.Namespace) -> None:
    work = Path(given.work)
    work.mkdir(parents=True, exist_ok=True)
    texts = list(dict.fromkeys(text[:LENGTH_MAX] for _, text in lines(given.texts)))
    pairs = [(english[:LENGTH_MAX], other[:LENGTH_MAX]) for english, other, _ in lines(given.pairs)]
    vocabulary = json.loads(Path(given.tokenizer).read_text())["model"]["vocab"]
    teacher = Teacher(given.teacher, given.tokenizer)
    english = list(dict.fromkeys(side for side, _ in pairs))
    place = {side: at for at, side in enumerate(english)}
    ordered = [word for word, _ in sorted(vocabulary.items(), key=lambda item: item[1])]
    np.save(work / "pieces.npy", teacher.vectors(ordered))
    np.save(work / "english.npy", teacher.vectors(english))
    np.save(work / "texts.npy", teacher.vectors(texts))
    (work / "vocabulary.json").write_text(json.dumps(ordered))
    (work / "texts.json").write_text(json.dumps(texts))
    (work / "pairs.json").write_text(json.dumps([(place[side], other) for side, other in pairs]))


class Teacher:
    """A sentence encoder: mean of its last layer over the tokens of a text, of unit length."""

    def __init__(self, model: str, tokenizer: str) -> None:
        import onnxruntime
        import tokenizers

        self.session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        self.tokenizer = tokenizers.Tokenizer.from_file(tokenizer)
        self.tokenizer.enable_truncation(TOKENS)
        self.tokenizer.no_padding()

    def vectors(self, texts: list[str], batch: int = 64) -> Any:
        """In batches of about the same length, which saves padding."""
        encoded = [each.ids for each in self.tokenizer.encode_batch(texts)]
        order = sorted(range(len(texts)), key=lambda at: len(encoded[at]))
        found = np.zeros((len(texts), 384), np.float32)
        for start in range(0, len(order), batch):
            part = order[start : start + batch]
            longest = max(len(encoded[at]) for at in part)
            ids = np.zeros((len(part), longest), np.int64)
            mask = np.zeros_like(ids)
            for row, at in enumerate(part):
                ids[row, : len(encoded[at])] = encoded[at]
                mask[row, : len(encoded[at])] = 1
            inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            wanted = {each.name for each in self.session.get_inputs()}
            hidden = self.session.run(None, {name: inputs[name] for name in wanted})[0]
            mean = (hidden * mask[:, :, None]).sum(1) / mask.sum(1)[:, None]
            found[part] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
            if start // batch % 200 == 0:
                print(f"{start:,} of {len(order):,}", file=sys.stderr)
        return found


# --- the student


class Bags:
    """Texts as the numbers of their pieces."""

    def __init__(self, vocabulary: Iterable[str], texts: list[str], others: list[str]) -> None:
        self.names = [name for name in vocabulary if not name.startswith("[")]
        self.number = {name: at for at, name in enumerate(self.names)}
        self._words: dict[str, list[int]] = {}
        self._add_units(others)
        self.bags = [self.bag(text) for text in (*texts, *others)]

    def _add_units(self, others: list[str]) -> None:
        count = Counter(unit for text in others for unit in pieces.units_and_words(text)[0])
        for unit, texts in count.most_common(UNITS):
            if texts >= UNIT_TEXTS:
                self.number[unit] = len(self.names)
                self.names.append(unit)

    def bag(self, text: str) -> Any:
        units, words = pieces.units_and_words(text)
        found: list[int] = []
        for each in (*units, *words):
            if each not in self._words:
                known = pieces.compound if each.startswith(pieces.UNIT) else pieces.cut
                self._words[each] = known(each, self.number.get)
            found += self._words[each]
        return np.array(found, np.int32)


def train(given: argparse.Namespace) -> None:
    work = Path(given.work)
    rng = np.random.default_rng(given.seed)
    vocabulary = json.loads((work / "vocabulary.json").read_text())
    texts = json.loads((work / "texts.json").read_text())
    pairs = json.loads((work / "pairs.json").read_text())
    text_vectors, english = np.load(work / "texts.npy"), np.load(work / "english.npy")
    mean = text_vectors.mean(0)
    centred = text_vectors - mean
    _, _, axes = np.linalg.svd(centred.T @ centred)
    project = axes[:SIZE].T
    targets = _unit((np.vstack([text_vectors, english[[at for at, _ in pairs]]]) - mean) @ project).astype(np.float32)
    bags = Bags(vocabulary, texts, [other for _, other in pairs])
    rows = _begin(bags, vocabulary, (np.load(work / "pieces.npy") - mean) @ project, targets, len(texts))
    usable = np.array([at for at, bag in enumerate(bags.bags) if len(bag)])
    _descend(rows, bags.bags, targets, usable, given.epochs, rng, given.drop)
    np.save(work / "rows.npy", rows)
    (work / "names.json").write_text(json.dumps(bags.names))
    sample = rng.choice(usable[usable < len(texts)], CELL_TEXTS, replace=False)
    summed = _unit(np.array([rows[bags.bags[at]].sum(0) for at in sample]))
    np.save(work / "cells.npy", _centres(summed, rng))


def _unit(vectors: Any) -> Any:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _begin(bags: Bags, vocabulary: list[str], alone: Any, targets: Any, texts: int) -> Any:
    """Pieces of words at what the teacher says of each alone; units at what their texts mean."""
    rank = {name: at for at, name in enumerate(vocabulary)}
    rows = np.zeros((len(bags.names), SIZE), np.float32)
    harmonic = np.log(len(vocabulary)) + 0.5772
    for at, name in enumerate(bags.names):
        if name in rank:
            p = 1 / (harmonic * (rank[name] + 1))
            rows[at] = alone[rank[name]] * 1e-4 / (1e-4 + p)
    sums, counts = np.zeros_like(rows), np.zeros(len(rows))
    for at in range(texts, len(bags.bags)):
        bag = bags.bags[at]
        sums[bag] += targets[at]
        counts[bag] += 1
    for at, name in enumerate(bags.names):
        if name not in rank and counts[at]:
            rows[at] = 0.7 * sums[at] / counts[at] * counts[at] / (counts[at] + 3)
    return rows


def _descend(rows: Any, bags: list[Any], targets: Any, usable: Any, epochs: int, rng: Any, drop: float) -> None:
    """Adam, its rate falling linearly to nothing. `drop`: share of a text's pieces that are hidden each time."""
    first, second = np.zeros_like(rows), np.zeros_like(rows)
    steps = epochs * (len(usable) // BATCH)
    step = 0
    for epoch in range(epochs):
        order = rng.permutation(usable)
        total = 0.0
        for start in range(0, len(order) - BATCH + 1, BATCH):
            part = order[start : start + BATCH]
            chosen = [bags[at] for at in part]
            if drop:
                chosen = [bag[kept] if (kept := rng.random(len(bag)) >= drop).any() else bag for bag in chosen]
            loss, gradient, touched = _gradient(rows, chosen, targets[part])
            total += loss
            step += 1
            rate = RATE * (1 - step / steps) * np.sqrt(1 - 0.99**step) / (1 - 0.9**step)
            # Rows that no text of the batch has keep their momentum: they are rare, and their turn comes.
            first[touched] = 0.9 * first[touched] + 0.1 * gradient
            second[touched] = 0.99 * second[touched] + 0.01 * gradient**2
            rows[touched] -= rate * first[touched] / (np.sqrt(second[touched]) + 1e-8)
        print(f"epoch {epoch + 1}: loss {total / (len(order) // BATCH):.4f}", file=sys.stderr)


def _gradient(rows: Any, bags: list[Any], wanted: Any) -> tuple[float, Any, Any]:
    """Loss of a batch, and its gradient for the rows that it touches."""
    flat = np.concatenate(bags)
    touched, local = np.unique(flat, return_inverse=True)
    owner = np.repeat(np.arange(len(bags)), [len(bag) for bag in bags])
    summed = np.zeros((len(bags), SIZE), np.float32)
    np.add.at(summed, owner, rows[flat])
    length = np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-6)
    student = summed / length
    cosine = (student * wanted).sum(1)
    teacher_like, student_like = wanted @ wanted.T / TEMPERATURE, student @ student.T / TEMPERATURE
    hidden = teacher_like > (0.999 / TEMPERATURE)  # itself, and texts that mean exactly the same
    teacher_like[hidden] = student_like[hidden] = -1e4
    p, q = _softmax(teacher_like), _softmax(student_like)
    kl = (p * (np.log(p + 1e-9) - np.log(q + 1e-9))).sum(1)
    slope = 0.5 * (q - p) / TEMPERATURE
    toward = (slope + slope.T) @ student - 1.5 * wanted
    toward = (toward - (toward * student).sum(1, keepdims=True) * student) / length / len(bags)
    gradient = np.zeros((len(touched), SIZE), np.float32)
    np.add.at(gradient, local, toward[owner])
    return float((1.5 * (1 - cosine) + 0.5 * kl).mean()), gradient, touched


def _softmax(values: Any) -> Any:
    grown = np.exp(values - values.max(1, keepdims=True))
    return grown / grown.sum(1, keepdims=True)


def _centres(vectors: Any, rng: Any, rounds: int = 12) -> Any:
    centres = vectors[rng.choice(len(vectors), CELLS, replace=False)]
    for _ in range(rounds):
        nearest = np.concatenate([(part @ centres.T).argmax(1) for part in np.array_split(vectors, 30)])
        for cell in range(CELLS):
            own = vectors[nearest == cell]
            centres[cell] = own.mean(0) if len(own) else vectors[rng.integers(len(vectors))]
        centres = _unit(centres)
    return centres


# --- the file


def pack(given: argparse.Namespace) -> None:
    work, out = Path(given.work), Path(given.out)
    rows, cells = np.load(work / "rows.npy"), np.load(work / "cells.npy")
    names = json.loads((work / "names.json").read_text())
    scale = np.quantile(np.abs(rows), 0.9999) / 127
    small = (np.clip(np.round(rows / scale), -127, 127) + 128).astype(np.uint8)
    centres = np.clip(np.round(cells * 363), -127, 127).astype(np.int8)
    out.unlink(missing_ok=True)
    db = sqlite3.connect(out)
    db.execute("PRAGMA page_size = 4096")
    db.execute("CREATE TABLE tok(piece TEXT PRIMARY KEY, v BLOB) WITHOUT ROWID")
    db.execute("CREATE TABLE cell(id INTEGER PRIMARY KEY, v BLOB)")
    known = [at for at in range(len(names)) if np.abs(rows[at]).max() > 0]
    db.executemany("INSERT INTO tok VALUES (?, ?)", sorted((names[at], small[at].tobytes()) for at in known))
    db.executemany("INSERT INTO cell VALUES (?, ?)", ((at, each.tobytes()) for at, each in enumerate(centres)))
    db.commit()
    db.execute("VACUUM")
    db.close()
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    out.with_name("table.sha256").write_text(f"{digest}\n")
    print(f"{out}: {len(known):,} pieces, {out.stat().st_size:,} bytes, SHA-256 {digest}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("teach", "train", "pack"))
    parser.add_argument("--teacher")
    parser.add_argument("--tokenizer")
    parser.add_argument("--texts")
    parser.add_argument("--pairs")
    parser.add_argument("--work", required=True)
    parser.add_argument("--epochs", type=int, default=7)
    parser.add_argument("--drop", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out")
    given = parser.parse_args()
    {"teach": teach, "train": train, "pack": pack}[given.step](given)


if __name__ == "__main__":
    main()
