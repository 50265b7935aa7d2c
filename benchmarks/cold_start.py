"""The first answer of every model: seconds of a new process with empty caches, where they go, and
the same in a second process that finds what the first has compiled.

One row a model at its defaults (and the perceptron's capacity): import of Replicon and all it
loads, tracing (JAX reads the formulas), lowering (StableHLO), compilation (XLA), the rest (running,
and whatever Numba does), and the instructions of all compiled graphs. The floor of a first process
is the import of JAX (first line). `python benchmarks/cold_start.py [MODEL ...] [--grid]`.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

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
if transition:
    replicon.find_transition(model, transition, **controls)
else:
    replicon.solve(model, **controls)
print(json.dumps({
    "jax": imported,
    "trace": spent.get("jaxpr_trace_duration", 0.0),
    "lower": spent.get("jaxpr_to_mlir_module_duration", 0.0),
    "compile": spent.get("backend_compile_duration", 0.0),
    "whole": time.perf_counter() - begin,
}))
"""
_IMPORT = "import time; b = time.perf_counter(); import jax; print(time.perf_counter() - b)"


def asked(names):
    """[(what is shown, model, transition or '', controls)] of all models with a theory."""
    import replicon

    with_theory = [name for name in replicon.models() if replicon.describe(name)["theory"]]
    rows = [(name, name, "", {}) for name in with_theory]
    rows.append(("perceptron capacity", "perceptron", "capacity", {}))
    return [row for row in rows if not names or row[1] in names or row[0] in names]


def measured(row, folder):
    """Seconds of one new process whose caches lie in `folder`, and of the whole of it."""
    environment = {
        **os.environ,
        "JAX_COMPILATION_CACHE_DIR": f"{folder}/jax",
        "NUMBA_CACHE_DIR": f"{folder}/numba",
        "XDG_CACHE_HOME": f"{folder}/cache",
    }
    begin = time.perf_counter()
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, json.dumps(row[1:])],
        check=True,
        env=environment,
        capture_output=True,
        text=True,
    )
    return json.loads(child.stdout), time.perf_counter() - begin


if __name__ == "__main__":
    rows = asked(sys.argv[1:])
    print("seconds              first process                               second")
    print("model                 whole   jax  trace  lower  compile  rest     whole")
    for row in rows:
        with tempfile.TemporaryDirectory() as folder:
            first, whole = measured(row, folder)
            _, again = measured(row, folder)
        parts = [first[name] for name in ("jax", "trace", "lower", "compile")]
        jax, trace, lower, compiled = parts
        rest = whole - sum(parts)
        print(
            f"{row[0]:<21}{whole:6.2f}{jax:6.2f}{trace:7.2f}{lower:7.2f}{compiled:9.2f}{rest:6.2f}"
            f"{again:10.2f}",
            flush=True,
        )
