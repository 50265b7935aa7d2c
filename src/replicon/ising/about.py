"""What a reader is told of the models of this system."""

from replicon._about import About

_CHAPTER = "The Ising model"

CURIE_WEISS = About(
    summary=(
        "N Ising spins, each coupled to the mean of all. The simplest system in which order appears"
        " by itself: below T = J the spins choose a common sign."
    ),
    formulas={
        "Energy": r"E = -\frac{J}{2N} \Bigl(\sum_i s_i\Bigr)^2 - h \sum_i s_i, \quad s_i = \pm 1",
        "Free energy per spin": r"f(m) = \frac{J m^2}{2} - T \ln 2\cosh\frac{J m + h}{T}",
        "State equation": r"m = \tanh\frac{J m + h}{T}",
        "Susceptibility": r"\chi = \frac{1 - m^2}{T - J (1 - m^2)}",
        "Spinodal field": (
            r"|h| = J m_s - T \operatorname{artanh} m_s, \quad m_s = \sqrt{1 - T/J}"
        ),
    },
    assumes=(
        "Every spin is coupled to every other with the same strength, so that the mean field is"
        " exact in infinite size.",
        "A finite magnet differs by terms of order 1/N away from the critical point; at it, its"
        " magnetization is of order N^(-1/4).",
        "A branch is one solution of the state equation. A metastable one counts as well, though a"
        " finite magnet leaves it in the end.",
    ),
    chapter=_CHAPTER,
    papers=("Weiss, J. Phys. Theor. Appl. 6, 661 (1907)",),
)

SQUARE_LATTICE = About(
    summary=(
        "Ising spins on an L x L square lattice with periodic boundaries, each coupled to its four"
        " neighbours. One of the few systems whose phase transition is solved exactly, in infinite"
        " and in finite size."
    ),
    formulas={
        "Energy": r"E = -J \sum_{\langle ij \rangle} s_i s_j, \quad s_i = \pm 1",
        "Critical temperature": r"T_c = \frac{2 |J|}{\ln(1 + \sqrt{2})} \approx 2.269\, |J|",
        "Magnetization below it": r"M = \bigl[1 - \sinh^{-4}(2|J|/T)\bigr]^{1/8}",
        "Free energy per spin": (
            r"-\frac{f}{T} = \ln 2\cosh 2K + \frac{1}{\pi} \int_0^{\pi/2} \mathrm{d}\theta\,"
            r" \ln\frac{1 + \sqrt{1 - k^2 \sin^2\theta}}{2}"
        ),
        "where": r"K = \frac{|J|}{T}, \quad k = \frac{2 \sinh 2K}{\cosh^2 2K}",
    },
    assumes=(
        "There is no magnetic field: the lattice in a field is not solved.",
        "In infinite size the magnetization is the spontaneous one, the limit of a vanishing field."
        " A finite lattice has none, and its mean modulus is not known exactly.",
        "A finite lattice is a torus: its energy, specific heat and free energy are exact"
        " (Kaufman).",
        "An antiferromagnet is the ferromagnet of the staggered spins. On a torus of odd size,"
        " where it is frustrated, it is not solved.",
    ),
    chapter=_CHAPTER,
    papers=(
        "Swendsen & Wang, PRL 58, 86 (1987)",
        "Wolff, PRL 62, 361 (1989)",
    ),
)

SHERRINGTON_KIRKPATRICK = About(
    summary=(
        "N Ising spins, every pair coupled by a random number of either sign. Below T = 1 the spins"
        " freeze into many states that no pattern distinguishes: the reference of all spin glasses."
    ),
    formulas={
        "Energy": (
            r"E = -\sum_{i<j} J_{ij} s_i s_j - h \sum_i s_i, \quad"
            r" J_{ij} \sim \mathcal{N}(0, 1/N)"
        ),
        "Free energy per spin, replica symmetric": (
            r"f = -\frac{(1 - q)^2}{4T} - T \int \mathrm{D}z\, \ln 2\cosh\frac{\sqrt{q}\,z + h}{T}"
        ),
        "Overlap": r"q = \int \mathrm{D}z\, \tanh^2\frac{\sqrt{q}\,z + h}{T}",
        "Stable where (replicon)": (
            r"1 - \frac{1}{T^2} \int \mathrm{D}z\, \cosh^{-4}\frac{\sqrt{q}\,z + h}{T} > 0"
        ),
        "Continuous breaking, free energy": (
            r"f = -\frac{1}{4T} \Bigl(1 - 2 q_{\text{EA}} + \int_0^1 \mathrm{d}x\, q(x)^2\Bigr)"
            r" - \phi(0, h)"
        ),
        "Continuous breaking, Parisi's equation": (
            r"\frac{\partial \phi}{\partial q} = -\frac{1}{2} \Bigl[\frac{\partial^2 \phi}"
            r"{\partial y^2} + \frac{x(q)}{T} \Bigl(\frac{\partial \phi}{\partial y}\Bigr)^2\Bigr],"
            r" \quad \phi(q_{\text{EA}}, y) = T \ln 2\cosh\frac{y}{T}"
        ),
    },
    assumes=(
        "Every pair is coupled, by numbers of variance 1/N: each spin feels the sum of many weak"
        " couplings.",
        "ansatz=rs takes all replicas as alike. Below the Almeida-Thouless line this is wrong: the"
        " replicon is negative, and at T = 0 so is the entropy.",
        "ansatz=1rsb breaks the symmetry once, which is nearer to the truth and not yet it.",
        "ansatz=frsb is Parisi's solution, which is proved to be exact (Talagrand); it is computed"
        " with a staircase of eight steps.",
        "Finite glasses approach the limit slowly: their energies as N^(-2/3).",
    ),
    chapter=_CHAPTER,
    papers=(
        "de Almeida & Thouless, J. Phys. A 11, 983 (1978)",
        "Talagrand, Ann. Math. 163, 221 (2006)",
    ),
)

RANDOM_ENERGY = About(
    summary=(
        "2^N configurations whose energies are independent random numbers: the simplest spin glass,"
        " in which nothing is left but how many levels there are at each energy. Below a critical"
        " temperature the Gibbs measure condenses on the lowest few."
    ),
    formulas={
        "Energy": r"E_s \sim \mathcal{N}(0, N/2), \quad s \in \{-1, 1\}^N",
        "Number of levels at an energy": (r"s(e) = \ln 2 - e^2, \quad |e| \le \sqrt{\ln 2}"),
        "Critical temperature": r"T_c = \frac{1}{2 \sqrt{\ln 2}} \approx 0.6006",
        "Free entropy above it": r"\phi = \ln 2 + \frac{1}{4 T^2}",
        "Free entropy below it": r"\phi = \frac{\sqrt{\ln 2}}{T}",
        "Free energy of replicas in groups of m": (
            r"f(m) = -\frac{T \ln 2}{m} - \frac{m}{4T}, \quad"
            r" f'(m) = 0 \text{ at } m = \frac{T}{T_c}"
        ),
        "Overlap of two replicas": (
            r"P(q) = (1 - Y)\, \delta(q) + Y\, \delta(q - 1), \quad"
            r" \langle Y \rangle = 1 - m"
        ),
        "Spread of it over samples": (
            r"\langle Y^2 \rangle - \langle Y \rangle^2 = \frac{m (1 - m)}{3}"
        ),
    },
    assumes=(
        "Energies are independent: a spin that flips says nothing on the energy it leads to. It is"
        " the limit of couplings of p spins each for large p.",
        "Where the entropy of the levels vanishes the annealed average ends: continued below the"
        " critical temperature it would have fewer than one level, and is refused.",
        "Below the critical temperature Y differs from sample to sample however large the system;"
        " theory gives its mean and its spread.",
        "Finite systems approach the limit as ln N / N: with 20 spins the ground state lies 7 %"
        " above it.",
        "Equilibrium is summed over all levels. The dynamics has no theory here.",
    ),
    chapter=_CHAPTER,
    papers=(
        "Gross & Mezard, Nucl. Phys. B 240, 431 (1984)",
        "Derrida & Toulouse, J. Physique Lett. 46, L223 (1985)",
        "Bouchaud, J. Physique I 2, 1705 (1992)",
    ),
)
