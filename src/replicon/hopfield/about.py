"""What a reader is told of the model of this system."""

from replicon._about import About

HOPFIELD = About(
    summary=(
        "N spins whose couplings store P = alpha N random patterns. Started near a pattern, the"
        " network recalls it, as long as there are not too many: at T = 0, beyond a load of 0.138,"
        " all are forgotten at once."
    ),
    formulas={
        "Energy": (
            r"E = -\frac{1}{2} \sum_{i \ne j} J_{ij} s_i s_j, \quad"
            r" J_{ij} = \frac{1}{N} \sum_{\mu=1}^{\alpha N} \xi_i^\mu \xi_j^\mu"
        ),
        "Free energy per spin": (
            r"f = \frac{\alpha}{2} + \frac{m^2}{2} + \frac{\alpha}{2} \Bigl[T \ln(1 - C)"
            r" - \frac{1 - T C}{1 - C}\Bigr] + \frac{\alpha r C}{2}"
            r" - T \int \mathrm{D}z\, \ln 2\cosh\frac{h}{T}"
        ),
        "Order parameters": (
            r"m = \int \mathrm{D}z\, \tanh\frac{h}{T}, \quad"
            r" q = \int \mathrm{D}z\, \tanh^2\frac{h}{T}, \quad r = \frac{q}{(1 - C)^2}"
        ),
        "where": r"h = m + \sqrt{\alpha r}\,z, \quad C = \frac{1 - q}{T}",
        "Stable where (replicon)": (
            r"1 - \frac{\alpha}{T^2 (1 - C)^2} \int \mathrm{D}z\, \cosh^{-4}\frac{h}{T} > 0"
        ),
        "Dense memory, rule=polynomial": (
            r"E = -\frac{N}{n} \sum_\mu m_\mu^n, \quad m_\mu = \frac{1}{N} \sum_i \xi_i^\mu s_i"
        ),
        "Modern memory, rule=exponential": r"E = -\ln \sum_\mu e^{N m_\mu}",
    },
    assumes=(
        "Patterns are random, unbiased and independent, and one of them is recalled: the overlaps"
        " with the others are noise. Real pictures are correlated, and Hebb's rule then forgets"
        " earlier.",
        "Couplings are Hebb's. The pseudo-inverse and the dense energies are simulated and have no"
        " theory here.",
        "All replicas in one state are alike (replica symmetry). For retrieval this fails only in a"
        " thin wedge at low temperature, below the Almeida-Thouless line; the spin-glass state"
        " breaks the symmetry everywhere.",
        "Equilibrium: theory says which states there are, not from how far a pattern is found.",
    ),
    chapter="The Hopfield model",
    papers=(
        "Hopfield, PNAS 79, 2554 (1982)",
        "Amit, Gutfreund & Sompolinsky, PRL 55, 1530 (1985)",
        "Personnaz, Guyon & Dreyfus, J. Physique Lett. 46, 359 (1985)",
        "Krotov & Hopfield, NeurIPS (2016)",
        "Demircigil et al., J. Stat. Phys. 168, 288 (2017)",
        "Ramsauer et al., ICLR (2021)",
    ),
)
