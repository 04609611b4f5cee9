"""Memories as agents write them, made up but the same in every run: about 400 characters each."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

VERBS = (
    "retry parse cache migrate deploy validate stream encode schedule verify rotate batch index merge render sync "
    "compress throttle rename refund import archive seed trace bundle resize escape replay freeze queue split patch "
    "mirror sample audit drain inject rewrite lint warm expire resolve flush pin diff count format sort attach revoke"
).split()
NOUNS = (
    "webhook invoice session token worker schema queue payload report tenant ledger shard cursor export avatar quota "
    "migration endpoint fixture snapshot header cookie column webpage mailbox checkout coupon carousel sitemap locale "
    "timezone currency attachment thumbnail transcript playlist subtitle heatmap geofence passport voucher roster "
    "shipment barcode pallet warehouse courier manifest customs tariff receipt statement dispute chargeback mandate "
    "beneficiary portfolio dividend allocation hedge benchmark forecast anomaly sensor firmware beacon antenna gateway "
    "turbine valve compressor thermostat inverter battery charger odometer telemetry waypoint altitude trajectory "
    "glossary syllabus enrollment transcriptome genome protein assay specimen dosage referral triage discharge vaccine "
    "ballot precinct petition ordinance zoning parcel easement lease deed escrow appraisal mortgage annuity premium "
    "recipe pantry ingredient allergen menu reservation itinerary boarding luggage lounge upgrade mileage fare refund "
    "kernel driver interrupt mutex semaphore allocator compiler linker lexer grammar optimizer bytecode register "
    "texture shader mesh viewport sprite tilemap hitbox waveform sampler reverb limiter fader tempo metronome chord"
).split()
ADJECTIVES = (
    "stale pending signed nightly partial remote idle public broken shared cold verbose atomic legacy inline empty "
    "nested orphaned duplicate truncated encrypted sparse recursive volatile frozen immutable anonymous oversized "
    "throttled misaligned deprecated experimental ambiguous redundant transient headless federated weighted bilingual"
).split()
CAUSES = (
    "the {noun} {noun2} was {adjective} when the {noun3} arrived",
    "`{function}` returns before the {noun} is written",
    "the {adjective} {noun} has no index on {column}",
    "a {noun} can be {adjective} for up to {number} seconds after a restart",
    "{library} {version} changed how it treats a {adjective} {noun}",
)
SENTENCES = (
    "We decided to {verb} every {noun} in {path} because {cause}.",
    "The {noun} service must {verb} the {noun2} first, else {cause}.",
    "Root cause of {ticket}: {cause}; fixed by calling `{function}` before the {noun2} is sent.",
    "Set {constant} to {number} in {path}; with {number2} the {adjective} {noun} timed out.",
    "Run `make {verb}-{noun}` after changing {path}, otherwise {cause}.",
    "Do not {verb} the {noun} by hand: {function} does it at {number}:00 and {cause}.",
    "The {adjective} {noun} is kept for {number} days, then the {verb} job drops it together with its {noun2}.",
    "Reviewers asked to {verb} {noun}s in the {noun2} layer, not in {path}.",
    "{library} {version} is pinned, since {cause}.",
    "The error `{error}` means that {cause}.",
)
LIBRARIES = "httpkit redis-lite pgqueue formly chartist tinyjwt avroflow webpress csvkit-ng gridlock".split()
TYPES = ("note", "decision", "bug", "pattern", "config", "fact", "preference", "result")
PROJECTS = tuple(f"{adjective}-{noun}" for adjective in ADJECTIVES[:6] for noun in NOUNS[:4])
START = 1_735_689_600  # seconds since 1970


class Fact(NamedTuple):
    """Something one memory says, and a question that only it answers."""

    content: str
    question: str


def memories(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Lines for `kioku-mesh import`, oldest first."""
    rng = random.Random(seed)
    for number in range(count):
        yield {
            "content": text(rng),
            "subject": sentence(rng)[:70].rstrip(" ,;:`"),
            "memory_type": rng.choice(TYPES),
            "importance": rng.choice((1, 2, 2, 2, 3, 3, 4, 5)),
            "project": rng.choice(PROJECTS),
            "tags": common(rng, NOUNS, rng.randrange(3)),
            "source_files": [path(rng)] if rng.random() < 0.5 else [],
            "created_at": iso(START + number * 97),
        }


def text(rng: random.Random, length: int = 400) -> str:
    """Sentences until there are about `length` characters."""
    parts = [sentence(rng)]
    while sum(map(len, parts)) < length - 50:
        parts.append(sentence(rng))
    return " ".join(parts)


def sentence(rng: random.Random) -> str:
    return rng.choice(SENTENCES).format(cause=rng.choice(CAUSES), **words(rng)).format(**words(rng))


def words(rng: random.Random) -> dict[str, str]:
    (verb,), (adjective,) = common(rng, VERBS, 1), common(rng, ADJECTIVES, 1)
    noun, noun2, noun3 = common(rng, NOUNS, 3)
    return {
        "verb": verb,
        "noun": noun,
        "noun2": noun2,
        "noun3": noun3,
        "adjective": adjective,
        "path": path(rng),
        "function": f"{verb}{noun.title()}{rng.choice(('', 'Batch', 'Async', 'Once', 'ById'))}",
        "column": f"{noun2}_{rng.choice(('id', 'at', 'state', 'hash'))}",
        "constant": f"{noun}_{verb}_{rng.choice(('max', 'limit', 'ttl', 'size'))}".upper(),
        "library": rng.choice(LIBRARIES),
        "version": f"{rng.randrange(1, 9)}.{rng.randrange(20)}",
        "ticket": f"#{rng.randrange(100, 9000)}",
        "error": f"{noun.title()}{adjective.title()}Error: {noun2}_{rng.randrange(1000)}",
        "number": str(rng.randrange(2, 90)),
        "number2": str(rng.randrange(2, 90)),
    }


def common(rng: random.Random, choices: list[str], count: int) -> list[str]:
    """Different words, the first ones of a list more often: a few are everywhere, most are rare."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[choices[int(len(choices) * rng.random() ** 1.3)]] = None
    return list(found)


def path(rng: random.Random) -> str:
    (verb,), (noun, noun2) = common(rng, VERBS, 1), common(rng, NOUNS, 2)
    top, ending = rng.choice(("src", "lib", "services", "web")), rng.choice(("py", "ts", "go"))
    return f"{top}/{noun}/{verb}_{noun2}.{ending}"


def fresh(seed: int = 4) -> Iterator[str]:
    """Texts without end, none like another: saving one twice would cost nothing."""
    rng = random.Random(seed)
    while True:
        yield text(rng)


def queries(count: int, seed: int = 2) -> list[str]:
    """Questions as agents ask them: a word, a name, a few words, a sentence."""
    rng = random.Random(seed)
    forms = (
        "{noun}",
        "{function}",
        "{path}",
        "{verb} {adjective} {noun}",
        "why do we {verb} the {noun} {noun2}",
        "{error}",
    )
    return [rng.choice(forms).format(**words(rng)) for _ in range(count)]


def sentences(count: int, seed: int = 6) -> list[str]:
    """Questions in whole sentences, about nothing that has a name."""
    rng = random.Random(seed)
    forms = (
        "why do we {verb} the {adjective} {noun}",
        "what happens to a {noun} when the {noun2} is {adjective}",
        "how to {verb} {noun}s before the {noun2} comes back",
        "is it safe to {verb} the {noun3} by hand",
    )
    return [rng.choice(forms).format(**words(rng)) for _ in range(count)]


def facts(count: int, seed: int = 3) -> list[Fact]:
    """Facts, several about each of a few services, so that finding the name alone does not answer a question."""
    rng = random.Random(seed)
    names = rng.sample([f"{a}{b}" for a in SYLLABLES for b in SYLLABLES if a != b], -(-count // len(FACTS)))
    found = [fact(rng, name, *form) for name in names for form in FACTS]
    rng.shuffle(found)
    return found[:count]


SYLLABLES = (
    "bora cali duno fexi gomi hatu jipo kelu lavo mirra nuvo pelti quora risto soma tavi umber velo wexo".split()
)
FACTS = (
    ("The {name} gateway listens on port {number} behind the load balancer.", "which port does {name} use?"),
    ("{name} backups are written at {hour}:30 to the {color} bucket.", "when is {name} backed up?"),
    (
        "Ask {person} before touching the {name} module: she knows why it nests locks.",
        "who explains the locking of {name}?",
    ),
    (
        "{name} must stay on {library} {version}; newer ones break its login page.",
        "why not upgrade {library} in {name}?",
    ),
    ("Deploys of {name} go out on {day}s only, as the auditors asked.", "on what day may {name} be deployed?"),
)
PEOPLE = "Ines Marek Yuki Amara Tomas Priya Lena Jorge Sofia Ravi".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday".split()
COLORS = "amber teal crimson violet indigo olive".split()


def fact(rng: random.Random, name: str, content: str, question: str) -> Fact:
    values = {
        "name": name,
        "number": rng.randrange(2000, 9999),
        "hour": rng.randrange(1, 23),
        "color": rng.choice(COLORS),
        "person": rng.choice(PEOPLE),
        "library": rng.choice(LIBRARIES),
        "version": f"{rng.randrange(1, 9)}.{rng.randrange(20)}",
        "day": rng.choice(DAYS),
    }
    return Fact(content.format(**values), question.format(**values))


def write(file: Path, lines: Iterator[dict[str, Any]]) -> None:
    """JSON Lines, complete or not there at all."""
    part = file.with_suffix(".part")
    with part.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    part.replace(file)


def iso(seconds: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
