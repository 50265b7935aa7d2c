"""Restricted Boltzmann machines: what can be inferred from the data of a teacher, and machines that
learn from data of your own.

Models: rbm, rbm-unmatched, rbm-training.

`RestrictedBoltzmannMachine`: an estimator with scikit-learn's conventions, whose visible units are
binary or real-valued, and whose weights may come from elsewhere. `infer_features`: binary
weights, inverse temperature and correlation of the machine that made your data, as `Features`.
`LogPartition`: ln Z as its `log_partition` returns it. `MeanField`: TAP solutions as its
`mean_field` returns them.
"""

from typing import TYPE_CHECKING

from replicon._rooms import contents
from replicon.rbm import declare_inference, declare_learning, declare_unmatched

MODELS = (
    declare_inference.model,
    declare_unmatched.model,
    declare_learning.model,
)

if TYPE_CHECKING:
    from replicon.rbm.estimator import RestrictedBoltzmannMachine
    from replicon.rbm.features import Features, infer_features
    from replicon.rbm.partition import MeanField
    from replicon.spins.log_partition import LogPartition

__getattr__, __dir__, __all__ = contents(
    __name__,
    {
        "estimator": ["RestrictedBoltzmannMachine"],
        "features": ["Features", "infer_features"],
        "partition": ["LogPartition", "MeanField"],
    },
)
