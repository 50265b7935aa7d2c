"""Prior x channel: N weights with a separable prior, P patterns with an output channel. Each is one
log-integral; the replica theory and message passing follow by differentiation.

Factors: `Prior` and `Channel`: what each is made of. Priors: `ising`, `discrete`, `gaussian`,
`spherical`. Channels: `sign` (labels of a rule), `threshold` and `symmetric` (stabilities at least,
or at most, a margin, with a leak at temperature > 0).

Theory: `storage`: random labels. `bayes_optimal`: a student who knows the teacher's prior and
channel. `planted`: one who is wrong about them. `Theory`: what these return. `Overlaps`, `Matched`,
`Planted`: their order parameters. `state_evolution`: the iteration that message passing follows.
`replica`: the file of these. `one_step`: the file of the same with one step of replica-symmetry
breaking.

Instances: `message_passing`: AMP on patterns of your own. `MessagePassing`: the same, stepped.
`WeightPosterior`: what they return.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from replicon._rooms import contents

if TYPE_CHECKING:
    from replicon.channel import one_step, replica
    from replicon.channel.amp import MessagePassing, WeightPosterior, message_passing
    from replicon.channel.factors import (
        Channel,
        Prior,
        discrete,
        gaussian,
        ising,
        sign,
        spherical,
        symmetric,
        threshold,
    )
    from replicon.channel.replica import (
        Matched,
        Overlaps,
        Planted,
        Theory,
        bayes_optimal,
        planted,
        state_evolution,
        storage,
    )

__getattr__, __dir__, __all__ = contents(
    __name__,
    {
        "factors": [
            "Channel",
            "Prior",
            "discrete",
            "gaussian",
            "ising",
            "sign",
            "spherical",
            "symmetric",
            "threshold",
        ],
        "replica": [
            "Matched",
            "Overlaps",
            "Planted",
            "Theory",
            "bayes_optimal",
            "planted",
            "replica",
            "state_evolution",
            "storage",
        ],
        "one_step": ["one_step"],
        "amp": ["MessagePassing", "WeightPosterior", "message_passing"],
    },
)
