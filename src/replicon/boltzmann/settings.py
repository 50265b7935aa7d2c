"""What the parameters of a Boltzmann machine may be, and which data a method cannot have."""

from __future__ import annotations

import numpy as np

from replicon._declare import Interval, Words
from replicon._domains import check_parameter
from replicon._errors import InputError
from replicon._seed import read_generator
from replicon.boltzmann import inverse
from replicon.data.binary import check_binarize

LIKELIHOODS = ("pseudo-likelihood", "exact", "monte-carlo")
METHODS = (*inverse.CLOSED, *LIKELIHOODS)

COUNT = Interval(1, integer=True)
SEVERAL = Interval(2, integer=True)
_STRENGTH = Interval(0)
_DOMAINS = {
    "method": Words(METHODS),
    "penalty": Words(("l2", "l1")),
    "regularization": _STRENGTH,
    "field_regularization": _STRENGTH,
    "pseudocount": _STRENGTH,
    "chains": SEVERAL,
    "updates": SEVERAL,
    "sweeps": COUNT,
}


def check_settings(machine) -> None:
    """Refuse parameters outside their domains, and those that the method does not have."""
    for name, domain in _DOMAINS.items():
        check_parameter(name, getattr(machine, name), domain)
    read_generator(machine.seed)
    check_binarize(machine.binarize)
    for name in ("regularization", "field_regularization"):
        if getattr(machine, name) and machine.method in inverse.CLOSED:
            raise InputError(
                f"method={machine.method} has no {name}: leave it 0, give a pseudocount, or take"
                " method=pseudo-likelihood."
            )
    if machine.penalty == "l1" and machine.regularization and machine.method != "pseudo-likelihood":
        raise InputError(
            f"penalty=l1 belongs to method=pseudo-likelihood, not to {machine.method}: take"
            " penalty=l2."
        )


def check_moments(machine, data, name_of) -> None:
    """Refuse, without a pseudocount, what certainly has infinite parameters, and too few rows.

    data: `moments.Data`; name_of(column): how a sentence calls it.
    """
    rows = len(data.rows)
    count = len(data.m)
    free = not machine.regularization
    if not machine.field_regularization and (np.abs(data.m) == 1).any():
        spin = int(np.argmax(np.abs(data.m)))
        raise InputError(
            f"Column {name_of(spin)} is {data.m[spin]:+.0f} in all {rows} rows, so its field would"
            " be infinite: leave that column out, or give pseudocount > 0 or, with a likelihood"
            " method, field_regularization > 0."
        )
    if free and machine.method in ("pair", "bethe", *LIKELIHOODS):
        equal_only = machine.field_regularization > 0
        inverse.check_pairs(data.m, data.second, data.total / data.least, equal_only=equal_only)
    enough = max(rows, data.total)
    if enough < 2 * count and free and machine.method not in ("independent", "pair"):
        raise InputError(
            f"{rows} rows are too few for method={machine.method} with {count} spins: give at"
            f" least {2 * count}, or pseudocount > 0, or method=pseudo-likelihood with"
            " regularization > 0."
        )
