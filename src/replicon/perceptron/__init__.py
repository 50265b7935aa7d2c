"""The perceptron: how many weights store random labels or learn a rule, how they lie, and how to
find them.

Models: perceptron, perceptron-teacher, perceptron-algorithms, perceptron-clusters,
perceptron-landscape, perceptron-pairs.

For patterns of your own, labels absorbed: `find_weights`: binary weights without error, by ten
algorithms. `Search`: what it returns. `count_solutions`: entropy of all solutions and marginals of
the weights. `local_entropy`: entropy of solutions at a distance. `WeightMarginals`: what the two
return. `count_near`: numbers of solutions a few flips away.
"""

from typing import TYPE_CHECKING

from replicon._rooms import contents
from replicon.perceptron import (
    declare_algorithms,
    declare_clusters,
    declare_landscape,
    declare_pairs,
    declare_storage,
    declare_teacher,
)

MODELS = (
    declare_storage.model,
    declare_teacher.model,
    declare_algorithms.model,
    declare_clusters.model,
    declare_landscape.model,
    declare_pairs.model,
)

if TYPE_CHECKING:
    from replicon.perceptron.counting import WeightMarginals
    from replicon.perceptron.search import (
        Search,
        count_near,
        count_solutions,
        find_weights,
        local_entropy,
    )

__getattr__, __dir__, __all__ = contents(
    __name__,
    {
        "search": [
            "Search",
            "count_near",
            "count_solutions",
            "find_weights",
            "local_entropy",
        ],
        "counting": ["WeightMarginals"],
    },
)
