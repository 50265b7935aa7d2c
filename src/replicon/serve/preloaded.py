"""What the processes of a page have imported before they begin (see `processes.preload`)."""

import warnings

# JAX warns where a process that has imported it is copied: here nothing of it runs yet.
warnings.filterwarnings("ignore", message=".*os.fork.*", category=RuntimeWarning)

import jax  # noqa: E402, F401
import numba  # noqa: E402, F401
import xarray  # noqa: E402, F401

import replicon.study.ask  # noqa: E402
import replicon.theory  # noqa: E402, F401
from replicon.serve import exhibits  # noqa: E402

# What each of the processes would import by itself, at the same time as the others.
exhibits.questions()
exhibits.networks()
