"""The first answer of every model: seconds of a new process with empty caches, where they go, and
the same in a second process that finds what the first has compiled.

One row a model at its defaults (and the perceptron's capacity): import of Replicon and all it
loads, tracing (JAX reads the formulas), lowering (StableHLO), compilation (XLA), the rest (running,
and whatever Numba does), the second process, and the same question once more within it. `cpu`:
seconds of processor of each, which other work on the machine hardly changes. The floor of a first
process is the import of JAX. `python benchmarks/cold_start.py [MODEL ...] [--json FILE]`; with a
file, the seconds of processor are kept in it too, the least of those measured so far.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_CHILD = """
import json, sys, time
begin = time.perf_counter()
import jax
from jax import monitoring
spent = {}
def listen(event, duration, **_):
    spent[event.rsplit("/", 1)[-1]] = spent.get(event.rsplit("/", 1)[-1], 0.0) + duration
monitoring.register_event_duration_secs_listener(listen)
imported = time.perf_counter() - begin
import replicon
model, transition, controls = json.loads(sys.argv[1])
def ask():
    if transition:
        replicon.find_transition(model, transition, **controls)
    else:
        replicon.solve(model, **controls)
ask()
answered = time.time()
spent_once = dict(spent)
again = time.process_time()
ask()
again = time.process_time() - again
print(json.dumps({
    "answered": answered,
    "jax": imported,
    "trace": spent_once.get("jaxpr_trace_duration", 0.0),
    "lower": spent_once.get("jaxpr_to_mlir_module_duration", 0.0),
    "compile": spent_once.get("backend_compile_duration", 0.0),
    "again": again,
}))
"""


def asked(names):
    """[(what is shown, model, transition or '', controls)] of all models with a theory."""
    import replicon

    with_theory = [name for name in replicon.models() if replicon.describe(name)["theory"]]
    rows = [(name, name, "", {}) for name in with_theory]
    rows.append(("perceptron capacity", "perceptron", "capacity", {}))
    return [row for row in rows if not names or row[1] in names or row[0] in names]


def measured(row, folder):
    """What one new process says whose caches lie in `folder`; `whole`, seconds from its start to
    its first answer; and `cpu`, those of all processors, its end included.
    """
    environment = {
        **os.environ,
        "JAX_COMPILATION_CACHE_DIR": f"{folder}/jax",
        "NUMBA_CACHE_DIR": f"{folder}/numba",
        "XDG_CACHE_HOME": f"{folder}/cache",
    }
    begin = time.time()
    before = processor_seconds()
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, json.dumps(row[1:])],
        check=True,
        env=environment,
        capture_output=True,
        text=True,
    )
    said = json.loads(child.stdout)
    return said | {
        "whole": said["answered"] - begin,
        "cpu": processor_seconds() - before - said["again"],
    }


def processor_seconds():
    """Of all processes begun here that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def keep(path, name, seconds):
    """Write seconds of processor to a file, the least of what it has and these."""
    have = json.loads(path.read_text()) if path.exists() else {}
    old = have.get(name, seconds)
    have[name] = {one: round(min(seconds[one], old[one]), 3) for one in seconds}
    path.write_text(json.dumps(have, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("models", nargs="*")
    arguments.add_argument("--json", type=Path)
    given = arguments.parse_args()
    print("seconds              first process" + " " * 42 + "second")
    parts = "  jax  trace  lower  compile  rest    cpu"
    print(f"model                 whole {parts}   whole    cpu  again")
    for row in asked(given.models):
        with tempfile.TemporaryDirectory() as folder:
            first = measured(row, folder)
            second = measured(row, folder)
        jax, trace, lower, compiled = (first[x] for x in ("jax", "trace", "lower", "compile"))
        rest = first["whole"] - jax - trace - lower - compiled
        print(
            f"{row[0]:<21}{first['whole']:6.2f}{jax:6.2f}{trace:7.2f}{lower:7.2f}{compiled:9.2f}"
            f"{rest:6.2f}{first['cpu']:7.2f}{second['whole']:8.2f}{second['cpu']:7.2f}"
            f"{second['again']:7.3f}",
            flush=True,
        )
        if given.json:
            seconds = {"first": first["cpu"], "second": second["cpu"], "again": second["again"]}
            keep(given.json, row[0], seconds)
