"""Every failure a user can meet.

KiokuError                 what happened, what to do, a stable code
├── BadInput               bad_input           the request itself is wrong
│   ├── TooLarge           too_large
│   └── Ambiguous          ambiguous           an id prefix that fits several
├── NotFound               not_found
├── Refused                refused             needs confirmation or a right
│   └── SecretFound        secret_found
├── StoreError             store_unreadable    the store cannot be read
│   ├── StoreUnwritable    store_unwritable
│   ├── StoreNewer         store_newer         written by a newer release
│   ├── StoreBusy          store_busy          the write lock was not free in time
│   └── DiskFull           disk_full
├── NotAvailable           not_available       a part that is not set up
│   ├── PeerUnreachable    peer_unreachable
│   └── Sandboxed          sandboxed           whoever started this process forbids what it needs
├── Timeout                timeout
├── AnswerLost             answer_lost         it was done, but the answer could not be written
└── Internal               internal            a defect of ours

The code is the contract: CLI exit status, HTTP status and MCP errors all derive from it.
"""

from __future__ import annotations

from typing import Any


class KiokuError(Exception):
    """What happened (`message`), what to do (`hint`), and facts for programs (`details`)."""

    code = "internal"
    exit_status = 1
    http_status = 500

    def __init__(self, message: str, hint: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details

    def as_json(self) -> dict[str, Any]:
        """`{code, message, hint, details?}`: the same object in every interface."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, "hint": self.hint}
        if self.details:
            error["details"] = self.details
        return error


class BadInput(KiokuError):
    code, exit_status, http_status = "bad_input", 2, 400


class TooLarge(BadInput):
    code, http_status = "too_large", 413


class Ambiguous(BadInput):
    code, http_status = "ambiguous", 409


class NotFound(KiokuError):
    code, exit_status, http_status = "not_found", 3, 404


class Refused(KiokuError):
    code, http_status = "refused", 403


class SecretFound(Refused):
    code, http_status = "secret_found", 422


class StoreError(KiokuError):
    code, http_status = "store_unreadable", 503


class StoreUnwritable(StoreError):
    code = "store_unwritable"


class StoreNewer(StoreError):
    code = "store_newer"


class StoreBusy(StoreError):
    code = "store_busy"


class DiskFull(StoreError):
    code, http_status = "disk_full", 507


class NotAvailable(KiokuError):
    code, http_status = "not_available", 501


class PeerUnreachable(NotAvailable):
    code, http_status = "peer_unreachable", 502


class Sandboxed(NotAvailable):
    code = "sandboxed"


class Timeout(KiokuError):
    code, http_status = "timeout", 504


class AnswerLost(KiokuError):
    code = "answer_lost"


class Internal(KiokuError):
    pass
