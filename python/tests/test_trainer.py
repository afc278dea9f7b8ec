"""Training in a loop of one's own."""

import math

import numpy as np
import pytest

import thalweg


def camel(x):
    return sum(np.exp(-20.0 * ((x - c) ** 2).sum(axis=1)) for c in (0.35, 0.65))


#: of the camel, d dimensions
def exact(dim, c=(0.35, 0.65), a=20.0):
    side = [
        math.sqrt(math.pi / a) / 2 * (math.erf(math.sqrt(a) * (1 - m)) + math.erf(math.sqrt(a) * m))
        for m in c
    ]
    return sum(s**dim for s in side)


def trained(steps, **settings):
    trainer = thalweg.Trainer(thalweg.Flow(3), camel, learning_rate=5e-3, **settings)
    return trainer, [trainer.step() for _ in range(steps)]


@pytest.mark.parametrize("loss", ["kl", "reverse_kl", "variance", "exponential"])
def test_steps_make_weights_even(loss):
    trainer, losses = trained(150, loss=loss)
    assert np.isfinite(losses).all() and np.mean(losses[-20:]) < 0.3 * np.mean(losses[:20])
    assert trainer.steps == 150 and trainer.batch == 512
    how = dict(rel_error=None, max_calls=20_000, placement="random")
    before = thalweg.integrate(camel, 3, method="plain", **how)
    after = thalweg.integrate(camel, sampler=trainer.sampler, **how)
    assert after.method == "flow"
    assert after.rel_std < 0.4 * before.rel_std
    assert abs(after.pull(exact(3))) < 5


def test_the_learning_rate_is_obeyed():
    trainer, _ = trained(5)
    assert trainer.learning_rate == 5e-3
    before = trainer.flow.parameters
    trainer.learning_rate = 1e-9
    assert trainer.learning_rate == 1e-9
    trainer.step()
    small = np.abs(trainer.flow.parameters - before).max()
    trainer.learning_rate = 1e-2
    trainer.step()
    assert 0.0 < small < 1e-7 < np.abs(trainer.flow.parameters - before).max()


def test_a_flow_is_copied_and_the_same_seed_gives_the_same_bits():
    flow = thalweg.Flow(3)
    begin = flow.parameters
    runs = []
    for seed in (1, 1, 2):
        trainer = thalweg.Trainer(flow, camel, seed=seed, batch=100)
        runs.append([trainer.step() for _ in range(10)] + trainer.flow.parameters.tolist())
    assert runs[0] == runs[1] != runs[2]
    np.testing.assert_array_equal(flow.parameters, begin)


def test_steps_on_points_of_ones_own_are_steps():
    """The points that a step would draw, given by hand, and some of another density."""
    bounds = [(-1.0, 3.0), (0.0, np.inf), (-np.inf, np.inf)]

    def f(x):
        return np.exp(-((x - [1.0, 2.0, 0.5]) ** 2).sum(axis=1))

    trainers = [thalweg.Trainer(thalweg.Flow(3), f, bounds, seed=3, batch=256) for _ in range(2)]
    for _ in range(5):
        x, log_density = trainers[1]._native.draw()
        np.testing.assert_allclose(log_density, trainers[1].sampler.log_density(x), rtol=1e-9)
        assert trainers[0].step() == trainers[1].step_on(x, f(x), log_density)
    rng = np.random.default_rng(1)
    centre, width = np.array([1.0, 2.0, 0.5]), 0.8
    trainer = thalweg.Trainer(thalweg.Flow(3), f, bounds, learning_rate=5e-3)
    losses = []
    # Of the normal distribution, what lies within the bounds: 2.5 widths on both sides, and on one.
    inside = math.erf(2.5 / math.sqrt(2)) * (1 + math.erf(2.5 / math.sqrt(2))) / 2
    norm = 3 * math.log(width * math.sqrt(2 * math.pi)) + math.log(inside)
    for _ in range(200):
        x = centre + width * rng.standard_normal((2000, 3))
        x = x[(x[:, 0] > -1) & (x[:, 0] < 3) & (x[:, 1] > 0)][:512]
        log_q = -0.5 * (((x - centre) / width) ** 2).sum(axis=1) - norm
        losses.append(trainer.step_on(x, f(x), log_q))
    assert np.mean(losses[-20:]) < 0.1 * np.mean(losses[:20])
    r = thalweg.integrate(f, sampler=trainer.sampler, rel_error=2e-3)
    side = math.sqrt(math.pi)
    assert abs(r.pull(side * math.erf(2.0) * side / 2 * (1 + math.erf(2.0)) * side)) < 5


def test_points_in_a_box_have_the_density_of_the_sampler():
    bounds = [(2.0, 5.0), (-1.0, 1.0)]

    def f(x):
        assert ((x >= [2.0, -1.0]) & (x <= [5.0, 1.0])).all()
        return x[:, 0] * (1 + x[:, 1])

    trainer = thalweg.Trainer(thalweg.Flow(2), f, bounds, learning_rate=3e-3)
    for _ in range(50):
        trainer.step()
    r = thalweg.integrate(f, sampler=trainer.sampler, rel_error=1e-3)
    assert abs(r.pull(21.0)) < 5


def test_zeros_and_what_is_not_finite():
    trainer = thalweg.Trainer(thalweg.Flow(2), lambda x: 0.0 * x[:, 0])
    before = trainer.flow.parameters
    assert math.isnan(trainer.step())
    np.testing.assert_array_equal(trainer.flow.parameters, before)

    def broken(x):
        return np.where(np.arange(len(x)) == 17, np.nan, 1.0)

    trainer = thalweg.Trainer(thalweg.Flow(2), broken)
    with pytest.raises(thalweg.NonFiniteError, match="nan"):
        trainer.step()
    assert trainer.steps == 0

    def wrong(x):
        raise LookupError("nothing")

    with pytest.raises(LookupError):
        thalweg.Trainer(thalweg.Flow(2), wrong)


def test_a_sampler_of_a_flow_is_trained_on():
    start = thalweg.train(camel, 3, method="flow", max_calls=20_000)
    trainer = thalweg.Trainer(start.map, camel, learning_rate=1e-3)
    np.testing.assert_array_equal(trainer.flow.parameters, start.map.parameters)
    loss = np.mean([trainer.step() for _ in range(10)])
    assert loss < 0.1


@pytest.mark.parametrize(
    ("how", "error"),
    [
        (dict(batch=0), ValueError),
        (dict(batch=1.5), TypeError),
        (dict(learning_rate=-1.0), ValueError),
        (dict(learning_rate=math.nan), ValueError),
        (dict(learning_rate="1"), TypeError),
        (dict(loss="l2"), Exception),
        (dict(losses="kl"), ValueError),
        (dict(bounds=3), ValueError),
        (dict(flow=thalweg.VegasGrid(2)), TypeError),
        (dict(f=lambda x: x), ValueError),
        (dict(f=3), TypeError),
    ],
)
def test_misuse(how, error):
    with pytest.raises(error):
        thalweg.Trainer(**{"flow": thalweg.Flow(2), "f": lambda x: x[:, 0], **how})


def test_misuse_of_steps():
    trainer = thalweg.Trainer(thalweg.Flow(2), lambda x: x[:, 0], batch=64)
    x, one = np.full((64, 2), 0.5), np.ones(64)
    assert math.isfinite(trainer.step_on(x, one, 0.0 * one))
    for points, values, log_q in [
        (x[:10], one[:10], one[:10]),
        (x, one[:10], one),
        (x + 0.6, one, one),
        (x, one, np.inf * one),
        (x, np.nan * one, one),
        (x[:, :1], one, one),
    ]:
        with pytest.raises((ValueError, thalweg.Error)):
            trainer.step_on(points, values, log_q)
    with pytest.raises(ValueError):
        trainer.learning_rate = 0.0
