"""Small real data sets, shipped with the package (origin and licence in README.md beside them), and
readers of users' files and objects.

`digits`: 5000 MNIST digits with labels. `binary_digits`: a thousand of them as patterns of +-1.
`load_patterns`: +-1 patterns of your own. `load_network`: couplings of your own, from matrices,
tables, graphs. `Network`: what it returns.
`load_rows`: binary rows of your own.
`bin_spikes`: rows of your recorded spikes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from replicon._rooms import contents

if TYPE_CHECKING:
    from replicon.data.networks import Network, load_network
    from replicon.data.patterns import binary_digits, digits, load_patterns
    from replicon.data.rows import load_rows
    from replicon.data.spikes import bin_spikes

__getattr__, __dir__, __all__ = contents(
    __name__,
    {
        "patterns": ["binary_digits", "digits", "load_patterns"],
        "networks": ["Network", "load_network"],
        "rows": ["load_rows"],
        "spikes": ["bin_spikes"],
    },
)
