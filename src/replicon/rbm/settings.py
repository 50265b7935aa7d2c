"""What the parameters of a restricted Boltzmann machine may be."""

from __future__ import annotations

import numpy as np

from replicon._declare import Interval, Words
from replicon._domains import check_parameter, show
from replicon._errors import InputError
from replicon._seed import read_generator
from replicon.data.binary import check_binarize

OPTIMIZERS = ("sgd", "momentum", "adam")
# units of the smaller layer whose states are summed over when the machine is sampled or watched
SUMMED = 14

_COUNT = Interval(1, integer=True)
_RATE = Interval(0)
_DOMAINS = {
    "hidden": _COUNT,
    "visible": Words(("binary", "gaussian")),
    "method": Words(("cd", "pcd", "pt")),
    "steps": _COUNT,
    "epochs": Interval(0, integer=True),
    "batch_size": _COUNT,
    "chains": _COUNT,
    "temperatures": Interval(2, integer=True),
    "learning_rate": _RATE,
    "weight_decay": _RATE,
    "initial_scale": _RATE,
    "record_every": Interval(0, integer=True),
    "dtype": Words(("float32", "float64")),
}
_OPTIONAL = ("batch_size", "chains")


def check_settings(machine) -> None:
    """Refuse parameters of a restricted Boltzmann machine outside their domains."""
    for name, domain in _DOMAINS.items():
        value = getattr(machine, name)
        if value is not None or name not in _OPTIONAL:
            check_parameter(name, value, domain)
    check_binarize(machine.binarize)
    read_generator(machine.seed)
    for name in ("centred", "learn_variance"):
        value = getattr(machine, name)
        if not isinstance(value, (bool, np.bool_)):
            raise InputError(f"{name} = {show(value)} is outside its domain: give True or False.")
    if machine.visible == "gaussian" and machine.binarize is not None:
        raise InputError(
            f"binarize = {show(machine.binarize)} makes rows of 0 and 1, but visible='gaussian'"
            " takes them real-valued: leave one of both out."
        )
    if not hasattr(machine.optimizer, "update") and machine.optimizer not in OPTIMIZERS:
        raise InputError(
            f"optimizer = {show(machine.optimizer)} is not known: it is one of"
            f" {', '.join(OPTIMIZERS)}, or an optax.GradientTransformation."
        )
