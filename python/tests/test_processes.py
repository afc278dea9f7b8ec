"""A Python function in several processes: bits, exceptions, killed workers, Ctrl-C."""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import thalweg

METHODS = multiprocessing.get_all_start_methods()
FORK = pytest.mark.skipif("fork" not in METHODS, reason="no fork on this system")
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


def f(x, power=2):
    return np.exp(-10.0 * (np.abs(x - 0.5) ** power).sum(axis=1))


def several(x):
    return {"norm": f(x), "mean": f(x)[:, None] * x}


def in_worker(x):
    """Whether this is a worker that is asked for a certain part of the domain."""
    return multiprocessing.parent_process() is not None and x[:, 0].max(initial=0.0) > 0.7


def late_error(x):
    if in_worker(x):
        raise LookupError("nothing found", 17)
    return x[:, 0]


class Odd(Exception):
    """It cannot be made from its arguments again."""

    def __init__(self, a, b):
        super().__init__(f"{a} and {b}")


def odd_error(x):
    if in_worker(x):
        raise Odd(1, 2)
    return x[:, 0]


def alive():
    return [p.pid for p in multiprocessing.active_children()]


HOW = dict(seed=3, rel_error=None, cost_class="cheap")


@pytest.mark.parametrize("method", ["plain", "vegas", "flow", "auto"])
def test_processes_change_no_bit(method):
    here = thalweg.integrate(f, 3, method=method, max_calls=20_000, **HOW)
    for many in (1, 3):
        there = thalweg.integrate(f, 3, method=method, max_calls=20_000, processes=many, **HOW)
        assert here.same_as(there), many
    assert not alive()


@pytest.mark.parametrize("start_method", METHODS)
def test_every_way_to_start(start_method):
    how = dict(method="plain", max_calls=5000, args=(4,), **HOW)
    here = thalweg.integrate(f, 2, **how)
    assert here.same_as(thalweg.integrate(f, 2, processes=2, start_method=start_method, **how))


def test_other_outputs_training_and_integrators():
    how = dict(method="vegas", max_calls=5000, seed=1)
    here = thalweg.integrate(several, 2, **how)
    there = thalweg.integrate(several, 2, processes=2, **how)
    assert here.same_as(there) and here["mean"].shape == (2,)
    s, t = thalweg.train(f, 2, **how), thalweg.train(f, 2, processes=2, **how)
    np.testing.assert_array_equal(s.draw(10, seed=1)[0], t.draw(10, seed=1)[0])
    integrator = thalweg.Integrator(2, processes=2, **how)
    assert integrator(f).same_as(thalweg.integrate(f, 2, **how))


@FORK
def test_lambdas_can_be_forked_and_not_spawned():
    g = lambda x: x[:, 0]  # noqa: E731
    r = thalweg.integrate(g, 2, processes=2, start_method="fork", max_calls=3000)
    assert abs(r.pull(0.5)) < 5
    with pytest.raises(TypeError, match="start_method='fork'"):
        thalweg.integrate(g, 2, processes=2, start_method="spawn")


def test_points_at_once_where_a_point_is_slow():
    """Every worker has something to do, however slow one point is."""

    def g(x):
        time.sleep(0.03 * len(x))
        return np.full(len(x), float(os.getpid()))

    if "fork" not in METHODS:
        pytest.skip("no fork on this system")

    how = dict(method="plain", max_calls=128, max_seconds=20)
    r = thalweg.integrate(g, 1, processes=3, start_method="fork", **how)
    # One worker alone would always give the same number.
    assert r.error > 0


@pytest.mark.parametrize("start_method", METHODS)
def test_exceptions_come_back_with_their_traceback(start_method):
    with pytest.raises(LookupError) as caught:
        thalweg.integrate(late_error, 2, processes=2, start_method=start_method, method="plain")
    assert caught.value.args == ("nothing found", 17)
    assert "in late_error" in str(caught.value.__cause__)
    assert not alive()


def test_exceptions_that_cannot_be_sent():
    with pytest.raises(thalweg.IntegrandError) as caught:
        thalweg.integrate(odd_error, 2, processes=2, method="plain")
    assert "Odd: 1 and 2" in str(caught.value.__cause__)


def leave(x):
    if in_worker(x):
        os._exit(3)
    return x[:, 0]


def die(x):
    if in_worker(x):
        os.kill(os.getpid(), signal.SIGKILL)
    return x[:, 0]


@pytest.mark.parametrize("start_method", METHODS)
def test_a_worker_that_ends_is_an_error(start_method):
    how = dict(processes=2, start_method=start_method, method="plain")
    with pytest.raises(thalweg.WorkerError, match="exit code 3"):
        thalweg.integrate(leave, 2, **how)
    if os.name == "posix":
        with pytest.raises(thalweg.WorkerError, match="SIGKILL"):
            thalweg.integrate(die, 2, **how)
    assert not alive()


def test_wrong_shapes_in_a_worker():
    def g(x):
        return x[:, 0] if multiprocessing.parent_process() is None else x[:, :1]

    if "fork" not in METHODS:
        pytest.skip("no fork on this system")
    with pytest.raises(thalweg.ShapeError):
        thalweg.integrate(g, 2, processes=2, start_method="fork")


def test_from_another_thread():
    """With a thread beside it, workers are spawned."""
    found = []
    how = dict(method="plain", max_calls=3000, processes=2)
    thread = threading.Thread(target=lambda: found.append(thalweg.integrate(f, 2, **how)))
    thread.start()
    thread.join(120)
    assert found and found[0].same_as(thalweg.integrate(f, 2, **how))


def test_large_batches_and_values_do_not_block():
    """More than a pipe holds, both ways."""

    def wide(x):
        return np.repeat(x, 20, axis=1)

    if "fork" not in METHODS:
        pytest.skip("no fork on this system")
    how = dict(method="plain", max_calls=60_000, batch=60_000, cost_class="cheap", rel_error=None)
    r = thalweg.integrate(wide, 4, processes=2, start_method="fork", **how)
    assert r.value.shape == (80,)


PROGRAM = """
import os, sys, time, thalweg
def f(x):
    time.sleep(0.002)
    return x[:, 0]
def main(start_method):
    import multiprocessing, threading
    def tell():
        print(*[p.pid for p in multiprocessing.active_children()], flush=True)
    threading.Timer(1.5, tell).start()
    try:
        thalweg.integrate(f, 2, max_calls=10**9, rel_error=None, method="plain", processes=3,
            start_method=start_method, progress=False)
    except thalweg.Interrupted:
        print("interrupted", len(multiprocessing.active_children()), flush=True)
if __name__ == "__main__":
    main(sys.argv[1])
"""


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0] != "Z"


def wait_for_the_end(pids):
    end = time.time() + 20
    while any(map(is_alive, pids)) and time.time() < end:
        time.sleep(0.05)
    assert not any(map(is_alive, pids))


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs /proc")
@pytest.mark.parametrize("start_method", METHODS)
@pytest.mark.parametrize("how", ["interrupt", "kill"])
def test_workers_end_with_their_parent(tmp_path, start_method, how):
    """Ctrl-C goes to the whole group, as from a terminal; a parent that is killed can say nothing."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    parent = subprocess.Popen(
        [sys.executable, program, start_method],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 3 and all(map(is_alive, pids))
        if how == "interrupt":
            os.killpg(parent.pid, signal.SIGINT)
            said, errors = parent.communicate(timeout=60)
            assert said == "interrupted 0\n", said + errors
            assert errors == ""
        else:
            parent.kill()
            parent.wait(timeout=60)
        wait_for_the_end(pids)
    finally:
        end_group(parent)


@POSIX
@pytest.mark.slow
def test_many_interrupts_without_a_deadlock(tmp_path):
    """At random moments, those of the start included."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.replace("threading.Timer(1.5, tell).start()", "pass"))
    random = np.random.default_rng(1)
    said = []
    for i in range(60):
        parent = subprocess.Popen(
            [sys.executable, program, METHODS[i % len(METHODS)]],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            time.sleep(random.uniform(0.3, 2.0))
            os.killpg(parent.pid, signal.SIGINT)
            # The pipes end with the last process that has them: no worker outlives this.
            out, errors = parent.communicate(timeout=60)
        finally:
            end_group(parent)
        # Before the run it is Python's own exception.
        assert out == "interrupted 0\n" or "KeyboardInterrupt" in errors, (i, out, errors)
        said.append(out)
    print(f"{sum(map(bool, said))} of {len(said)} during the run")


def end_group(parent):
    """Kills whatever is left, so that a test that fails leaves nothing behind."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(parent.pid, signal.SIGKILL)
    parent.communicate()


@pytest.mark.parametrize(
    ("how", "error"),
    [
        (dict(processes=0), ValueError),
        (dict(processes=-1), ValueError),
        (dict(processes=1.5), TypeError),
        (dict(processes=True), TypeError),
        (dict(processes="2"), TypeError),
        (dict(processes=2, start_method="thread"), ValueError),
        (dict(processes=2, start_method=3), TypeError),
    ],
)
def test_misuse(how, error):
    with pytest.raises(error):
        thalweg.integrate(f, 2, max_calls=1000, **how)
