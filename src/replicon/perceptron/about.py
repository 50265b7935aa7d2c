"""What a reader is told of the models of this system."""

from replicon._about import About

_CHAPTER = "The perceptron"
_RANDOM = "Patterns are random and independent, and their number grows with that of the weights."

PERCEPTRON = About(
    summary=(
        "N binary or spherical weights have to give P = alpha N random patterns their random"
        " labels, each with a margin. How many weights do, how alike are they, and beyond which"
        " load are there none?"
    ),
    formulas={
        "Constraints": (
            r"u^\mu = \frac{y^\mu\, w \cdot x^\mu}{\sqrt{N}} \ge \kappa, \quad"
            r" \mu = 1, \dots, \alpha N"
        ),
        "Partition function; at T = 0 the number of solutions": (
            r"Z = \sum_w \prod_\mu e^{-\theta(\kappa - u^\mu)/T}"
        ),
        "Free entropy per weight, binary weights": (
            r"\varphi = -\frac{\hat q (1 - q)}{2} + \int \mathrm{D}z\, \ln 2\cosh(\sqrt{\hat q}\,z)"
            r" + \alpha \int \mathrm{D}z\, \ln H\Bigl(\frac{\kappa + \sqrt{q}\,z}{\sqrt{1 - q}}"
            r"\Bigr)"
        ),
        "Free entropy per weight, spherical weights": (
            r"\varphi = \frac{1}{2} \ln(1 - q) + \frac{q}{2 (1 - q)} + \alpha \int \mathrm{D}z\,"
            r" \ln H\Bigl(\frac{\kappa + \sqrt{q}\,z}{\sqrt{1 - q}}\Bigr)"
        ),
        "At temperature T": r"H \to e^{-1/T} + (1 - e^{-1/T}) H",
        "One step of breaking, binary weights": (
            r"\varphi = \frac{(1 - m) \hat q_1 q_1 + m \hat q_0 q_0 - \hat q_1}{2}"
            r" + \frac{W + \alpha X}{m}"
        ),
        "Weights and patterns": (
            r"W = \int \mathrm{D}z_0 \ln \int \mathrm{D}z_1 (2\cosh h)^m, \quad"
            r" X = \int \mathrm{D}z_0 \ln \int \mathrm{D}z_1 H(t)^m"
        ),
        "where": (
            r"h = \sqrt{\hat q_0}\,z_0 + \sqrt{\hat q_1 - \hat q_0}\,z_1, \quad"
            r" t = \frac{\kappa + \sqrt{q_0}\,z_0 + \sqrt{q_1 - q_0}\,z_1}{\sqrt{1 - q_1}}"
        ),
    },
    assumes=(
        _RANDOM,
        "Branch replica-symmetric takes all solutions as alike. The entropy of binary weights"
        " vanishes at the capacity; beyond it, and beyond the Almeida-Thouless line, the branch"
        " goes on and is wrong.",
        "Branch frozen holds above the capacity of binary weights: every cluster is a single weight"
        " vector (Krauth & Mezard).",
        "Branch one-step breaks the symmetry once; where it too is unstable, more steps are"
        " needed.",
        "The capacity 0.833 of binary weights is proved only under hypotheses on numerical"
        " maximisation (lower bound: Ding & Sun, Nakajima & Sun; upper bound: Huang).",
    ),
    chapter=_CHAPTER,
    papers=(
        "Gardner & Derrida, J. Phys. A 21, 271 (1988)",
        "Aubin, Perkins & Zdeborova, J. Phys. A 52, 294003 (2019)",
        "Ding & Sun, STOC (2019)",
        "B. Huang, arXiv 2404.18902 (2024)",
    ),
)

PERCEPTRON_TEACHER = About(
    summary=(
        "A student sees alpha N examples of a rule that a teacher of its own kind follows. How near"
        " does it come to the teacher, and when does it find it exactly? Binary weights do so"
        " suddenly."
    ),
    formulas={
        "Labels": r"y^\mu = \operatorname{sign}(w^* \cdot x^\mu), \quad \mu = 1, \dots, \alpha N",
        "Free entropy per weight, binary weights": (
            r"\varphi = -\frac{\hat r (1 + r)}{2} + \int \mathrm{D}z\, \ln 2\cosh(\sqrt{\hat r}\,z"
            r" + \hat r) + 2 \alpha \int \mathrm{D}z\, H(-s z) \ln H(-s z)"
        ),
        "where": r"s = \sqrt{\frac{r}{1 - r}}, \quad r = \frac{w \cdot w^*}{N}",
        "Generalization error": r"\epsilon_g = \frac{1}{\pi} \arccos r",
    },
    assumes=(
        _RANDOM,
        "The student knows of which kind the teacher is, and that labels have no noise"
        " (Bayes-optimal). Then a student is to the teacher as to another student, and replica"
        " symmetry is exact.",
        "The error is that of one student drawn from all that agree with the examples; a vote of"
        " all errs less.",
        "Branch algorithmic is what message passing reaches in infinite size. Between perfect"
        " learning and the spinodal it stays behind what the examples would allow.",
    ),
    chapter=_CHAPTER,
    papers=(
        "Seung, Sompolinsky & Tishby, Phys. Rev. A 45, 6056 (1992)",
        "Barbier et al., PNAS 116, 5451 (2019)",
    ),
)

PERCEPTRON_LANDSCAPE = About(
    summary=(
        "Draw a solution of the binary perceptron at random, and count the solutions at distance d"
        " from it. Typical solutions are isolated: near enough there is none."
    ),
    formulas={
        "Franz-Parisi potential, chi(w) = 1 for solutions, else 0": (
            r"V(d) = \frac{1}{N} \left\langle \frac{1}{Z} \sum_w \chi(w) \ln \sum_{v} \chi(v)\,"
            r" \delta\bigl(w \cdot v,\, N (1 - 2d)\bigr) \right\rangle"
        ),
        "Replica symmetric, at overlap p = 1 - 2d": (
            r"V = \operatorname{extr} \left[-\hat p p + \hat t t - \frac{\hat s (1 - s)}{2}"
            r" + G_w + \alpha G_x\right]"
        ),
        "Weights": (
            r"G_w = \int \mathrm{D}z\,\mathrm{D}y \sum_{w = \pm 1} \frac{e^{h w}}{2\cosh h}"
            r" \ln 2\cosh\bigl(u + (\hat p - \hat t) w\bigr)"
        ),
        "Patterns": (
            r"G_x = \int \mathrm{D}z\,\mathrm{D}v\, \frac{1}{H(b)}"
            r" H\Bigl(\frac{b - \rho v}{\sqrt{1 - \rho^2}}\Bigr)"
            r" \ln H\Bigl(-\frac{t z/\sqrt{q} + S v}{\sqrt{1 - s}}\Bigr)"
        ),
        "where": (
            r"h = \sqrt{\hat q}\,z, \quad u = \frac{\hat t z}{\sqrt{\hat q}}"
            r" + \sqrt{\hat s - \hat t^2/\hat q}\,y"
        ),
        "and": (
            r"b = -\sqrt{\frac{q}{1 - q}}\,z, \quad S^2 = s - \frac{t^2}{q}, \quad"
            r" \rho = \frac{p - t}{S \sqrt{1 - q}}"
        ),
    },
    assumes=(
        "Binary weights, margin zero, random patterns; the solution in the middle is drawn"
        " uniformly from all.",
        "Replica symmetry, of the solution in the middle and of those around it.",
        "Isolation is proved for the symmetric perceptron under an assumption (Perkins & Xu; Abbe,"
        " Li & Sly); here it is a result of replica theory.",
    ),
    chapter=_CHAPTER,
    papers=(
        "Franz & Parisi, J. Phys. I 5, 1401 (1995)",
        "Perkins & Xu, STOC (2021)",
        "Abbe, Li & Sly, FOCS (2021)",
    ),
)

PERCEPTRON_PAIRS = About(
    summary=(
        "Count the pairs of solutions of the binary perceptron at every distance: how wide their"
        " space is, and, at high load, a gap of distances at which no two solutions lie. The same"
        " about a random configuration."
    ),
    formulas={
        "Entropy of ordered pairs, chi(w) = 1 for solutions, else 0": (
            r"s_2(d) = \frac{1}{N} \left\langle \ln \sum_{w, v} \chi(w) \chi(v)\,"
            r" \delta\bigl(w \cdot v,\, N (1 - 2d)\bigr) \right\rangle"
        ),
        "Replica symmetric, at overlap p = 1 - 2d": (
            r"s_2 = \operatorname{extr} \left[-(J + \hat q) p - \hat q (1 - 2q)"
            r" + \int \mathrm{D}z \ln Z(z) + \alpha \int \mathrm{D}z \ln K(z)\right]"
        ),
        "Weights": r"Z(z) = 2 e^{J} \cosh(2 \sqrt{\hat q}\,z) + 2 e^{-J}",
        "Patterns": (
            r"K(z) = 2 \int_{-h}^\infty \mathrm{D}x\, H(a x), \quad"
            r" h = \frac{\sqrt{q}\,z - \kappa}{\sqrt{1 - q}}, \quad"
            r" a^2 = \frac{1 - p}{1 + p - 2q}"
        ),
        "Coupling field": r"x = -\frac{\partial s_2}{\partial p}",
        "Annealed, margin zero": (
            r"s_2 \le \ln 2 - d \ln d - (1 - d) \ln(1 - d) + \alpha \ln\Bigl(\frac{1}{2}"
            r" - \frac{\arccos p}{2 \pi}\Bigr)"
        ),
        "Around a random configuration": (
            r"s = \operatorname{extr} \Bigl[-h p - \frac{\hat q (1 - q)}{2} + \int \mathrm{D}z"
            r" \ln 2\cosh(\sqrt{\hat q}\,z + h) + \alpha \int \mathrm{D}z \ln H\Bigl("
            r"\frac{\kappa - \sqrt{q}\,z}{\sqrt{1 - q}}\Bigr)\Bigr]"
        ),
    },
    assumes=(
        "Binary weights and random patterns.",
        "Replica symmetry, and that the members of a pair are alike; both are tested: stable is"
        " false where they fail, and where there are no pairs.",
        "The pairs counted need not hold a typical solution: where their entropy is below that of"
        " solutions, a typical solution has no partner.",
        "Branch annealed averages the number itself, which rare instances dominate: an upper"
        " bound.",
        "What a finite network has at D weights is compared with the number C(N, D) of all vectors"
        " there, which removes the largest correction in 1/N.",
    ),
    chapter=_CHAPTER,
    papers=("Huang & Kabashima, PRE 90, 052813 (2014)",),
)

PERCEPTRON_CLUSTERS = About(
    summary=(
        "y solutions held at a mutual overlap weigh regions by how many solutions lie close"
        " together. They find rare dense clusters, in which algorithms end, where typical solutions"
        " are isolated."
    ),
    formulas={
        "Weight of y replicas, chi(w) = 1 for solutions, else 0": (
            r"Z_y = \sum_{w^1, \dots, w^y} \prod_a \chi(w^a) \prod_{a<b} \delta\bigl(w^a \cdot w^b,"
            r"\, N q_1\bigr), \quad \varphi = \frac{1}{N y} \langle \ln Z_y \rangle"
        ),
        "Entropy inside a cluster, and entropy of clusters, T = 0": (
            r"S_{\text{int}} = \frac{\partial (y \varphi)}{\partial y}, \quad"
            r" S_{\text{ext}} = y (\varphi - S_{\text{int}})"
        ),
        "Free entropy per weight, y = inf": (
            r"\varphi = -\frac{\hat q (1 - q_1 + \delta q)}{2} - \frac{q_1 \delta\hat q}{2}"
            r" + W + \alpha X"
        ),
        "Weights": (
            r"W = \int \mathrm{D}z \Bigl[\ln 2\cosh h - \frac{\delta\hat q}{2} \tanh^2 h\Bigr],"
            r" \quad h = \sqrt{\hat q}\,z + \delta\hat q \tanh h"
        ),
        "Patterns": (
            r"X = \int \mathrm{D}z \Bigl[\ln H(\tau) - \frac{(\omega - \sqrt{q_1}\,z)^2}"
            r"{2\,\delta q}\Bigr], \quad \omega = \sqrt{q_1}\,z + \delta q\, g"
        ),
        "where": (
            r"\tau = \frac{\kappa - \omega}{\sqrt{1 - q_1}}, \quad"
            r" g = \frac{e^{-\tau^2/2}}{\sqrt{2\pi (1 - q_1)}\, H(\tau)}"
        ),
        "At temperature T each replica weighs": (
            r"e^{-E(w^a)/T}, \quad H \to e^{-1/T} + (1 - e^{-1/T}) H"
        ),
        "then": (
            r"S_{\text{int}} = \varphi_{\text{int}} + \frac{e}{T}, \quad"
            r" \varphi_{\text{int}} = \frac{\partial (y \varphi)}{\partial y}, \quad"
            r" S_{\text{ext}} = y (\varphi - \varphi_{\text{int}})"
        ),
    },
    assumes=(
        "Random patterns. Weights other than binary are known for finitely many replicas only.",
        "The solutions of a cluster are alike, and so are the clusters: the symmetry is not broken"
        " further.",
        "Numbers count while the external entropy is not negative: beyond, there are no such"
        " clusters.",
        "Clusters are rare. A solution drawn uniformly lies in none: they say what algorithms may"
        " find, not what is typical.",
        "On an instance belief propagation knows all that theory does; annealing knows errors and"
        " overlaps. Descent has no temperature: its errors are those of an algorithm.",
    ),
    chapter=_CHAPTER,
    papers=("Baldassi et al., PRL 127, 278301 (2021)",),
)

PERCEPTRON_ALGORITHMS = About(
    summary=(
        "Eleven ways to look for binary weights without error, on the same instances and with the"
        " same budget: message passing with reinforcement or with a focus, weights as a"
        " distribution, local rules, annealing, and trying all."
    ),
    formulas={
        "Wanted": r"w \in \{-1, 1\}^N, \quad y^\mu\, w \cdot x^\mu \ge 0, \quad \mu = 1, \dots, P",
        "Reinforcement (reinforced-bp, reinforced-amp)": (
            r"h_i \leftarrow h_i^{\text{messages}} + r_t\, h_i, \quad r_t = 1 - (1 - \delta)^t"
        ),
        "Focusing, y replicas": (
            r"h_i \leftarrow h_i^{\text{messages}} + \operatorname{artanh}\bigl(J \tanh((y - 1)"
            r" \operatorname{artanh}(J \tanh h_i))\bigr), \quad J = \tanh\gamma_t"
        ),
        "Weights as a distribution (variational)": (
            r"\theta_i \leftarrow \theta_i + \eta\, \frac{\partial}{\partial m_i} \sum_\mu"
            r" \ln H\Bigl(-\frac{\omega_\mu}{\sqrt{V_\mu}}\Bigr), \quad m_i = \tanh\theta_i, \quad"
            r" \omega_\mu = \sum_i F_{\mu i} m_i, \quad V_\mu = \sum_i F_{\mu i}^2 (1 - m_i^2)"
        ),
        "Annealing": (
            r"P(w) \propto \exp\Bigl[-\frac{1}{T} \sum_\mu \theta(-y^\mu\, w \cdot x^\mu)\Bigr]"
        ),
    },
    assumes=(
        "There is no theory of this model. What no algorithm can pass is the capacity of the model"
        " perceptron, 0.833 for random patterns.",
        "The local entropy is that of approximate message passing about the weights found, over"
        " instances that were solved and where it converged.",
    ),
    chapter=_CHAPTER,
    papers=(
        "Baldassi, Braunstein, Brunel & Zecchina, PNAS 104, 11079 (2007)",
        "Baldassi & Braunstein, J. Stat. Mech. P08008 (2015)",
        "Baldassi et al., PRL 120, 268103 (2018)",
    ),
)
