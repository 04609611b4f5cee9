"""Options and fixtures of the whole suite."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import Home, residents
from support.needs import excused

# A shell that starts us in the background has us ignore Ctrl-C, and the programs we start would inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also run the tests marked long")
    parser.addoption("--no-idle-skips", action="store_true", help="fail if this machine could run a skipped test")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long tests are left out, not skipped, unless asked for by option or by a mark expression that names them."""
    long = [item for item in items if item.get_closest_marker("long")]
    if config.getoption("--long") or "long" in config.getoption("-m"):
        if config.pluginmanager.hasplugin("timeout"):
            for item in long:
                item.add_marker(pytest.mark.timeout(0))
    elif long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the skips that no lack of this machine excuses."""
    if not config.getoption("--no-idle-skips"):
        return
    idle = _idle_skips(terminalreporter)
    if idle:
        terminalreporter.section("skipped although this machine could have run it")
        terminalreporter.write_line("\n".join(idle))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and reporter and session.config.getoption("--no-idle-skips") and _idle_skips(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _idle_skips(reporter: pytest.TerminalReporter) -> list[str]:
    skips = [(report.nodeid, _reason(report)) for report in reporter.stats.get("skipped", ())]
    return [f"{test}: {reason}" for test, reason in skips if not excused(reason)]


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return str(getattr(report, "wasxfail", report.longrepr))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home folder of its own, with the installed commands. A resident process that was started in it is ended."""
    made = Home(tmp_path / "home")
    yield made
    residents.end(made)
