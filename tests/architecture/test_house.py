"""The source keeps the rules of the house, but for the exceptions that are listed by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import kioku_mesh

from .exceptions import ALLOWED
from .rules import RULES
from .source import Problem, read

MODULES = read(Path(kioku_mesh.__file__).parent)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_source_keeps_the_rule(rule: Callable[..., Iterable[Problem]]) -> None:
    """Nothing breaks the rule, and no exception to it is wider than it needs to be."""
    allowed = ALLOWED.get(rule.__name__, {})
    broken = list(rule(MODULES))
    wrong = [str(problem) for problem in broken if problem.key not in allowed]
    idle = allowed.keys() - {problem.key for problem in broken}
    wrong += [f"{key}: keeps the rule now; take it off the list of exceptions" for key in sorted(idle)]
    wrong += [line for problem in broken if (line := resized(problem, allowed))]
    if wrong:
        pytest.fail(f"{rule.__doc__}\n" + "\n".join(wrong), pytrace=False)


def resized(problem: Problem, allowed: dict[str, str | int]) -> str:
    """What is wrong with an exception that is a size: it must be the present one."""
    limit = allowed.get(problem.key)
    size = int(re.findall(r"\d+", problem.message)[0]) if isinstance(limit, int) else limit
    return "" if size == limit else f"{problem}; the exception says {limit}: shrink one or the other"


def test_every_exception_belongs_to_a_rule() -> None:
    """A misspelt rule in the list of exceptions is noticed."""
    assert ALLOWED.keys() <= {rule.__name__ for rule in RULES}
