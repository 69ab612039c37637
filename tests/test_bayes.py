"""The Bayesian update on closed forms: priors, normal approximation, sampling of thin curved posteriors."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.integrate import quad, trapezoid
from scipy.special import ndtr
from scipy.stats import chi2, norm

from thermonet.calibration.bayes.diagnostics import (
    correlations,
    densities,
    information_gains,
    tension,
    worst_disagreement,
)
from thermonet.calibration.bayes.laplace import curvature_at, laplace
from thermonet.calibration.bayes.mode import find_mode
from thermonet.calibration.bayes.observations import Observations
from thermonet.calibration.bayes.posterior import posterior
from thermonet.calibration.bayes.prior import WIDEST_NORMAL, Prior
from thermonet.calibration.bayes.sampling import sample
from thermonet.calibration.bayes.surface import Surface, surface_around
from thermonet.quantities.errors import NotConvergedError, PhysicsError
from thermonet.quantities.inputs import Input

SHAPES = {
    "normal": Input(value=10.0, u=0.5, distribution="normal"),
    "signed": Input(value=-1.0, u=2.0, distribution="normal"),
    "lognormal": Input(value=150.0, u=45.0, distribution="lognormal"),
    "uniform": Input(value=2.5, u=1 / math.sqrt(12), low=2.0, high=3.0, distribution="uniform"),
    "from zero": Input(value=0.5, u=1 / math.sqrt(12), low=0.0, high=1.0, distribution="uniform"),
    "triangular": Input(value=2.2, u=math.sqrt(0.84 / 18), low=2.0, high=3.0, distribution="triangular"),
    "few observations": Input(value=10.0, u=0.5, dof=5.0, distribution="normal"),
}
POSITIVE = {"normal", "lognormal", "uniform", "triangular"}


def standard(size):
    """A prior whose x and z are one and the same."""
    return Prior({f"input {i}": Input(value=0.0, u=1.0, distribution="normal") for i in range(size)})


def polynomial(gradient, curvature=None, third=None, value=0.0):
    gradient = np.atleast_2d(np.asarray(gradient, dtype=float))
    outputs, size = gradient.shape
    shape = (outputs, size, size)
    return Surface(
        np.zeros(size),
        np.full(outputs, float(value)),
        gradient,
        np.zeros(shape) if curvature is None else np.asarray(curvature, dtype=float).reshape(shape),
        np.zeros(shape) if third is None else np.asarray(third, dtype=float).reshape(shape),
    )


def measured(*values_and_u):
    values, u = np.array(values_and_u, dtype=float).T
    return Observations([f"number {i}" for i in range(len(u))], values, np.diag(u**2))


# --- priors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_a_value_is_the_quantile_of_its_share(shape):
    """At z the value is the input's quantile at Phi(z), for every distribution."""
    z = np.linspace(-3.5, 3.5, 41)[:, np.newaxis]
    found = Prior({shape: SHAPES[shape]}).values(z)
    assert found == pytest.approx(SHAPES[shape].at(ndtr(z)), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_slopes_are_derivatives(shape):
    """Slopes of values and of smooth coordinates agree with differences; bends with differences of slopes."""
    prior, step = Prior({shape: SHAPES[shape]}), 1e-5
    z = np.array([[-2.3], [-0.4], [0.9], [2.6]])

    def difference(function):
        return (function(z + step) - function(z - step)) / (2 * step)

    assert prior.value_slopes(z) == pytest.approx(difference(prior.values), rel=2e-4)
    x, slopes = prior.coordinates_and_slopes(z)
    assert x == pytest.approx(np.log(prior.values(z)) if shape in POSITIVE else prior.values(z))
    assert slopes == pytest.approx(difference(prior.coordinates), rel=2e-4)
    bends = difference(lambda at: prior.coordinates_and_slopes(at)[1])
    assert prior.bends(z) == pytest.approx(bends, rel=1e-2, abs=1e-3)


def test_ends_stay_ends():
    """However far z goes, a bounded input stays inside, and its x finite."""
    prior = Prior({name: SHAPES[name] for name in ("uniform", "triangular")})
    z = np.array([[-30.0, -30.0], [30.0, 30.0]])
    values = prior.values(z)
    assert ((values >= 2.0) & (values <= 3.0)).all()
    assert np.isfinite(prior.coordinates(z)).all()


@pytest.mark.parametrize("shape", ["normal", "uniform", "from zero", "triangular"])
def test_marginal_moments_of_the_prior_are_those_of_the_input(shape):
    """Mean and standard deviation where z is standard normal: those of the distribution."""
    value = SHAPES[shape]
    mean, width = Prior({shape: value}).marginal_moments(np.zeros(1), np.ones(1))
    expected = (value.low + value.value + value.high) / 3 if shape == "triangular" else value.value
    assert mean == pytest.approx(expected, rel=1e-6)
    assert width == pytest.approx(value.u, rel=1e-4)


def test_lognormal_moments_are_closed_forms():
    """The u of a lognormal input is the width of its logarithm; its standard deviation is larger."""
    prior = Prior({"k": SHAPES["lognormal"]})
    spread = 0.3
    assert prior.widths == pytest.approx(spread, rel=1e-6)
    width = prior.marginal_moments(np.zeros(1), np.ones(1))[1]
    assert width == pytest.approx(150 * math.exp(spread**2 / 2) * math.sqrt(math.expm1(spread**2)), rel=1e-4)


def test_a_wide_positive_normal_is_lognormal():
    """What would reach below zero keeps its median and its relative u, and stays positive."""
    wide = Input(value=2.0, u=1.01 * WIDEST_NORMAL * 2.0, distribution="normal")
    prior = Prior({"wide": wide})
    assert prior.values(np.zeros((1, 1))) == pytest.approx(2.0)
    assert prior.values(np.full((1, 1), -20.0)) > 0
    mean, width = prior.marginal_moments(np.zeros(1), np.ones(1))
    assert width / mean == pytest.approx(wide.u / wide.value, rel=1e-4)


def test_stated_values_come_back():
    """From z to x to values by name and back."""
    prior = Prior(SHAPES)
    z = np.linspace(-1, 1, prior.size)
    found = prior.stated(prior.coordinates(z))
    assert list(found) == list(SHAPES)
    assert list(found.values()) == pytest.approx(prior.values(z).tolist())


@pytest.mark.parametrize(
    ("inputs", "message"),
    [({}, "nothing is uncertain"), ({"length": Input(value=1.0)}, "length is exact")],
)
def test_nothing_to_learn_is_refused(inputs, message):
    """An update needs something uncertain."""
    with pytest.raises(PhysicsError, match=message):
        Prior(inputs)


# --- observations ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "values", "covariance", "message"),
    [
        ([], [], [], "nothing was measured"),
        (["a"], [1.0, 2.0], [[1.0]], "1 observations need"),
        (["a"], [1.0], [[0.0]], "not positive definite"),
        (["a", "b"], [1.0, 2.0], [[1.0, 1.2], [1.2, 1.0]], "not positive definite"),
        (["a", "b"], [1.0, 2.0], [[1.0, 0.2], [0.1, 1.0]], "not symmetric"),
        (["a"], [math.nan], [[1.0]], "not a finite number"),
    ],
)
def test_bad_observations_are_refused(names, values, covariance, message):
    """A covariance that none is, or shapes that do not fit, say so."""
    with pytest.raises(PhysicsError, match=message):
        Observations(names, np.array(values), np.array(covariance))


# --- linear models: everything is exact -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def linear():
    """Two correlated observations of six inputs, one a thousand times sharper than the prior; and the exact answer."""
    generator = np.random.default_rng(1)
    slopes = generator.standard_normal((2, 6))
    covariance = np.array([[1e-6, 5e-5], [5e-5, 1e-2]])
    observed = Observations(["sharp", "blunt"], np.array([1.0, -0.5]), covariance)
    exact = np.linalg.inv(np.eye(6) + slopes.T @ np.linalg.solve(covariance, slopes))
    centre = exact @ slopes.T @ np.linalg.solve(covariance, observed.values)
    return (
        posterior(standard(6), polynomial(slopes), [0, 1], observed, near=np.zeros(6), count=40_000, seed=2),
        centre,
        exact,
    )


def test_linear_mode_and_covariance_are_exact(linear):
    """The normal approximation of a normal posterior is the posterior."""
    found, centre, exact = linear
    assert found.mode == pytest.approx(centre, abs=1e-6)
    assert found.laplace.covariance == pytest.approx(exact, abs=1e-9)


def test_linear_samples_are_exact_and_of_equal_weight(linear):
    """All weights are equal, nothing is wasted, and moments agree within their sampling error."""
    found, centre, exact = linear
    samples = found.samples
    assert samples.effective_size == pytest.approx(samples.drawn, rel=1e-6)
    assert samples.unsolved == 0
    assert samples.elsewhere == 0
    mean, width = samples.moments(samples.z)
    spread = np.sqrt(np.diag(exact))
    assert np.abs((mean - centre) / spread).max() < 4 / math.sqrt(samples.drawn)
    assert np.abs(width / spread - 1).max() < 4 / math.sqrt(2 * samples.drawn)
    assert correlations(samples.covariance(samples.z)) == pytest.approx(correlations(exact), abs=0.02)


def test_linear_predictions_follow(linear):
    """Samples of the predictions scatter about the measured values as the posterior covariance says."""
    found, centre, exact = linear
    slopes = found.surface.gradient
    mean, width = found.samples.moments(found.predictions)
    expected = np.sqrt(np.diag(slopes @ exact @ slopes.T))
    assert width == pytest.approx(expected, rel=0.02)
    assert mean == pytest.approx(slopes @ centre, abs=0.03 * float(expected.max()))
    assert found.laplace.propagated(found.sensitivity) == pytest.approx(expected, rel=1e-6)


def test_information_of_a_linear_model(linear):
    """The divergence from prior to posterior is the log ratio of their volumes, a trace and a shift."""
    found, centre, exact = linear
    slopes, covariance = found.surface.gradient, found.observed.covariance
    log_ratio = np.linalg.slogdet(covariance + slopes @ slopes.T)[1] - np.linalg.slogdet(covariance)[1]
    expected = 0.5 * float(np.trace(exact) - 6 + centre @ centre + log_ratio)
    assert found.laplace.information == pytest.approx(expected, rel=1e-6)
    single = 0.5 * (np.diag(exact) - 1 + centre**2 - np.log(np.diag(exact)))
    assert information_gains(found.samples) == pytest.approx(single, abs=0.02)


# --- curved models ----------------------------------------------------------------------------------------------------


def grid_moments(surface, y, u, coordinates=lambda z: z):
    """Moments of z of a posterior over two inputs, by summing its density on a fine grid."""
    axis = np.linspace(-6, 6, 1501)
    z = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    misfit = (surface.predicted(coordinates(z))[:, 0] - y) / u
    density = np.exp(-0.5 * (z**2).sum(axis=1) - 0.5 * misfit**2)
    density /= density.sum()
    mean = density @ z
    deviation = z - mean
    return mean, (deviation * density[:, np.newaxis]).T @ deviation


BENT = np.array([[[0.0, 0.0], [0.0, 0.7]]])


@pytest.mark.parametrize(("y", "u"), [(0.6, 0.03), (0.5, 0.3), (-0.5, 0.1), (0.3, 1.5)])
def test_banana_agrees_with_quadrature(y, u):
    """With y = a + 0.35 b^2, far thinner than it is bent and wider: means and covariance as summed on a grid."""
    prior, surface, observed = standard(2), polynomial([[1.0, 0.0]], BENT), measured((y, u))
    found = posterior(prior, surface, [0], observed, near=np.array([0.1, 0.05]), count=60_000, seed=3)
    mean, covariance = grid_moments(surface, y, u)
    samples = found.samples
    assert samples.effective_size > 0.5 * samples.drawn
    assert samples.moments(samples.z)[0] == pytest.approx(mean, abs=0.02)
    assert samples.covariance(samples.z) == pytest.approx(covariance, abs=0.025)


def test_normal_approximation_of_a_banana_is_not_adequate():
    """Where the shell is bent the two widths differ, and the comparison says by how much and where."""
    prior, surface, observed = standard(2), polynomial([[1.0, 0.0]], BENT), measured((0.6, 0.03))
    found = posterior(prior, surface, [0], observed, near=np.array([0.1, 0.05]), count=20_000, seed=3)
    width = found.samples.moments(found.samples.z)[1]
    name, worst = worst_disagreement(["a", "b"], found.laplace.widths, width)
    assert worst > 0.3
    assert name in ("a", "b")


def test_bounded_inputs_agree_with_quadrature():
    """A sum of two uniform inputs, measured far to one side: both crowd at their ends."""
    uniform = Input(value=0.5, u=1 / math.sqrt(12), low=0.0, high=1.0, distribution="uniform")
    prior, surface = Prior({"a": uniform, "b": uniform}), polynomial([[1.0, 1.0]])
    found = posterior(prior, surface, [0], measured((1.8, 0.05)), near=np.ones(2), count=60_000, seed=4)
    mean, covariance = grid_moments(surface, 1.8, 0.05, prior.coordinates)
    samples = found.samples
    assert samples.moments(samples.z)[0] == pytest.approx(mean, abs=0.02)
    assert samples.covariance(samples.z) == pytest.approx(covariance, abs=0.02)
    # Of the sum s of two uniform inputs the density is 2 - s above 1, in closed form.
    below, above = (quad(lambda s, k=k: s**k * (2 - s) * norm.pdf(1.8, s, 0.05), 1.3, 2)[0] for k in (0, 1))
    assert samples.moments(found.predictions)[0][0] == pytest.approx(above / below, abs=2e-3)


def test_another_branch_is_noticed():
    """With y = a + 0.5 b^2 = 2, b may have either sign; samples see one, and the check that there is another."""
    prior, surface, observed = standard(2), polynomial([[1.0, 0.0]], [[[0, 0], [0, 1.0]]]), measured((2.0, 0.02))
    mode = find_mode(prior, surface, observed, np.array([0.5, 1.0]))
    samples = sample(prior, surface, observed, laplace(prior, surface, observed, mode.z), count=5000, seed=1)
    assert samples.elsewhere > 0.1


def test_quantiles_and_repeated_draws_respect_weights():
    """Half of the weight lies below the median, and samples drawn again scatter as the weighted ones."""
    prior, surface, observed = standard(2), polynomial([[1.0, 0.0]], BENT), measured((0.5, 0.3))
    samples = posterior(prior, surface, [0], observed, near=np.array([0.1, 0.05]), count=20_000, seed=3).samples
    column = samples.z[:, 0]
    median = samples.quantiles(column, np.array([0.5]))[0]
    assert samples.weights[column < median].sum() == pytest.approx(0.5, abs=1e-3)
    again = samples.drawn_again(20_000, np.random.default_rng(0))
    assert again.std(axis=0) == pytest.approx(samples.moments(samples.z)[1], rel=0.03)


def test_seeds_decide():
    """The same seed gives the same samples, another one others."""
    prior, surface, observed = standard(2), polynomial([[1.0, 0.3]]), measured((0.5, 0.1))
    around = laplace(prior, surface, observed, find_mode(prior, surface, observed).z)
    first, second, other = (sample(prior, surface, observed, around, count=500, seed=seed).z for seed in (1, 1, 2))
    assert (first == second).all()
    assert not (first == other).any()


def test_too_few_samples_are_refused():
    """Ten samples are no distribution."""
    prior, surface, observed = standard(2), polynomial([[1.0, 0.3]]), measured((0.5, 0.1))
    around = laplace(prior, surface, observed, find_mode(prior, surface, observed).z)
    with pytest.raises(PhysicsError, match="10 samples say nothing"):
        sample(prior, surface, observed, around, count=10, seed=0)


# --- Hessian, surface, mode -------------------------------------------------------------------------------------------


def random_surface(outputs, size, seed):
    generator = np.random.default_rng(seed)
    curvature = generator.standard_normal((outputs, size, size))
    return polynomial(
        generator.standard_normal((outputs, size)),
        0.2 * (curvature + curvature.swapaxes(1, 2)),
        0.05 * generator.standard_normal((outputs, size, size)),
    )


def test_hessian_is_that_of_the_objective():
    """Second differences of minus the logarithm of the density, over bounded and lognormal inputs, at the mode."""
    names = ("lognormal", "uniform", "triangular", "signed")
    prior = Prior({name: SHAPES[name] for name in names})
    surface = random_surface(2, 4, 5)
    surface = Surface(prior.coordinates(np.zeros(4)), surface.value, surface.gradient, surface.curvature, surface.third)
    observed = measured((0.4, 0.2), (0.9, 0.3))
    z = find_mode(prior, surface, observed).z

    def objective(at):
        misfit = observed.whitened(observed.values - surface.predicted(prior.coordinates(at)))
        return 0.5 * float(at @ at + misfit @ misfit)

    step, unit = 1e-3, np.eye(4)
    expected = np.array(
        [
            [
                sum(i * j * objective(z + step * (i * unit[row] + j * unit[column])) for i in (1, -1) for j in (1, -1))
                / (4 * step**2)
                for column in range(4)
            ]
            for row in range(4)
        ]
    )
    found = laplace(prior, surface, observed, z)
    assert np.linalg.inv(found.covariance) == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_a_saddle_is_no_mode():
    """Between two branches the gradient vanishes too; the Hessian tells."""
    prior, observed = standard(2), measured((2.0, 0.02))
    surface = polynomial([[1.0, 0.0]], [[[0, 0], [0, 1.0]]])
    saddle = find_mode(prior, surface, observed)
    assert saddle.z[1] == 0
    with pytest.raises(NotConvergedError, match="no maximum"):
        laplace(prior, surface, observed, saddle.z)


def test_surface_derivatives_are_its_own():
    """Slopes and second derivatives of the polynomial agree with differences of it."""
    surface, x, step = random_surface(2, 3, 6), np.array([0.4, -0.7, 0.2]), 1e-5
    value, slopes = surface.linearised(x)
    assert value == pytest.approx(surface.predicted(x))
    moved = [x + step * unit for unit in np.eye(3)]
    differences = np.array([(surface.predicted(other) - value) / step for other in moved]).T
    assert slopes == pytest.approx(differences, rel=1e-3, abs=1e-4)
    bends = np.stack([(surface.linearised(other)[1] - slopes) / step for other in moved], axis=-1)
    assert curvature_at(surface, x) == pytest.approx(bends, rel=1e-3, abs=1e-3)


def test_a_cubic_is_expanded_exactly():
    """A cubic without terms in three different coordinates comes back from gradients on its axes, around any point."""
    prior = Prior({name: SHAPES[name] for name in ("lognormal", "uniform", "signed")})
    truth = random_surface(2, 3, 7)
    z = np.array([0.3, -0.2, 0.5])
    found = surface_around(
        prior,
        z,
        [0, 1, 2],
        lambda points: [truth.linearised(point) for point in points],
        truth.linearised(prior.coordinates(z)),
    )
    x = prior.coordinates(np.random.default_rng(0).standard_normal((20, 3)))
    assert found.predicted(x) == pytest.approx(truth.predicted(x), rel=1e-6, abs=1e-6)


def test_axes_left_out_keep_their_mixed_curvature():
    """Second derivatives by an axis and another coordinate come from the axis; only those off all axes are zero."""
    prior, truth = standard(3), random_surface(1, 3, 8)
    truth = polynomial(truth.gradient, truth.curvature)
    found = surface_around(
        prior,
        np.zeros(3),
        [0],
        lambda points: [truth.linearised(point) for point in points],
        truth.linearised(np.zeros(3)),
    )
    assert found.curvature[0, 0] == pytest.approx(truth.curvature[0, 0])
    assert found.curvature[0, :, 0] == pytest.approx(truth.curvature[0, :, 0])
    assert (found.curvature[0, 1:, 1:] == 0).all()


@dataclass
class Fenced:
    """exp(x) times a factor, which cannot be built above a fence."""

    fence: float = math.inf
    slope_sign: float = 1.0

    def predicted(self, x):
        if (x > self.fence).any():
            raise PhysicsError("beyond the fence")
        return np.exp(3 * x)

    def linearised(self, x):
        return self.predicted(x), self.slope_sign * np.diag(3 * np.exp(3 * x))


def test_mode_of_a_steep_model_is_where_the_gradient_vanishes():
    """From far below, full steps would overshoot a thousandfold; the search finds the zero of the gradient."""
    found = find_mode(standard(1), Fenced(), measured((20.0, 0.1)), np.array([-1.0]))
    z = float(found.z[0])
    gradient = z - 3 * math.exp(3 * z) * (20 - math.exp(3 * z)) / 0.1**2
    assert abs(gradient) < 0.1
    assert z == pytest.approx(math.log(20) / 3, rel=1e-4)


def test_steps_to_what_cannot_be_built_are_shortened():
    """A fence between the first step and the mode only costs halvings."""
    found = find_mode(standard(1), Fenced(fence=1.05), measured((20.0, 0.1)), np.array([-1.0]))
    assert float(found.z[0]) == pytest.approx(math.log(20) / 3, rel=1e-4)


def test_a_stalled_search_says_so():
    """With slopes of the wrong sign no step descends: the error carries the misfit of the best point."""
    with pytest.raises(NotConvergedError, match=r"stalled.*misfits.*number 0"):
        find_mode(standard(1), Fenced(slope_sign=-1.0), measured((20.0, 0.1)))


# --- diagnostics --------------------------------------------------------------------------------------------------


def test_tension_is_a_chi_squared_of_prior_and_error_together():
    """Two inputs of unit slope and an error of 1: variance 3; the p-value is that of a chi-squared."""
    prior = standard(2)
    found = tension(prior, np.array([1.0]), np.array([[1.0, 1.0]]), measured((4.0, 1.0)))
    assert found.chi_squared == pytest.approx(3.0, rel=1e-6)
    assert found.p_value == pytest.approx(chi2.sf(3.0, 1), rel=1e-6)


def test_densities_are_densities():
    """Before and after integrate to 1; after a linear update the density is the normal one, within its sampling."""
    prior = Prior({"length": Input(value=10.0, u=0.5, distribution="normal"), "other": SHAPES["uniform"]})
    surface = Surface(np.zeros(2), np.zeros(1), np.array([[1.0, 0.0]]), np.zeros((1, 2, 2)), np.zeros((1, 2, 2)))
    observed = measured((math.log(10.3), 0.03))
    found = posterior(prior, surface, [0], observed, near=np.zeros(2), count=40_000, seed=6)
    value, before, after = densities(prior, found.samples, 0)
    assert trapezoid(before, value) == pytest.approx(1, abs=1e-3)
    assert trapezoid(after, value) == pytest.approx(1, abs=1e-3)
    assert before == pytest.approx(norm.pdf(value, 10, 0.5), abs=1e-6)
    mean, width = (float(part[0]) for part in found.samples.moments(found.values))
    assert after == pytest.approx(norm.pdf(value, mean, width), abs=0.05 * float(after.max()))
    uniform = densities(prior, found.samples, 1)
    assert uniform[1] == pytest.approx(1.0)
    assert uniform[2][30:-30] == pytest.approx(1.0, abs=0.1)
