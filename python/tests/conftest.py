"""What all tests need."""

import signal

import pytest


@pytest.fixture(autouse=True)
def listen():
    """Ctrl-C counts, here and in programs that are started: what a shell starts in the background
    ignores it, and so do all its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
