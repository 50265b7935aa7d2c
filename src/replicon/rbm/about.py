"""What a reader is told of the models of this system."""

from replicon._about import About

_CHAPTER = "Restricted Boltzmann machines"

RBM = About(
    summary=(
        "A machine with two hidden units sees samples of a teacher of its own kind, and no labels."
        " As samples become more, symmetries break one by one: first it learns anything at all,"
        " then its two units become different, then each belongs to a unit of the teacher."
    ),
    formulas={
        "Machine": (
            r"P(\sigma, h) \propto \exp\Bigl[\frac{\beta}{\sqrt{N}} \sum_i \sigma_i"
            r" (\xi_{i1} h_1 + \xi_{i2} h_2)\Bigr], \quad \sigma_i, h_k, \xi_{ik} = \pm 1"
        ),
        "Likelihood of a sample": (
            r"P(\sigma | \xi) = \frac{\cosh(\beta X_1) \cosh(\beta X_2)}"
            r"{2^N e^{\beta^2} \cosh(\beta^2 R)}, \quad X_k = \frac{\xi_k \cdot \sigma}{\sqrt{N}},"
            r" \quad R = \frac{\xi_1 \cdot \xi_2}{N}"
        ),
        "Posterior; p is the correlation, or 0 with prior=uniform": (
            r"P(\xi | \sigma^1, \dots, \sigma^{\alpha N}) \propto \prod_a P(\sigma^a | \xi)"
            r" \prod_i (1 + p\, \xi_{i1} \xi_{i2})"
        ),
        "Free entropy per visible unit": (
            r"\varphi = -2 (\hat T T + \hat\tau \tau) - \hat q_1 (1 - q_1) - \hat R R + \hat r r"
            r" + S_w + \alpha S_d"
        ),
        "Weights": (
            r"S_w = \left\langle \ln \sum_{\xi_1, \xi_2 = \pm 1} \frac{1 + p\, \xi_1 \xi_2}{4}"
            r" e^{a \xi_1 + b \xi_2 + (\hat R - \hat r) \xi_1 \xi_2} \right\rangle"
        ),
        "Data": (
            r"S_d = \left\langle \ln\frac{A_+ + A_-}{2} \right\rangle - \beta^2 q_1"
            r" - \ln\cosh(\beta^2 R), \quad A_\pm = e^{\pm\beta^2 (R - r)} \cosh\beta(a \pm b)"
        ),
        "Learning begins at": (r"\alpha = \frac{1}{\beta^4 (1 + t) (1 + q_0) (1 + t_p) (1 + p)}"),
        "where": (r"t = \tanh(\beta^2 q_0), \quad t_p = \tanh(\beta^2 p)"),
    },
    assumes=(
        "Few hidden units, however many visible ones: in infinite size the machine's own partition"
        " function is then known. The formulas are those of two; learning begins for K units at"
        " 1/beta^4 over the product of 1 + (K - 1) v, v each of q_0, p and the correlations of the"
        " hidden units that these make.",
        "Three and four units: T, q and R are symmetric under permutations of the units, so that"
        " all of them become different together; states in which only some do are not sought. More"
        " than four are known as long as they are alike, and without correlation.",
        "Weights are binary, and the teacher is of the student's kind, at the same temperature.",
        "Replica symmetry. With prior=informed the student knows the teacher's law, and it is"
        " exact; with prior=uniform it is assumed.",
        "The averages a, b of the formulas are normal, as in an infinite machine. Branch"
        " equilibrium is the one that is stable.",
    ),
    chapter=_CHAPTER,
    papers=("Huang & Toyoizumi, PRE 94, 062310 (2016)",),
)

RBM_UNMATCHED = About(
    summary=(
        "A student with one hidden unit looks for the direction in which the samples of a teacher"
        " vary, and believes them more, or less, than they deserve. One that believes too much"
        " freezes in a direction of its own before it finds the teacher's. One of several units may"
        " be wrong about the correlation of its teacher's too."
    ),
    formulas={
        "Samples": (
            r"P(\sigma) \propto \cosh(\beta_0 X^*), \quad X^* = \frac{\xi^* \cdot \sigma}"
            r"{\sqrt{N}}, \quad \sigma_i, \xi^*_i = \pm 1"
        ),
        "Student's posterior": (
            r"P(\xi | \sigma^1, \dots, \sigma^{\alpha N}) \propto \prod_a \cosh(\beta X_a),"
            r" \quad X_a = \frac{\xi \cdot \sigma^a}{\sqrt{N}}"
        ),
        "Free entropy per weight": (
            r"\varphi = -\hat T T - \frac{\hat q (1 - q)}{2} + \int \mathrm{D}z\,"
            r" \ln 2\cosh(\hat T + \sqrt{\hat q}\,z) + \alpha \Bigl[\int \mathrm{D}z\,"
            r" \ln\cosh(\beta a) - \frac{\beta^2 q}{2}\Bigr]"
        ),
        "where": r"a = \beta_0 T + \sqrt{q}\,z",
        "Hopfield expansion, D = 1 - beta^2 (1 - q) > 0": (
            r"\cosh(\beta X) \to e^{\beta^2 X^2/2}, \quad [\dots] \to -\frac{\ln D}{2}"
            r" + \frac{\beta^2 (q + \beta_0^2 T^2)}{2 D}"
        ),
        "Entropy of the weights": (
            r"S_w = \frac{1}{N} \Bigl(\ln Z - \sum_a \langle \ln\cosh \beta X_a \rangle\Bigr)"
        ),
        "Thermodynamic entropy": (
            r"S_{\mathrm{th}} = \frac{1}{N} \Bigl(\ln Z - \beta \sum_a \langle X_a"
            r" \tanh \beta X_a \rangle\Bigr) = \Bigl(1 - \beta \frac{\partial}{\partial \beta}"
            r"\Bigr) \frac{\ln Z}{N}"
        ),
        "Spin glass, and signal, from the paramagnet": (
            r"\alpha = \beta^{-4}, \quad \alpha = (\beta \beta_0)^{-2}"
        ),
        "The same of K units": (
            r"\alpha = \frac{1}{\beta^4 S^2}, \quad \alpha = \frac{1}{(\beta \beta_0)^2 S S_0}"
        ),
        "where, c the correlation of hidden units": (
            r"S = [1 + (K - 1) p] [1 + (K - 1) c(\beta^2 p)], \quad S_0 = [1 + (K - 1) q_0]"
            r" [1 + (K - 1) c(\beta_0^2 q_0)]"
        ),
        "Likelihood of two units": (
            r"P(\sigma | \xi) = \frac{\cosh(\beta X_1) \cosh(\beta X_2)}"
            r"{2^N e^{\beta^2} \cosh(\beta^2 R)}, \quad R = \frac{\xi_1 \cdot \xi_2}{N}"
        ),
    },
    assumes=(
        "Binary weights. Student and teacher share the law of the machine, and not its inverse"
        " temperature, nor, of several units, the correlation. The formulas are those of one hidden"
        " unit where they do not say otherwise.",
        "Two or three units: order parameters and states of model rbm, each with the norm of the"
        " student's machine, and a spin glass of several units. Of three the integrals are"
        " exact only for students that are not too cold: what two grids do not agree on is no"
        " solution. The Hopfield expansion is known for one unit.",
        "Replica symmetry: exact on the matched line, where both inverse temperatures are equal,"
        " wrong in the spin glass, where the replicon is negative.",
        "Thermodynamic entropy counts the hidden units and may be negative. On the matched line"
        " the entropy of the weights is far from zero where it vanishes, and the transition is the"
        " continuous one at load beta^-4: the entropy crisis is no proof of a discontinuous"
        " transition, for which it has been taken.",
        "Branch spin-glass of the Hopfield expansion retrieves none of the samples themselves, as a"
        " Hopfield memory would where beta exceeds 1 and loads are below 0.138.",
        "A student may learn its inverse temperature. In the paramagnet the samples say nothing of"
        " it, and it stays where it began.",
    ),
    chapter=_CHAPTER,
)

RBM_TRAINING = About(
    summary=(
        "A machine with H hidden units learns real data by gradient ascent. Modes of its weights"
        " grow one by one, the strongest direction of the data first: a cascade of transitions."
    ),
    formulas={
        "Energy": r"E(v, h) = -v^\top W h - a \cdot v - b \cdot h, \quad v_i, h_k \in \{0, 1\}",
        "Gradient": (
            r"\frac{\partial L}{\partial W} = \langle v h^\top \rangle_{\text{data}}"
            r" - \langle v h^\top \rangle_{\text{model}}"
        ),
        "Small weights": (
            r"\frac{\mathrm{d} W}{\mathrm{d} t} = \frac{1}{4} \bigl[C - \operatorname{diag}"
            r"\bigl(p_i (1 - p_i)\bigr)\bigr] W"
        ),
        "Growth of a mode": r"w_k(t) = w_k(0)\, e^{\lambda_k t}",
    },
    assumes=(
        "Weights are small: modes grow independently, and exponentially. Later they saturate, and"
        " theory ends.",
        "Visible biases fit the means p of the data, whose covariance is C; units are centred.",
        "Time is updates times learning rate, small enough for a gradient flow, and the model's"
        " average is the true one.",
    ),
    chapter=_CHAPTER,
    papers=("Tubiana & Monasson, PRL 118, 138301 (2017)",),
)
