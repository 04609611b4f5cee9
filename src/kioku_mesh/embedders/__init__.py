"""Embedders that somebody chose in place of the built-in table: a server, or a model in a folder. None is imported, and
nothing asked of one, unless the setting `embedder` names it."""
