"""Processes that tasks are handed to: of this machine, connected by pipes alone, or a dask
scheduler's.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Generator
from typing import Any

from replicon._domains import Interval, check_argument
from replicon._errors import InputError, RepliconError

_WORKERS = Interval(1, integer=True)
_PATIENCE = 5.0  # seconds in which a scheduler must answer


def check_workers(workers: int) -> int:
    """A number of processes; InputError for what is none."""
    return check_argument("workers", workers, _WORKERS, "processes")


def in_processes(
    function: Callable, given: dict[Any, Any], workers: int
) -> Generator[tuple[Any, Any]]:
    """(key, what `function` makes of its value) as they finish, by processes of this machine, which
    only pipes connect.
    """
    from concurrent.futures.process import BrokenProcessPool

    environment = dict(os.environ)  # which joblib adds to
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor

    # A worker that has grown by 300 MB is replaced; that is no news, and where warnings are errors
    # the thread that hands out the tasks would die of it.
    warnings.filterwarnings("ignore", message="A worker stopped while", category=UserWarning)
    pool = Parallel(
        n_jobs=min(workers, len(given)),
        backend="loky",
        return_as="generator_unordered",
        max_nbytes=None,
        inner_max_num_threads=1,
        idle_worker_timeout=5,
    )
    results: Any = pool(delayed(_keyed)(function, key, value) for key, value in given.items())
    try:
        # What is not yet done when we are closed is to be given up without a word.
        for pair in results:  # noqa: UP028
            yield pair
    except BrokenProcessPool:
        raise RepliconError(
            "A worker was killed, perhaps for want of memory: what was finished is kept; run the"
            " same command again, with fewer workers."
        ) from None
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results.close()
        # Workers kept for the next study may leave just when it hands them its tasks.
        kept: Any = get_reusable_executor  # its default, 'auto', is not all it takes
        kept(reuse=True).shutdown()
        for name in set(os.environ) - set(environment):
            del os.environ[name]


def _keyed(function: Callable, key: Any, value: Any) -> tuple[Any, Any]:
    return key, function(value)


def by_scheduler(
    run: Callable, given: dict[str, Any], scheduler: str
) -> Generator[tuple[str, Any]]:
    """The same by a running scheduler of dask's, as it is secured."""
    from distributed import Client, as_completed

    try:
        client = Client(scheduler, timeout=_PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(
            f"No scheduler answers at '{scheduler}' ({error}): give the address of a running dask"
            " scheduler, such as tcp://host:8786."
        ) from None
    with client:
        futures = {client.submit(run, task, pure=False): name for name, task in given.items()}
        for future in as_completed(futures):
            yield futures[future], future.result()
