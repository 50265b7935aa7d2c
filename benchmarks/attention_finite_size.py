"""How instances of attention tend to the theory: errors at d = 32, 64, 128 and a fit a/d to their
distance from it.
"""

import numpy as np

import replicon

POINTS = (
    {"context": 2, "diversity": 0.5, "prompts": 0.5, "ridge": 0.1},
    {"context": 4, "diversity": 1, "prompts": 0.5, "ridge": 1.0},
    {"context": 2, "diversity": 10, "prompts": 4, "ridge": 0.01},
)
SAMPLES = {32: 40, 64: 16, 128: 4}

if __name__ == "__main__":
    for point in POINTS:
        exact = replicon.solve("attention", noise=0.1, **point)
        print(", ".join(f"{k} {v}" for k, v in point.items()))
        for name in ("icl_error", "idg_error"):
            d, gap, error = [], [], []
            for size, samples in SAMPLES.items():
                values = replicon.simulate(
                    "attention", size=size, samples=samples, seed=1, noise=0.1, **point
                )[name].values
                d, gap, error = (
                    [*d, size],
                    [*gap, values.mean() - float(exact[name])],
                    [*error, values.std(ddof=1) / samples**0.5],
                )
            x, y, w = 1 / np.array(d), np.array(gap), 1 / np.array(error) ** 2
            slope = (w * x * y).sum() / (w * x * x).sum()
            chi = (w * (y - slope * x) ** 2).sum()
            shown = ", ".join(
                f"d={n}: {g:+.4f}({e:.4f})" for n, g, e in zip(d, gap, error, strict=True)
            )
            print(
                f"  {name}: theory {float(exact[name]):.5f}; instances minus theory {shown}; fit"
                f" {slope:.3f}/d, chi^2 {chi:.1f} of 2"
            )
