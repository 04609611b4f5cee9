"""One memory for every coding agent, owned by the person who runs it."""

__version__ = "0.1.0"
