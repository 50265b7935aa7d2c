"""What a reader is told of the models of this system."""

from replicon._about import About

_CHAPTER = "The Ising model"
_MEASURE = r"P(s) = \frac{1}{Z} \exp\Bigl(\sum_{i<j} J_{ij} s_i s_j + \sum_i h_i s_i\Bigr)"

BOLTZMANN_MACHINE = About(
    summary=(
        "Rows of spins are drawn from an Ising model whose couplings are known, and eight methods"
        " infer the couplings back from the rows. How many rows does it take?"
    ),
    formulas={
        "Measure, beta absorbed": _MEASURE,
        "Naive mean field": r"J_{ij} = -(C^{-1})_{ij}, \quad C_{ij} = \langle s_i s_j \rangle"
        r" - \langle s_i \rangle \langle s_j \rangle",
        "Error": r"\gamma^2 = \frac{\sum_{ij} (J_{ij} - J^*_{ij})^2}{\sum_{ij} (J^*_{ij})^2}",
        "Theory, methods that invert C": (
            r"\gamma^2 = \frac{1}{(\alpha - 1)^2} + \Bigl(\frac{\alpha}{\alpha - 1}\Bigr)^3"
            r" \frac{(1 + \beta^2)^2}{\alpha \beta^2}"
        ),
        "Theory, pairs alone": (
            r"\gamma^2 = \frac{\beta^2}{1 - \beta^2} + \frac{1}{\alpha \beta^2}"
        ),
    },
    assumes=(
        "Couplings of the Sherrington-Kirkpatrick kind without fields, above the spin-glass"
        " transition (beta < 1), and more rows than spins (load > 1).",
        "Spins and rows go to infinity together; rows are independent draws in equilibrium.",
        "Naive mean field, TAP and Bethe have the same error to leading order. The likelihood"
        " methods and diluted couplings have no theory here.",
    ),
    chapter=_CHAPTER,
    papers=(
        "Ackley, Hinton & Sejnowski, Cogn. Sci. 9, 147 (1985)",
        "de Almeida & Thouless, J. Phys. A 11, 983 (1978)",
    ),
)

BOLTZMANN_DATA = About(
    summary=(
        "A Boltzmann machine learns the means and pair correlations of real rows of spins. What it"
        " then says of triples, of the entropy and of the specific heat was not put in: it is what"
        " pairs explain."
    ),
    formulas={
        "Measure": _MEASURE,
        "Learning": (
            r"\Delta J_{ij} \propto \langle s_i s_j \rangle_{\text{data}}"
            r" - \langle s_i s_j \rangle_{\text{model}}, \quad \Delta h_i \propto \langle s_i"
            r" \rangle_{\text{data}} - \langle s_i \rangle_{\text{model}}"
        ),
        "Specific heat at temperature T": (
            r"C = \frac{\langle E^2 \rangle - \langle E \rangle^2}{N T^2}, \quad"
            r" P(s) \propto e^{-E(s)/T}"
        ),
    },
    assumes=(
        "There is no theory of this model: data are what they are.",
        "The fitted machine is the one of largest entropy with these means and pair correlations:"
        " it contains nothing else, and the weight decay takes a little of them away.",
    ),
    chapter=_CHAPTER,
    papers=("Ackley, Hinton & Sejnowski, Cogn. Sci. 9, 147 (1985)",),
)
