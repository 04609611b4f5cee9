"""Secrets: each rule finds its shape, leaves its look-alike, and never shows what it found.

The tokens are put together here from pieces, so that no scanner takes this file for a leak.
"""

from __future__ import annotations

import random
import string

import pytest

from kioku_mesh.service.secrets import RULES, find_secrets

RNG = random.Random(7)
HEX, DIGITS, UPPER = "0123456789abcdef", string.digits, string.ascii_uppercase
LETTERS = string.ascii_letters + DIGITS
SAFE = LETTERS + "_-"
BASE = LETTERS + "+/"
PHRASE = "kX93" + "mvLq2#"


def any_of(characters: str, length: int) -> str:
    return "".join(RNG.choices(characters, k=length))


def pem(kind: str, body: str = "") -> str:
    return "-" * 5 + f"BEGIN {kind}" + "-" * 5 + "\n" + (body or any_of(BASE, 64))


# rule: what is found, what is not
CASES: dict[str, tuple[list[str], list[str]]] = {
    "private key": (
        [
            pem("PRIVATE KEY"), pem("RSA PRIVATE KEY"), pem("EC PRIVATE KEY"), pem("OPENSSH PRIVATE KEY"), pem("ENCRYPTED PRIVATE KEY"),
            pem("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\n" + any_of(BASE, 64)),
            pem("PGP PRIVATE KEY BLOCK", "\n" + any_of(BASE, 64)), pem("PRIVATE KEY").replace("\n", "\\n"),
        ],
        [pem("PUBLIC KEY"), pem("CERTIFICATE"), "files that begin with " + pem("PRIVATE KEY", "are refused")],
    ),
    "putty private key": (
        ["PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 8\n" + any_of(BASE, 64)],
        ["PuTTY-User-Key-File-2: ssh-rsa\nPublic-Lines: 8\n" + any_of(BASE, 64)],
    ),
    "age secret key": (["AGE-SECRET-" + "KEY-1" + any_of(UPPER + DIGITS, 58)], ["age1" + any_of(HEX, 58), "AGE-SECRET-KEY-1..."]),
    "aws access key id": (
        ["AKI" + "A" + any_of(UPPER, 16), "ASI" + "A" + any_of(UPPER, 16)],
        ["AKI" + "AIOSFODNN7EXAMPLE", "AKI" + "A" + any_of(UPPER, 9)],
    ),
    "aws secret access key": (
        ["aws_secret_access_key = " + any_of(BASE, 40), "AWS_SECRET_ACCESS_KEY: '" + any_of(BASE, 40) + "'"],
        ["aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY", "the aws commit " + any_of(HEX, 64)],
    ),
    "google service account": (['"private_key_id": "' + any_of(HEX, 40) + '"'], ['"private_key_id": "<id>"']),
    "azure storage key": (["AccountName=a;AccountKey=" + any_of(BASE, 86) + "=="], ["AccountKey=...;EndpointSuffix=core.windows.net"]),
    "azure client secret": ([any_of(LETTERS, 3) + "8Q~" + any_of(LETTERS, 34)], ["8Q~ is in the middle of each"]),
    "alibaba access key": (["LTA" + "I5t" + any_of(LETTERS, 18)], ["LTAI is the prefix"]),
    "github token": (
        [f"gh{kind}_" + any_of(LETTERS, 36) for kind in "pousr"],
        ["ghp_" + "x" * 36, "ghp_" + any_of(LETTERS, 12), "ghp_... is the old kind"],
    ),
    "github fine-grained token": (["github_" + "pat_" + any_of(LETTERS, 22) + "_" + any_of(LETTERS, 59)], ["github_pat_YOUR_TOKEN"]),
    "gitlab token": (["glp" + "at-" + any_of(SAFE, 20), "gld" + "t-" + any_of(SAFE, 20)], ["glpat-<your-token>", "glpat-abc"]),
    "slack token": (
        [f"xox{kind}-" + any_of(DIGITS, 12) + "-" + any_of(LETTERS, 24) for kind in "bpa"] + ["xap" + "p-1-A0-" + any_of(LETTERS, 30)],
        ["xoxb-your-token", "xoxo-hugs"],
    ),
    "slack webhook": (
        ["https://hooks.slack" + ".com/services/T0" + any_of(UPPER, 8) + "/B0" + any_of(UPPER, 8) + "/" + any_of(LETTERS, 24)],
        ["https://hooks.slack" + ".com/services/T00/B00/XXX"],
    ),
    "stripe key": (
        ["sk_" + "live_" + any_of(LETTERS, 24), "rk_" + "test_" + any_of(LETTERS, 24), "whsec" + "_" + any_of(LETTERS, 32)],
        ["pk_" + "live_" + any_of(LETTERS, 24), "test_test_of_everything"],
    ),
    "anthropic key": (["sk-" + "ant-api03-" + any_of(SAFE, 93) + "AA"], ["sk-ant-...", "sk-ant-api03-YOUR-KEY-HERE"]),
    "openrouter key": (["sk-" + "or-v1-" + any_of(HEX, 64)], ["sk-or-v1-<key>"]),
    "openai key": (
        ["sk-" + any_of(LETTERS, 48), "sk-" + "proj-" + any_of(SAFE, 60), "sk-" + "svcacct-" + any_of(SAFE, 60)],
        ["sk-...", "sk-your-key", "task-" + any_of(HEX, 8), "sk-" + "x" * 48],
    ),
    "google api key": (["AIz" + "aSy" + any_of(SAFE, 33)], ["AIza" + "x" * 35, "AIza is the prefix"]),
    "google oauth client secret": (["GOCS" + "PX-" + any_of(SAFE, 28)], ["GOCSPX-<secret>"]),
    "google oauth token": (["ya2" + "9." + any_of(SAFE, 60)], ["ya29. is the prefix"]),
    "hugging face token": (["hf" + "_" + any_of(string.ascii_letters, 34)], ["hf_hub_download(repo_id)", "hf_xxxx"]),
    "groq key": (["gs" + "k_" + any_of(LETTERS, 52)], ["gsk_short"]),
    "xai key": (["xa" + "i-" + any_of(LETTERS, 80)], ["xai-grok"]),
    "replicate token": (["r" + "8_" + any_of(LETTERS, 37)], ["r8_model"]),
    "npm token": (["np" + "m_" + any_of(LETTERS, 36), "_authToken=" + any_of(HEX, 36)], ["npm_config_registry", "_authToken=${NPM_TOKEN}"]),
    "pypi token": (["pyp" + "i-AgEIcHlwaS5vcmc" + any_of(SAFE, 60)], ["pypi-attestations", "pypi-AgE..."]),
    "rubygems key": (["ruby" + "gems_" + any_of(HEX, 48)], ["rubygems_version"]),
    "docker hub token": (["dckr" + "_pat_" + any_of(SAFE, 27)], ["dckr_pat_<token>"]),
    "sendgrid key": (["S" + "G." + any_of(SAFE, 22) + "." + any_of(SAFE, 43)], ["SG.com", "MSG.payload.body"]),
    "mailgun key": (["ke" + "y-" + any_of(HEX, 32)], ["key-value", "monkey-" + any_of(HEX, 32)]),
    "twilio key": (["S" + "K" + any_of(HEX, 32)], ["SKU12345", "S" + "K" + any_of(HEX, 20)]),
    "telegram bot token": ([any_of("123456789", 10) + ":AA" + any_of(SAFE, 33)], ["12:AAB", "10.0.0.1:AA" + any_of(SAFE, 33)]),
    "discord webhook": (["https://discord.com/api/" + "webhooks/" + any_of("123456789", 18) + "/" + any_of(SAFE, 68)], ["/api/webhooks/stripe"]),
    "discord bot token": (
        ["the Discord bot is M" + any_of(LETTERS, 25) + "." + any_of(LETTERS, 6) + "." + any_of(LETTERS, 38)],
        ["see Discord.Client.message_create.handler"],
    ),
    "digitalocean token": (["do" + "p_v1_" + any_of(HEX, 64)], ["api_v1_users"]),
    "heroku key": (["HRK" + "U-AA" + any_of(SAFE, 58)], ["HRKU-xxxx"]),
    "shopify token": (["shp" + "at_" + any_of(HEX, 32)], ["shpat_token"]),
    "databricks token": (["dap" + "i" + any_of(HEX, 32)], ["dapi of the workspace"]),
    "vault token": (["hv" + "s." + any_of(SAFE, 30)], ["hvs.token"]),
    "terraform token": ([any_of(LETTERS, 14) + ".atl" + "asv1." + any_of(SAFE, 67)], ["xxx.atlasv1.zzz"]),
    "grafana token": (["gls" + "a_" + any_of(LETTERS, 32) + "_" + any_of(HEX, 8)], ["glsa_token"]),
    "linear key": (["lin_" + "api_" + any_of(LETTERS, 40)], ["lin_api_key"]),
    "notion token": (["nt" + "n_" + any_of(LETTERS, 46)], ["secret_manager_name", "ntn_x"]),
    "atlassian token": (["ATA" + "TT3" + any_of(SAFE, 180)], ["ATATT3xFf"]),
    "tailscale key": (["tsk" + "ey-auth-" + any_of(LETTERS, 17) + "-" + any_of(LETTERS, 32)], ["tskey-auth-xxx"]),
    "json web token": (["ey" + "J" + any_of(SAFE, 30) + ".ey" + "J" + any_of(SAFE, 60) + "." + any_of(SAFE, 43)], ["eyJ is base64 of {\"", "eyJ...eyJ"]),
    "password in an address": (
        ["postgres://app:" + PHRASE.rstrip("#") + "@db.internal:5432/x", "redis://:" + "pw12345x" + "@h:6379", "https://ci:" + any_of(HEX, 20) + "@git.host/x"],
        [
            "postgres://user:password@localhost/x", "postgres://postgres:postgres@localhost", "mysql://root:${DB_PASS}@db", "http://localhost:8080/@scope",
            "postgres://<user>:<pass>@host", "ssh://git@host:22/x",
        ],
    ),
    "authorization header": (
        ["Authorization: Bearer " + any_of(LETTERS, 30), "authorization: basic " + any_of(LETTERS, 28) + "=="],
        ["bearer token authentication is used everywhere", "Authorization: Bearer $TOKEN", "Bearer <token>"],
    ),
    "password": (
        [
            "password = " + PHRASE, "the password is " + "hunter2" + "hunter", "DB_PASSWORD=" + PHRASE, "İ password: " + PHRASE,
            "パスワードは " + PHRASE.rstrip("#") + " です", "密码：" + PHRASE, '"passwd": "' + PHRASE + '"', "pwd=" + PHRASE,
            "password: correcthorse" + "batterystaple", "the passphrase is `correcthorse" + "batterystaple`.",
        ],
        [
            "password: see the vault", "password = os.environ['DB_PASSWORD']", "password policy: at least 12 characters", "password is required",
            "password=changeme123", "password: <your password>", "password: ********", "パスワードは十二文字以上", "password = user_password", "pwd=/home/kim/src",
            "password: see 1Password", "password: internationalization", "password = generate_a_new_password_here", "password: correct horse",
        ],
    ),
    "key or token": (
        ["api_key = \"" + any_of(LETTERS, 24) + "1a\"", "secret_key: " + any_of(LETTERS, 30) + "1b", "TOKEN=" + any_of(HEX, 32), "client_secret = " + any_of(SAFE, 36) + "7c"],
        [
            "token: 2024-01-01T00:00:00Z", "max_tokens=4096 token = 1200000000000", "secret = settings.SECRET_KEY.value", "token = get_token(user, 3600)",
            "api_key: YOUR_API_KEY_1234567", "the token expires in 30 minutes", "secret: projects/x/secrets/y", "token = ${CI_JOB_TOKEN_1}",
        ],
    ),
}  # fmt: skip


def test_every_rule_has_cases() -> None:
    """No rule stands untested, and there are enough of them."""
    assert set(CASES) == {rule.name for rule in RULES}
    assert len(RULES) >= 25


@pytest.mark.parametrize("name", CASES)
def test_rule(name: str) -> None:
    """Each shape is found by its own rule in the middle of a text; look-alikes are not found by any."""
    found, not_found = CASES[name]
    for text in found:
        findings = find_secrets(f"We use it like this: {text} since Monday.")
        assert [each.rule for each in findings] == [name], text
    for text in not_found:
        assert find_secrets(f"We use it like this: {text} since Monday.") == (), text


@pytest.mark.parametrize("name", CASES)
def test_excerpt_never_shows_the_secret(name: str) -> None:
    """No eight characters of what is hidden stand in the excerpt, and the place is where the hidden part begins."""
    for text in CASES[name][0]:
        (finding,) = find_secrets(text)
        hidden = text[finding.start :]
        assert len(finding.excerpt) < 80
        assert not any(hidden[i : i + 8] in finding.excerpt for i in range(len(hidden) - 8))


def test_severe_are_keys_to_everything() -> None:
    """Private keys and the root keys of clouds are severe, tokens that can be revoked in a minute are not."""
    severe = {rule.name for rule in RULES if rule.severe}
    assert {
        "private key",
        "aws secret access key",
        "azure storage key",
        "google service account",
        "age secret key",
    } <= severe
    assert not severe & {"github token", "password", "json web token"}


def test_one_finding_for_each_place_in_order() -> None:
    """An assignment of a well-known token is one finding, named by the more telling rule; several come in order of place."""
    github, openai = CASES["github token"][0][0], CASES["openai key"][0][0]
    findings = find_secrets(f"token = {github}\napi_key={openai}")
    assert [each.rule for each in findings] == ["github token", "openai key"]
    assert findings[0].start < findings[1].start


@pytest.mark.parametrize(
    "text",
    [
        "",
        "We decided to rotate the session token every 30 minutes; see src/auth/session.py and issue 482.",
        "認証トークンの有効期限は三十分。秘密鍵は Vault に置く。",
        "id:9f3a0c1be77d4d21a0b35e6f1c2d3e4f, commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904, sha256 " + "ab12" * 16,
        "550e8400-e29b-41d4-a716-446655440000 is the id of the run",
    ],
)
def test_ordinary_memories_are_clean(text: str) -> None:
    """Words about secrets, ids, digests and commits are no secrets."""
    assert find_secrets(text) == ()
