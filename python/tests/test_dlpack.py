"""Functions of PyTorch, JAX and other libraries, reached through DLPack."""

import types

import numpy as np
import pytest

import thalweg

HOW = dict(method="vegas", max_calls=10_000, rel_error=None, seed=2)


def g(x):
    return np.exp(-10.0 * ((x - 0.5) ** 2).sum(axis=1))


def agree(a, b, rtol=1e-12):
    np.testing.assert_allclose(a.value, b.value, rtol=rtol)
    assert a.calls == b.calls


def test_numpy_itself():
    f = thalweg.dlpack(g, np)
    assert thalweg.integrate(f, 2, **HOW).same_as(thalweg.integrate(g, 2, **HOW))
    assert f.__name__ == "g" and "numpy" in repr(f)


def test_points_are_shared_on_request_only():
    seen = []
    x = np.random.default_rng(1).random((5, 2))
    x.flags.writeable = False
    for copy in (None, True, False):
        thalweg.dlpack(lambda y: (seen.append(y), y[:, 0])[1], "numpy", copy=copy)(x)
    assert [np.shares_memory(x, y) for y in seen] == [False, False, True]


def test_what_is_no_module():
    for module, error in [
        ("no_such_module_here", ImportError),
        ("json", TypeError),
        (3, TypeError),
        (None, TypeError),
    ]:
        with pytest.raises(error):
            thalweg.dlpack(g, module)
    with pytest.raises(TypeError):
        thalweg.dlpack(3, "numpy")


class Elsewhere:
    """An array on a device that this process cannot read."""

    dtype, device = "float64", "gpu:0"

    def __dlpack_device__(self):
        return (2, 0)

    def __dlpack__(self, **_):
        raise BufferError("not from here")


def test_other_devices():
    with pytest.raises(thalweg.ShapeError, match="gpu:0"):
        thalweg.dlpack(lambda x: Elsewhere(), "numpy")(np.zeros((3, 2)))
    Moved = type("Moved", (Elsewhere,), {"cpu": lambda self: np.ones(3)})
    np.testing.assert_array_equal(
        thalweg.dlpack(lambda x: Moved(), "numpy")(np.zeros((3, 2))), np.ones(3)
    )


# ---- PyTorch


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def test_torch(torch):
    def f(x):
        assert x.dtype == torch.float64 and x.shape[1] == 2
        return torch.exp(-10.0 * ((x - 0.5) ** 2).sum(dim=1))

    mine = thalweg.integrate(g, 2, **HOW)
    agree(thalweg.integrate(thalweg.dlpack(f, "torch"), 2, **HOW), mine)
    agree(thalweg.integrate(thalweg.dlpack(f, torch, copy=False), 2, **HOW), mine)


def test_torch_float32_and_dicts(torch):
    def f(x):
        y = torch.exp(-10.0 * ((x.float() - 0.5) ** 2).sum(dim=1))
        return {"norm": y, "mean": y[:, None] * x}

    r = thalweg.integrate(thalweg.dlpack(f, "torch"), 2, **HOW)
    np.testing.assert_allclose(r["norm"].value, thalweg.integrate(g, 2, **HOW).value, rtol=1e-6)


def test_torch_gradients_and_odd_tensors(torch):
    x = np.random.default_rng(1).random((6, 2))
    weight = torch.ones(2, dtype=torch.float64, requires_grad=True)
    total = x.sum(axis=1)
    np.testing.assert_allclose(thalweg.dlpack(lambda t: t @ weight, "torch")(x), total, rtol=1e-15)
    half = thalweg.dlpack(lambda t: t.sum(1).to(torch.bfloat16), "torch")(x)
    np.testing.assert_allclose(half, total, rtol=1e-2)
    strided = thalweg.dlpack(lambda t: t.T.flip(0)[1], "torch")(x)
    np.testing.assert_array_equal(strided, x[:, 0])
    lazy = thalweg.dlpack(lambda t: torch.complex(t[:, 0], t[:, 1]).conj().imag, "torch")(x)
    np.testing.assert_array_equal(lazy, -x[:, 1])


def test_torch_in_place(torch):
    """A function that writes to its points writes to its own."""

    def f(x):
        x -= 0.5
        return torch.exp(-10.0 * x.square_().sum(dim=1))

    agree(thalweg.integrate(thalweg.dlpack(f, "torch"), 2, **HOW), thalweg.integrate(g, 2, **HOW))


def test_torch_elsewhere(torch):
    f = thalweg.dlpack(lambda x: torch.empty(len(x), device="meta"), "torch")
    with pytest.raises(thalweg.ShapeError, match="meta"):
        thalweg.integrate(f, 2)
    if torch.cuda.is_available():
        there = thalweg.dlpack(lambda x: x.cuda()[:, 0], "torch")
        x = np.random.default_rng(1).random((6, 2))
        np.testing.assert_array_equal(there(x), x[:, 0])


def test_torch_wrong_values(torch):
    for f, error in [
        (lambda x: torch.complex(x[:, 0], x[:, 1]), thalweg.ShapeError),
        (lambda x: x.sum(), thalweg.ShapeError),
        (lambda x: None, thalweg.ShapeError),
        (lambda x: x @ x, RuntimeError),
    ]:
        with pytest.raises(error):
            thalweg.integrate(thalweg.dlpack(f, "torch"), 2)
    assert thalweg.integrate(thalweg.dlpack(lambda x: x[:, 0] > 0.5, "torch"), 2, **HOW).is_good


# ---- JAX


@pytest.fixture
def jax():
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    yield jax
    jax.config.update("jax_enable_x64", before)


def test_jax(jax):
    jax.config.update("jax_enable_x64", True)

    @jax.jit
    def f(x):
        return jax.numpy.exp(-10.0 * ((x - 0.5) ** 2).sum(axis=1))

    mine = thalweg.integrate(g, 2, **HOW)
    agree(thalweg.integrate(thalweg.dlpack(f, "jax"), 2, **HOW), mine)
    agree(thalweg.integrate(thalweg.dlpack(f, jax.numpy), 2, **HOW), mine)


def test_jax_without_x64(jax):
    """Its arrays are float32 unless it is told otherwise."""
    jax.config.update("jax_enable_x64", False)

    def f(x):
        return jax.numpy.exp(-10.0 * ((x - 0.5) ** 2).sum(axis=1))

    r = thalweg.integrate(thalweg.dlpack(f, "jax"), 2, **HOW)
    np.testing.assert_allclose(r.value, thalweg.integrate(g, 2, **HOW).value, rtol=1e-5)
    half = thalweg.dlpack(lambda x: x[:, 0].astype("bfloat16"), "jax")(np.ones((4, 2)))
    np.testing.assert_array_equal(half, np.ones(4))


def test_any_module_with_from_dlpack():
    module = types.ModuleType("numpy.lookalike")
    with pytest.raises(ImportError):
        thalweg.dlpack(g, module)
