"""What a reader is told of the model of this system."""

from replicon._about import About

LANGEVIN_LEARNING = About(
    summary=(
        "Learning as a walk downhill that is shaken by noise, in one of four landscapes. Theory is"
        " thermal equilibrium; thermometers say whether an algorithm is there."
    ),
    formulas={
        "Motion and its equilibrium": (
            r"\mathrm{d}w = -\nabla E(w)\,\mathrm{d}t + \sqrt{2T}\,\mathrm{d}B, \quad"
            r" P(w) \propto e^{-E(w)/T}"
        ),
        "energy=quadratic, double-well": (
            r"E = \sum_i \frac{w_i^2}{2}, \quad E = \sum_i (w_i^2 - 1)^2"
        ),
        "energy=regression": (
            r"E = \frac{1}{2} \sum_{a=1}^{\alpha N} \Bigl(y_a - \frac{x_a \cdot w}{\sqrt{N}}"
            r"\Bigr)^2 + \frac{\lambda}{2} |w|^2, \quad y_a = \frac{x_a \cdot w^*}{\sqrt{N}}"
            r" + \sqrt{\rho}\,\epsilon_a"
        ),
        "energy=perceptron": (
            r"E = \sum_{a=1}^{\alpha N} \ln\bigl(1 + e^{-u_a}\bigr), \quad"
            r" u_a = \frac{y_a\, x_a \cdot w}{\sqrt{N}}, \quad |w|^2 = N"
        ),
        "Free entropy per weight, energy=perceptron": (
            r"\varphi = \frac{1}{2} \Bigl[\ln(1 - q) + \frac{q}{1 - q}\Bigr] + \alpha \int"
            r" \mathrm{D}z \ln \int \mathrm{D}t\, e^{-c/T}"
        ),
        "where": (r"c = \ln\bigl(1 + e^{-u}\bigr), \quad u = \sqrt{q}\,z + \sqrt{1 - q}\,t"),
        "Escape rate, energy=double-well": (
            r"\frac{1}{k} = \frac{Z}{T} \int_0^1 \mathrm{d}w\, e^{V(w)/T}, \quad"
            r" V = (w^2 - 1)^2, \quad Z = \int \mathrm{d}w\, e^{-V(w)/T}"
        ),
    },
    assumes=(
        "Equilibrium: endless time and vanishing steps. A method with steps of finite size is"
        " hotter or colder; the thermometers show it.",
        "quadratic and double-well: weights are independent, and theory is exact at any size.",
        "regression: the examples are random, and their spectrum is that of Marchenko and Pastur,"
        " in infinite size.",
        "perceptron: random labels and spherical weights in infinite size, with replica symmetry.",
        "The escape rate is that of overdamped motion; Kramers' formula is its limit at low"
        " temperature.",
    ),
    chapter="Data, network and algorithm",
    papers=(
        "Roberts & Tweedie, Bernoulli 2, 341 (1996)",
        "Leimkuhler & Matthews, AMRX 2013, 34 (2013)",
        "Rugh, PRL 78, 772 (1997)",
        "Marchenko & Pastur, Math. USSR Sb. 1, 457 (1967)",
    ),
)
