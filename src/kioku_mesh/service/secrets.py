"""Well-known shapes of tokens, keys and passwords in text that is about to be saved.

A rule is searched only where one of its literal markers occurs: nearly every text is judged by substring tests alone, and no
pattern is compiled at start-up.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from ..patterns import pattern
from ..values import NamedTuple


class Finding(NamedTuple):
    """A likely secret. `excerpt` never shows it; `start` is its offset in characters; `severe`: never saved unasked."""

    rule: str
    excerpt: str
    start: int
    severe: bool


class Rule(NamedTuple):
    """`markers`: literals one of which is in every match. `secret` in `pattern` names the part to hide, without it all of the
    match is secret. `follows`: the markers are words in any case (written lower here) and the pattern fits right after one.
    `guess`: the shape alone proves nothing, the value must also look random;
    `phrase`: or be words run together, longer than any word that people write."""

    name: str
    markers: tuple[str, ...]
    pattern: str
    severe: bool = False
    follows: bool = False
    guess: bool = False
    phrase: bool = False


_W = "[A-Za-z0-9_-]"
_PASSWORD_WORDS = tuple(
    "password passwd pwd passphrase passwort contraseña пароль パスワード 密码 密碼 비밀번호".split()
)
_KEY_WORDS = (*"secret token api_key apikey api-key access_key accesskey private_key credentials".split(), "api key")

# Order matters where two rules fit one place: the first wins.
RULES = (
    Rule(
        "private key",
        ("PRIVATE KEY",),
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?P<secret>(?:\\[rn]|\s|[A-Z][A-Za-z-]+:[^\n]*\n)*[A-Za-z0-9+/=]{24,})",
        severe=True,
    ),
    Rule("putty private key", ("PuTTY-User-Key-File",), r"Private-Lines: \d+\s+(?P<secret>[A-Za-z0-9+/=]{24,})", severe=True),
    Rule("age secret key", ("AGE-SECRET-KEY-",), r"AGE-SECRET-KEY-(?:PQ-)?1(?P<secret>[0-9A-Z]{58,})", severe=True),
    Rule("aws access key id", ("AKIA", "ASIA"), r"\b(?:AKIA|ASIA)(?P<secret>[A-Z2-7]{16})\b", severe=True),
    Rule(
        "aws secret access key",
        ("aws", "secretaccesskey", "secret_access_key"),
        r".{0,30}?[^A-Za-z0-9/+\n]{1,8}(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
        severe=True,
        follows=True,
        guess=True,
    ),
    Rule("google service account", ('"private_key_id"',), r'"private_key_id"\s*:\s*"(?P<secret>[0-9a-f]{40})"', severe=True),
    Rule("azure storage key", ("AccountKey=", "AccessKey="), r"Acc(?:ount|ess)Key=(?P<secret>[A-Za-z0-9+/]{40,90}={1,2})", severe=True),
    Rule("azure client secret", ("8Q~",), r"(?<![\w~.-])[\w~.-]{3}8Q~[\w~.-]{31,34}(?![\w~.-])"),
    Rule("alibaba access key", ("LTAI",), r"\bLTAI(?P<secret>[A-Za-z0-9]{12,26})\b", severe=True),
    Rule("github token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"\bgh[pousr]_(?P<secret>[A-Za-z0-9]{36,255})\b"),
    Rule("github fine-grained token", ("github_pat_",), r"\bgithub_pat_(?P<secret>[A-Za-z0-9_]{50,255})"),
    Rule("gitlab token", ("glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glsoat-"), rf"\bgl[a-z]{{2,4}}-(?P<secret>{_W}{{20,}})"),
    Rule("slack token", ("xox", "xapp-"), rf"\b(?:xox[abeoprs](?:\.xox[bp])?|xapp)-(?P<secret>{_W}{{20,}})"),
    Rule("slack webhook", ("hooks.slack.com/",), r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<secret>[A-Za-z0-9/_-]{20,})"),
    Rule("stripe key", ("_live_", "_test_", "whsec_"), r"\b(?:[rs]k_(?:live|test)_|whsec_)(?P<secret>[A-Za-z0-9+/]{20,})"),
    Rule("anthropic key", ("sk-ant-",), rf"\bsk-ant-[a-z]+\d\d-(?P<secret>{_W}{{20,}})"),
    Rule("openrouter key", ("sk-or-",), r"\bsk-or-v1-(?P<secret>[0-9a-f]{32,})"),
    Rule("openai key", ("sk-",), rf"\bsk-(?:proj|svcacct|admin|None)-(?P<secret>{_W}{{20,}})|\bsk-[A-Za-z0-9]{{32,}}\b"),
    Rule("google api key", ("AIza",), rf"\bAIza(?P<secret>{_W}{{35}})(?!{_W})"),
    Rule("google oauth client secret", ("GOCSPX-",), rf"\bGOCSPX-(?P<secret>{_W}{{28}})"),
    Rule("google oauth token", ("ya29.",), rf"\bya29\.(?P<secret>{_W}{{20,}})"),
    Rule("hugging face token", ("hf_",), r"\bhf_(?P<secret>[A-Za-z0-9]{30,})\b"),
    Rule("groq key", ("gsk_",), r"\bgsk_(?P<secret>[A-Za-z0-9]{40,})"),
    Rule("xai key", ("xai-",), r"\bxai-(?P<secret>[A-Za-z0-9]{60,})"),
    Rule("replicate token", ("r8_",), r"\br8_(?P<secret>[A-Za-z0-9]{37})\b"),
    Rule("npm token", ("npm_", "_authToken="), r"(?:\bnpm_|_authToken=)(?P<secret>[A-Za-z0-9-]{36,})"),
    Rule("pypi token", ("pypi-",), rf"\bpypi-(?P<secret>AgE{_W}{{50,}})"),
    Rule("rubygems key", ("rubygems_",), r"\brubygems_(?P<secret>[0-9a-f]{48})"),
    Rule("docker hub token", ("dckr_",), rf"\bdckr_[po]at_(?P<secret>{_W}{{20,}})"),
    Rule("sendgrid key", ("SG.",), rf"\bSG\.(?P<secret>{_W}{{16,32}}\.{_W}{{32,64}})"),
    Rule("mailgun key", ("key-",), r"\bkey-(?P<secret>[0-9a-f]{32})\b"),
    Rule("twilio key", ("SK",), r"\bSK(?P<secret>[0-9a-f]{32})\b"),
    Rule("telegram bot token", (":AA",), rf"(?<!\d)\d{{8,10}}:(?P<secret>AA{_W}{{32,34}})(?!{_W})"),
    Rule("discord webhook", ("/api/webhooks/",), rf"/api/webhooks/\d{{15,20}}/(?P<secret>{_W}{{50,}})"),
    Rule("discord bot token", ("iscord", "DISCORD"), rf"(?<!{_W})(?P<secret>[MNO]{_W}{{23,27}}\.{_W}{{6}}\.{_W}{{27,40}})"),
    Rule("digitalocean token", ("_v1_",), r"\bdo[opr]_v1_(?P<secret>[0-9a-f]{64})"),
    Rule("heroku key", ("HRKU-",), rf"\bHRKU-(?P<secret>{_W}{{30,}})"),
    Rule("shopify token", ("shp",), r"\bshp(?:at|ca|pa|ss)_(?P<secret>[0-9a-fA-F]{32})"),
    Rule("databricks token", ("dapi",), r"\bdapi(?P<secret>[0-9a-f]{32})"),
    Rule("vault token", ("hvs.", "hvb."), rf"\bhv[sb]\.(?P<secret>{_W}{{24,}})"),
    Rule("terraform token", (".atlasv1.",), rf"\b(?P<secret>[A-Za-z0-9]{{14}}\.atlasv1\.{_W}{{60,}})"),
    Rule("grafana token", ("glsa_", "glc_"), r"\bgl(?:sa|c)_(?P<secret>[A-Za-z0-9+/_=]{30,})"),
    Rule("linear key", ("lin_api_",), r"\blin_api_(?P<secret>[A-Za-z0-9]{32,})"),
    Rule("notion token", ("ntn_", "secret_"), r"\b(?:ntn_|secret_)(?P<secret>[A-Za-z0-9]{43,})\b"),
    Rule("atlassian token", ("ATATT3",), r"\bATATT3(?P<secret>[A-Za-z0-9_=-]{60,})"),
    Rule("tailscale key", ("tskey-",), rf"\btskey-[a-z]+-(?P<secret>{_W}{{20,}})"),
    Rule("json web token", ("eyJ",), rf"\beyJ(?P<secret>{_W}{{8,}}\.eyJ{_W}{{8,}}\.{_W}{{16,}})"),
    Rule("password in an address", ("://",), r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s:/@?#]*:(?P<secret>[^\s/@]{3,})@[\w.\[-]", guess=True),
    Rule("authorization header", ("bearer ", "basic "), r"\s*(?P<secret>[A-Za-z0-9._~+/=-]{20,})", follows=True, guess=True),
    Rule(
        "password",
        _PASSWORD_WORDS,
        r"[\"'`*]*\s*(?:[:=：＝]+>?|(?i:is|was|lautet)\b|は|是)\s*(?P<secret>[\"'`][^\"'`\n]{6,}[\"'`]|[^\s\"'`,;。、]{6,})",
        follows=True,
        guess=True,
        phrase=True,
    ),
    Rule(
        "key or token",
        _KEY_WORDS,
        r"(?i:[_ -]?key)?[\"'`*]*\s*[:=：＝]+>?\s*"
        r"(?P<secret>[\"'`][^\"'`\s]{12,}[\"'`]|[^\s\"'`,;。、]{12,})",
        follows=True,
        guess=True,
    ),
)  # fmt: skip

_MARKERS = tuple((marker, number) for number, rule in enumerate(RULES) if not rule.follows for marker in rule.markers)
_WORDS = tuple((marker, number) for number, rule in enumerate(RULES) if rule.follows for marker in rule.markers)
_LAST_WORD = pattern(r"[\w-]+\W*$")

# What manuals and templates write instead of a secret.
_SAMPLE = pattern(
    r"example|sample|placeholder|dummy|redacted|changeme|change[_-]me|your[_-]|my[_-]?(?:secret|password|token|key)|insert|xxx|\*\*\*|\.\.\.|…"
    r"|0123456789|1234567890|abcdefgh|<[^>]*>?|\$\{|\$\(|\{\{|%\(|\}\}|•••",
    re.IGNORECASE,
)
_REFERENCE = pattern(
    r"\$\w+|%\w+%|[A-Za-z_][\w.]*[(\[].*|[~./].*|\w+://.*|[\w-]+(?:\.[A-Za-z_-]+)+|[a-z_.-]+(?:/[a-z_.*-]+)+|\d{4}-\d\d-\d\d.*|[\d.,:]+"
)
_PHRASE = pattern(r"[\"'`]?[a-z]{21,}[.\"'`)]{0,2}")
_WEAK = frozenset(
    "password passwd secret passphrase postgres root admin user username token pass test hidden required optional".split()
)


def find_secrets(text: str) -> tuple[Finding, ...]:
    """What looks like a secret, in order of place, one finding per place. Placeholders and samples of manuals are not found."""
    folded = _folded(text)
    hits = {number for marker, number in _MARKERS if marker in text}
    hits.update(number for marker, number in _WORDS if marker in folded)
    found: list[tuple[int, int, Finding]] = []
    for number in sorted(hits):
        rule = RULES[number]
        for match in _after_words(rule, text, folded) if rule.follows else re.finditer(rule.pattern, text):
            _take(rule, match, found)
    return tuple(finding for _, _, finding in sorted(found))


def refused(found: tuple[Finding, ...], setting: str) -> Finding | None:
    """The finding for which a text is not saved unasked, under the setting `save.secrets`."""
    severe = tuple(finding for finding in found if finding.severe)
    return next(iter(severe or (found if setting == "block" else ())), None)


def _folded(text: str) -> str:
    """Lower case with every character in its place."""
    folded = text.lower()
    return folded if len(folded) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _after_words(rule: Rule, text: str, folded: str) -> Iterator[re.Match[str]]:
    """The matches of the pattern that begin right after one of the rule's words."""
    compiled = re.compile(rule.pattern)
    for word in rule.markers:
        end = 0
        while (start := folded.find(word, end)) >= 0:
            end = start + len(word)
            if match := compiled.match(text, end):
                yield match


def _take(rule: Rule, match: re.Match[str], found: list[tuple[int, int, Finding]]) -> None:
    """Add the match to `found` unless its value is a sample or an earlier rule has found it."""
    start, end = match.span("secret" if match.re.groups and match["secret"] else 0)
    value = match.string[start:end]
    if _is_sample(value) or (rule.guess and not (_is_random(value) or (rule.phrase and _PHRASE.fullmatch(value)))):
        return
    if any(start < other_end and other_start < end for other_start, other_end, _ in found):
        return
    context = match.string[max(match.start(), start - 40) : start]
    if rule.follows:  # the word itself stands before the match
        context = _LAST_WORD.findall(match.string[max(0, match.start() - 40) : match.start()])[-1] + context
    shown = " ".join(context.split())
    found.append((start, end, Finding(rule.name, f"{shown}… ({end - start} characters)", start, rule.severe)))


def _is_sample(value: str) -> bool:
    return _SAMPLE.search(value) is not None or (len(value) >= 12 and len(set(value)) < 5)


def _is_random(value: str) -> bool:
    """True if the value of an assignment is more likely a secret than a word, a name, a path, a date or a call."""
    quoted = value[0] in "\"'`"
    value = value.strip("\"'`").rstrip(".:)]}>")
    if len(value) < 6 or value.lower() in _WEAK or _REFERENCE.fullmatch(value):
        return False
    kinds = sum(any(test(c) for c in value) for test in (str.islower, str.isupper, str.isdigit)) + any(
        not c.isalnum() for c in value
    )
    words = re.fullmatch(r"[^\W\d_]+(?:[\s_.-][^\W\d_]+)*[!?]?", value)  # prose or a name, not a key
    if words and not (quoted and kinds >= 3):
        return False
    return kinds >= 2 and _bits(value) * len(value) >= 18


def _bits(value: str) -> float:
    """Shannon entropy of the value, in bits for each character."""
    return -sum(n / len(value) * math.log2(n / len(value)) for n in map(value.count, set(value)))
