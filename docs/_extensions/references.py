"""Where the types of signatures lead: ours to their entries, those of others to the addresses
below. No inventory is fetched, so that the site is built without a network.
"""

import api_pages
import public
from docutils import nodes
from sphinx.application import Sphinx

PYTHON = "https://docs.python.org/3/library"
NUMPY = "https://numpy.org/doc/stable/reference"
XARRAY = "https://docs.xarray.dev/en/stable/generated"
ADDRESSES = {
    **{
        name: f"{PYTHON}/stdtypes.html#{name}"
        for name in ("str", "int", "float", "bool", "dict", "list", "tuple", "set")
    },
    **{name: f"{PYTHON}/functions.html#{name}" for name in ("object", "type")},
    "None": f"{PYTHON}/constants.html#None",
    "Any": f"{PYTHON}/typing.html#typing.Any",
    "Literal": f"{PYTHON}/typing.html#typing.Literal",
    "Unpack": f"{PYTHON}/typing.html#typing.Unpack",
    "Callable": f"{PYTHON}/collections.abc.html#collections.abc.Callable",
    "Mapping": f"{PYTHON}/collections.abc.html#collections.abc.Mapping",
    "Sequence": f"{PYTHON}/collections.abc.html#collections.abc.Sequence",
    "Iterable": f"{PYTHON}/collections.abc.html#collections.abc.Iterable",
    "Iterator": f"{PYTHON}/collections.abc.html#collections.abc.Iterator",
    "Path": f"{PYTHON}/pathlib.html#pathlib.Path",
    "np.ndarray": f"{NUMPY}/generated/numpy.ndarray.html",
    "np.random.Generator": f"{NUMPY}/random/generator.html",
    "xr.Dataset": f"{XARRAY}/xarray.Dataset.html",
    "xr.DataArray": f"{XARRAY}/xarray.DataArray.html",
    "xarray.Dataset": f"{XARRAY}/xarray.Dataset.html",
    "xarray.DataArray": f"{XARRAY}/xarray.DataArray.html",
    "jax.Array": "https://docs.jax.dev/en/latest/_autosummary/jax.Array.html",
    "Figure": "https://matplotlib.org/stable/api/figure_api.html",
}


def resolve(app: Sphinx, env, node, contnode):
    """A link for a name in a signature; None where it is not known, which is a warning."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    if target in ADDRESSES:
        link = nodes.reference("", "", contnode, internal=False, refuri=ADDRESSES[target])
        link["reftitle"] = target
        return link
    ours = env.ours.get(target)
    if not ours:
        return None
    domain = env.get_domain("py")
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", ours, node, contnode)


def gather(app: Sphinx, env, docnames) -> None:
    """{name as signatures write it: its path}, of the public names and the types."""
    env.ours = {one.name: one.home for one in reversed(public.names())}
    env.ours |= {name: f"replicon.{file}.{name}" for name, file in api_pages.TYPES.items()}


def setup(app: Sphinx) -> dict:
    """Resolve before Sphinx lets go of Python's own names without a link."""
    app.connect("env-before-read-docs", gather)
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True}
