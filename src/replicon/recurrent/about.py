"""What a reader is told of the models of this system."""

from replicon._about import About

_CHAOS = "Recurrent networks, chaos and the edge of chaos"
_PSEUDO_POTENTIAL = "Pseudo-potential of non-equilibrium steady states"
_KINETIC = (
    r"E(x) = \frac{1}{2} \sum_i \Bigl(-x_i + \sum_j J_{ij} \phi(x_j)\Bigr)^2 + \eta \sum_i x_i^2"
)
_MOTION = r"\dot x_i = -x_i + \sum_j J_{ij} \phi(x_j) + \xi_i(t)"
_MAP = r"x_i(t + 1) = \sum_j J_{ij} \phi(x_j(t)) + \xi_i(t)"
_EQUILIBRIUM = r"P(x) = \frac{1}{Z} e^{-E(x)/T}"

DYNAMICS = About(
    summary=(
        "N neurons with random couplings. Where the gain is small all activity dies; beyond a"
        " critical gain it goes on for ever, and is chaotic."
    ),
    formulas={
        "Motion": _MOTION,
        "in discrete time": _MAP,
        "Couplings and noise": (
            r"\langle J_{ij}^2 \rangle = \frac{g^2}{N}, \quad \langle J_{ij} J_{ji} \rangle ="
            r" \frac{\gamma g^2}{N}, \quad \langle J_{ij} \rangle = \frac{M}{N}, \quad"
            r" \langle \xi_i(t) \xi_i(t') \rangle = 2 D\, \delta(t - t')"
        ),
        "One neuron in its field": (
            r"\dot x = -x + M k + g\,\eta(t) + g^2 \gamma \int_0^t \mathrm{d}t'\, R(t, t')"
            r" \phi(x(t')) + \xi(t)"
        ),
        "with": (
            r"k = \langle \phi \rangle, \quad \langle \eta(t) \eta(t') \rangle ="
            r" \langle \phi(x(t)) \phi(x(t')) \rangle, \quad R(t, t') ="
            r" \frac{\partial \langle \phi(x(t)) \rangle}{\partial h(t')}"
        ),
        "Stationary, without symmetry and M": (
            r"\ddot\Delta(\tau) = \Delta(\tau) - g^2 C_\phi(\tau), \quad \dot\Delta(0^+) = -D,"
            r" \quad C_\phi(\tau) = \langle \phi(x(t)) \phi(x(t + \tau)) \rangle"
        ),
        "Largest Lyapunov exponent": (
            r"\lambda = -1 + \sqrt{1 - e_0}, \quad e_0 \text{ the ground state of }"
            r" -\partial_\tau^2 + 1 - g^2 C_{\phi'}(\tau)"
        ),
    },
    assumes=(
        "Couplings are normal and each small, between all neurons, and their number goes to"
        " infinity first: a neuron then feels a Gaussian field with the statistics of all"
        " neurons.",
        "Branch stationary: a steady state, without symmetry of the couplings or at rest. Branch"
        " two-time: any symmetry, from a start of independent neurons; a window is as long as it"
        " is.",
        "With symmetry one neuron's trajectories are sampled, so that theory itself has an error.",
        "Just beyond the onset of chaos finite networks are far from the limit, with thousands of"
        " neurons too.",
    ),
    chapter=_CHAOS,
    papers=(
        "Mastrogiuseppe & Ostojic, Neuron 99, 609 (2018)",
        "Crisanti & Sompolinsky, PRE 98, 062120 (2018)",
        "Marti, Brunel & Ostojic, PRE 97, 062314 (2018)",
        "Zou & Huang, SciPost Phys. Lect. Notes 79 (2024)",
    ),
)

FIXED_POINTS = About(
    summary=(
        "The speed of a random recurrent network, taken as an energy: its ground states are the"
        " fixed points of the motion, and its Boltzmann measure describes the steady states of a"
        " system that is not in equilibrium."
    ),
    formulas={
        "Kinetic energy": _KINETIC,
        "Boltzmann measure": _EQUILIBRIUM,
        "Fixed points, T = 0": r"x = g \sqrt{C}\,z + g^2 \gamma R\,\phi(x)",
        "Order parameters, T = 0": (
            r"C = \int \mathrm{D}z\, \phi(x)^2, \quad R = \int \mathrm{D}z\,"
            r" \frac{\phi'(x)}{1 - g^2 \gamma R\,\phi'(x)}"
        ),
        "Free entropy per neuron, T > 0, without overlap": (
            r"\Phi = -C \hat C - \frac{g^2 \gamma R^2}{2} + \ln \int \mathrm{d}x\,"
            r" \exp\Bigl[-\frac{y^2}{2 s} - \frac{1}{2} \ln\frac{s}{T} - \frac{\eta x^2}{T}"
            r" + \hat C \phi(x)^2\Bigr]"
        ),
        "where": r"y = x - g^2 \gamma R\,\phi(x), \quad s = T + g^2 C",
        "The edge of chaos": r"g_c = \frac{1}{\phi'(0) (1 + \gamma)}",
    },
    assumes=(
        "Couplings are normal, between all neurons, in infinite size.",
        "Replica symmetry. With symmetry of the couplings, beyond the edge of chaos and at low"
        " temperature, whether it holds is open.",
        "As T falls, each fixed point weighs 1/|det| of its linearised motion: not equally, and not"
        " as the motion visits it.",
        "At T = 0 numbers are those of a fixed point, stable or not; which it is, the replicon"
        " says.",
    ),
    chapter=_PSEUDO_POTENTIAL,
    papers=(
        "Sompolinsky, Crisanti & Sommers, PRL 61, 259 (1988)",
        "Wainrib & Touboul, PRL 110, 118101 (2013)",
    ),
)

NETWORK = About(
    summary=(
        "A recurrent network whose couplings are given: the connectome of C. elegans, a matrix of"
        " your own, or a list of edges. The gain scales them all. Where does rest end, and where"
        " does chaos begin?"
    ),
    formulas={
        "Motion": _MOTION,
        "in discrete time": _MAP,
        "Couplings": (
            r"J = \frac{g}{s} W, \quad s^2 = \frac{1}{N} \sum_{ij} W_{ij}^2, \quad"
            r" \gamma = \frac{\sum_{ij} J_{ij} J_{ji}}{\sum_{ij} J_{ij}^2}"
        ),
        "Response at rest": (
            r"R = \frac{a}{N} \operatorname{tr}\,(1 - a J)^{-1}, \quad a = \phi'(0)"
        ),
        "Rest ends where": r"g\, a\, l_1 = 1, \quad l_1 = \max_k \operatorname{Re} \lambda_k(J/g)",
        "Radius of the bulk": r"\rho^2 = \max_k \bigl|\lambda_k\bigl((J_{ij}/g)^2\bigr)\bigr|",
    },
    assumes=(
        "There is no limit of infinite size. Theory is the linear response of this very network"
        " about x = 0, exact as long as x = 0 is stable.",
        "Transition chaos is no theory: it is searched for with trajectories, and comes with its"
        " bracket.",
        "Neurons are rates. In the connectome numbers of synapses stand for strengths, and neurons"
        " that release GABA inhibit; true strengths and signs are not known.",
        "network=random compares with the elliptic law, hence with a Gaussian network of the same"
        " size and symmetry.",
    ),
    chapter=_CHAOS,
)

PSEUDO_POTENTIAL = About(
    summary=(
        "Two or three neurons whose pseudo-potential can be looked at: its minima are the fixed"
        " points of the motion, and a Boltzmann measure over all states finds them."
    ),
    formulas={
        "Pseudo-potential": _KINETIC,
        "Boltzmann measure": _EQUILIBRIUM,
        "Landscape of the first two neurons": (
            r"E(x_1, x_2) = -T \ln \int \mathrm{d}x_3\, e^{-E(x)/T} + \text{const}"
        ),
        "Langevin dynamics that samples it": (
            r"\dot x = -\nabla E(x) + \sqrt{2T}\,\xi(t), \quad"
            r" \langle \xi_i(t) \xi_j(t') \rangle = \delta_{ij}\, \delta(t - t')"
        ),
    },
    assumes=(
        "Nothing is approximated: the measure is summed over a grid that is fine enough, for three"
        " neurons at most and a bounded transfer function.",
        "The motion does not descend the pseudo-potential: along a trajectory E may rise. Stable"
        " and unstable fixed points are minima of it alike; which they are, `growth` says.",
    ),
    chapter=_PSEUDO_POTENTIAL,
)
