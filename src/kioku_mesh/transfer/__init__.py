"""Memories as files: writing them all out, and reading them back."""
