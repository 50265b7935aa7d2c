"""Traces in closed form against quadrature over the density, matrices, and their identities."""

import numpy as np
import pytest

from replicon.theory.marchenko_pastur import spectrum


def _quadrature(a, m, s):
    """Averages over the density sqrt((high - x)(x - low))/(2 pi s x) and the atom at 0: {field:
    trace}. Midpoints in the angle, exact beyond all orders where low > 0.
    """
    nodes = 20_000
    angle = (np.arange(nodes) + 0.5) * np.pi / nodes
    low = (np.sqrt(m) - np.sqrt(s)) ** 2
    high = (np.sqrt(m) + np.sqrt(s)) ** 2
    x = (low + high) / 2 - (high - low) / 2 * np.cos(angle)
    weight = ((high - low) / 2 * np.sin(angle)) ** 2 / (2 * np.pi * s * x) * np.pi / nodes
    atom = max(1 - m / s, 0.0)
    return {
        "seen": (weight * x / (x + a)).sum(),
        "unseen": (weight * a / (x + a)).sum() + atom,
        "seen_squared": (weight * x**2 / (x + a) ** 2).sum(),
        "slope": (weight * a * x / (x + a) ** 2).sum(),
        "unseen_squared": (weight * a**2 / (x + a) ** 2).sum() + atom,
        "inverse": (weight / (x + a)).sum() + atom / a,
    }


@pytest.mark.parametrize("a", [1e-12, 1e-3, 0.4, 30.0])
@pytest.mark.parametrize(("m", "s"), [(2.0, 1.0), (0.3, 1.0), (1.0, 7.0), (1.0, 1e-3), (50.0, 1.0)])
def test_traces_are_those_of_the_density(a, m, s):
    """To rounding of the sums of 20,000 terms."""
    found = spectrum(a, mean=m, strength=s)
    for name, value in _quadrature(a, m, s).items():
        assert getattr(found, name) == pytest.approx(value, rel=1e-10), name


@pytest.mark.parametrize(("m", "s"), [(1.7, 1.0), (0.4, 1.0), (1.0, 1.0)])
def test_traces_are_those_of_a_large_matrix(m, s):
    """One draw of N = 1000: errors are of relative order 1/N, some twenty of which are allowed."""
    size, a = 1000, 0.2
    x = np.random.default_rng(0).standard_normal((round(m / s * size), size))
    values = np.linalg.eigvalsh(s * x.T @ x / size)
    found = spectrum(a, mean=m, strength=s)
    assert found.seen == pytest.approx((values / (values + a)).mean(), rel=0.02)
    assert found.inverse == pytest.approx((1 / (values + a)).mean(), rel=0.02)
    assert found.unseen_squared == pytest.approx((a**2 / (values + a) ** 2).mean(), rel=0.02)


def test_identities_hold_at_any_ridge():
    """Seen and unseen are all there is, also squared: to rounding, from 1e-300 to 1e100."""
    a = np.geomspace(1e-300, 1e100, 401)
    for m, s in ((1.0, 0.0), (1.0, 0.5), (1.0, 1.0), (1.0, 3.0), (0.0, 1.0), (1e-9, 1.0)):
        t = spectrum(a, mean=m, strength=s)
        np.testing.assert_allclose(t.seen + t.unseen, 1, rtol=1e-14)
        square = t.seen_squared + 2 * t.slope + t.unseen_squared
        np.testing.assert_allclose(square, 1, rtol=1e-14)
        np.testing.assert_allclose(t.inverse * a, t.unseen, rtol=1e-14)


def test_at_zero_the_atom_is_unseen():
    found = spectrum(0.0, mean=1.0, strength=4.0)
    assert found.unseen == 1 - 1 / 4
    assert found.seen == 1 / 4
    assert np.isinf(found.inverse)
    assert spectrum(0.0, mean=2.0, strength=1.0).inverse == pytest.approx(1 / (2 - 1))
