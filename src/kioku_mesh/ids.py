"""Identifiers: 32 random lowercase hex digits, slugs of machine and owner names."""

from __future__ import annotations

import os
import re

from .patterns import pattern

ID_LENGTH = 32
PREFIX_MIN = 8  # shortest prefix of an id that a person may type

_ID = pattern(r"[0-9a-f]{32}")
_PREFIX = pattern(r"[0-9a-f]{8,32}")
_SLUG = pattern(r"[a-z0-9][a-z0-9._-]{0,63}")
_COMMIT = pattern(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_ORIGIN = pattern(r"[a-z0-9][a-z0-9._-]{0,63}\.[0-9a-f]{16}")


def new_id() -> str:
    """A random id. (os.urandom: importing `secrets` costs as much as the whole interpreter.)"""
    return os.urandom(16).hex()


def new_incarnation() -> str:
    """64 random bits that name one continuous life of one database file."""
    return os.urandom(8).hex()


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def is_prefix(text: str) -> bool:
    """True for 8 to 32 hex digits: a whole id or the beginning of one."""
    return _PREFIX.fullmatch(text) is not None


def is_slug(text: str) -> bool:
    return _SLUG.fullmatch(text) is not None


def is_origin(text: str) -> bool:
    """`<node slug>.<16 hex digits of the incarnation>`."""
    return _ORIGIN.fullmatch(text) is not None


def is_commit(text: str) -> bool:
    """The name of a commit in git: 40 or 64 hex digits."""
    return _COMMIT.fullmatch(text) is not None


def new_node(host: str) -> str:
    """A name for this machine: a slug of the host name and four random hex digits."""
    slug = re.sub(r"[^a-z0-9-]+", "-", host.lower()).strip("-")[:48].strip("-")
    return f"{slug or 'node'}-{os.urandom(2).hex()}"
