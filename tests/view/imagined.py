"""Results of a study that nothing computed: smooth curves with noise on them, of the shapes that
its models declare, so that every figure of every study can be drawn in no time.
"""

import zlib

import numpy as np

from replicon._result import build
from replicon.study import catalogue

_LENGTHS = {"pixel": 16, "picture": 6, "neuron": 3, "entry": 16}  # of axes; others:
_LENGTH = 12


def imagined(plan):
    """{series: Dataset} of a plan."""
    return {one["series"]: _series(one) for one in plan["series"]}


def _series(one):
    model = catalogue.get(one["model"]["name"])
    rng = np.random.default_rng(zlib.crc32(one["series"].encode()))
    coordinates = dict(one["controls"])
    attributes = {"controls": list(coordinates)}
    if one["kind"] == "transition":
        values = {"value": _smooth(rng, _grid(coordinates), ())}
        transition = model.transition(one["transition"])
        attributes |= {"transition": transition.name, "control": transition.control}
        kind, inner = "transition", ()
    elif one["kind"] == "theory":
        values = _observables(model, "theory", rng, _grid(coordinates), ())
        values["stable"] = (values["stable"] > 1.5).astype(float)
        kind, inner = "solve", ()
    else:
        coordinates = {"size": one["sizes"], **coordinates}
        values = _observables(
            model, "simulation", rng, _grid(coordinates), (("sample", one["samples"]),)
        )
        kind, inner = "simulate", ("sample",)
    return build(
        kind=kind,
        model=model,
        coordinates=coordinates,
        values=values,
        inner=inner,
        attributes=attributes,
    )


def _grid(coordinates):
    return tuple(len(value) for value in coordinates.values() if isinstance(value, list))


def _observables(model, role, rng, grid, inner):
    out = {"stable": _smooth(rng, grid, ())} if role == "theory" else {}
    if role == "theory" and model.potential is not None:
        out[model.potential] = _smooth(rng, grid, ())
    for observable in (*model.observables, *model.arrays):
        if observable.role in ("both", role):
            own = [
                len(axis.coordinate)
                if axis.coordinate and not isinstance(axis.coordinate, str)
                else _LENGTHS.get(axis.name, _LENGTH)
                for axis in observable.axes
            ]
            values = _smooth(rng, grid, (*(n for _, n in inner), *own))
            out[observable.name] = (values > 2).astype(float) if observable.fraction else values
    for name in ("axis_1", "axis_2", "time", "epoch", "overlap_level"):  # that increase
        if name in out:
            out[name] = np.sort(out[name] / 3, axis=-1)
    return out


def _smooth(rng, grid, inner):
    """Positive numbers (points, *inner) between 1 and 3 that bend along the last listed control,
    with noise along other axes than that.
    """
    shape = (*grid, *inner)
    along = np.arange(grid[-1] if grid else 1).reshape(-1, *[1] * len(inner))
    waves = 2 + np.cos(rng.uniform(0.1, 6) + along * rng.uniform(0.05, 0.8))
    noise = rng.normal(0, 0.1, shape) if inner else rng.normal(0, 0.1, (*shape[:-1], 1))
    return np.clip(waves + noise, 0.05, None).reshape(-1, *inner)
