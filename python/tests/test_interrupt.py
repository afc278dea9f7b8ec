"""Ctrl-C: the partial result within half a second, and never a deadlock."""

import os
import random
import signal
import threading
import time

import numpy as np
import pytest

import thalweg

#: seconds within which a run has to end; on a busy machine nothing is that fast, so this is only told
WANTED = 0.5
#: seconds after which a test gives up
PATIENCE = 30.0


def gauss(x):
    return np.exp(-20.0 * ((x - 0.4) ** 2).sum(axis=1))


def slow(x):
    time.sleep(1e-5 * len(x))
    return gauss(x)


@thalweg.scalar
def loops(x):
    return float(np.exp(-20.0 * sum((t - 0.4) ** 2 for t in x)))


def interrupted(f, after, **settings):
    """Interrupts a run; the exception's result and the seconds from the signal to the end."""
    sent = []

    def send():
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(after, send)
    timer.start()
    try:
        # Before the run has begun it is Python's own exception.
        with pytest.raises(KeyboardInterrupt) as caught:
            thalweg.integrate(f, 4, rel_error=1e-9, max_calls=10**12, **settings)
        return getattr(caught.value, "result", None), time.perf_counter() - sent[0]
    finally:
        timer.cancel()
        timer.join()


@pytest.mark.parametrize("method", ["plain", "vegas", "flow", "auto"])
@pytest.mark.parametrize("f", [gauss, slow, loops], ids=["fast", "slow", "loops"])
def test_runs_are_interrupted(method, f):
    result, seconds = interrupted(f, 0.7, method=method)
    print(f"{method} {f.__name__}: {seconds:.3f} s (wanted: {WANTED})")
    assert seconds < PATIENCE
    assert result is not None and result.status == "interrupted"
    assert result.stop_reason == "interrupted"
    assert thalweg.integrate(gauss, 2, max_calls=2000, method="plain").status != "interrupted"


def test_a_handler_of_ones_own_raises_what_it_wants():
    class Alarm(Exception):
        pass

    def handler(number, frame):
        raise Alarm

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(Alarm):
            thalweg.integrate(gauss, 4, rel_error=1e-9, max_calls=10**12)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_an_interrupt_is_a_keyboard_interrupt():
    def f(x):
        f.calls += 1
        if f.calls > 4:
            raise KeyboardInterrupt
        return gauss(x)

    f.calls = 0
    with pytest.raises(KeyboardInterrupt) as caught:
        thalweg.integrate(f, 4, method="plain")
    assert isinstance(caught.value, thalweg.Interrupted)
    assert caught.value.result.status == "interrupted"


@pytest.mark.slow
def test_two_hundred_interrupts():
    rng = random.Random(1)
    times = []
    for i in range(200):
        method = ["plain", "vegas", "flow", "auto"][i % 4]
        f = [gauss, slow, loops][i % 3]
        result, seconds = interrupted(f, rng.uniform(0.0, 0.6), method=method)
        assert result is None or result.status == "interrupted"
        times.append(seconds)
    times.sort()
    print(f"median {times[100]:.3f} s, 190th {times[189]:.3f} s, longest {times[-1]:.3f} s")
    assert times[-1] < PATIENCE
