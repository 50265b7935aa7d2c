"""Which tests are dear: those that take more than so many seconds of processor time, as measured
and not as judged. `make test` leaves them to `make test-slow`.

`python -m pytest -n 2 -m "not slow" --measure` adds to dear.txt what it finds. To compile a theory
is not counted: the first of the tests that use it pays for all.
"""

import resource
import sys
from pathlib import Path

import pytest

LIST = Path(__file__).with_name("dear.txt")
DEAR = 1.5  # seconds
COLLECTED = pytest.StashKey[set[str]]()


def _processor_time() -> float:
    """Of this process and of those it has waited for."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


class Measurement:
    """Adds the dear tests of a run to the list."""

    def __init__(self):
        self.found = set()
        self.begun = 0.0
        self.compiled = 0.0
        self.listening = False

    def _heard(self, event, seconds, fun_name="", **_):
        # theory.kept.compiled calls what it compiles `call`.
        if event.endswith("backend_compile_duration") and fun_name == "jit(call)":
            self.compiled += seconds

    def _spent(self) -> float:
        if "jax" in sys.modules and not self.listening:
            sys.modules["jax"].monitoring.register_event_duration_secs_listener(self._heard)
            self.listening = True
        return _processor_time() - self.compiled

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        self.begun = self._spent()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        item.user_properties.append(("seconds", self._spent() - self.begun))
        return (yield)

    def pytest_runtest_logreport(self, report):
        if dict(report.user_properties)["seconds"] > DEAR:
            self.found.add(report.nodeid)

    def pytest_sessionfinish(self, session):
        if not hasattr(session.config, "workerinput"):
            write(listed() | self.found)


def listed() -> set[str]:
    """Names of the dear tests, as pytest writes them."""
    return set(LIST.read_text().splitlines())


def write(names: set[str]) -> None:
    LIST.write_text("".join(f"{name}\n" for name in sorted(names)))


def mark(config, items) -> None:
    """Mark the dear among these tests as slow."""
    names = listed()
    for item in items:
        if item.nodeid in names:
            item.add_marker(pytest.mark.slow)
    config.stash[COLLECTED] = {item.nodeid for item in items}
