"""One SQLite file: the log, and everything derived from it."""
