"""What a notebook shows, in one that Jupyter's kernel executes. Needs nbclient and ipykernel."""

import re
import sys

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

FUNCTION = """
import time, numpy as np, thalweg
def f(x):
    time.sleep(3e-5 * len(x))
    return np.exp(-10 * ((x - 0.5) ** 2).sum(axis=1))
"""
HOW = 'rel_error=None, method="vegas", seed=1'


class Kernel(nbclient.NotebookClient):
    """Keeps every message that shows something."""

    def __init__(self, cells):
        cells = [nbformat.v4.new_code_cell(source) for source in cells]
        notebook = nbformat.v4.new_notebook(cells=cells)
        super().__init__(notebook, timeout=300, allow_errors=True)
        self.seen = []

    def process_message(self, message, cell, cell_index):
        if message["msg_type"] in ("display_data", "update_display_data"):
            self.seen.append((cell_index, message["msg_type"], message["content"]))
        return super().process_message(message, cell, cell_index)

    def create_kernel_manager(self):
        manager = super().create_kernel_manager()
        # This interpreter, whatever kernels the user has.
        manager.kernel_spec.argv[0] = sys.executable
        return manager


@pytest.fixture(scope="module")
def executed():
    kernel = Kernel(
        [
            FUNCTION,
            f"r = thalweg.integrate(f, 4, max_calls=150_000, {HOW})\nr",
            f"thalweg.integrate(lambda x: np.exp(x[:, 0]), 2, max_calls=5000, {HOW})",
            f'thalweg.integrate(lambda x: {{"a<b": f(x)}}, 2, max_calls=20_000, progress=True, {HOW})',
            f"thalweg.integrate(f, 4, max_calls=150_000, progress=False, {HOW})",
            "def g(x):\n"
            "    if len(x) > 100 and time.perf_counter() - start > 1.0:\n"
            "        raise ValueError('too late')\n"
            "    return f(x)\n"
            "start = time.perf_counter()\n"
            f"thalweg.integrate(g, 4, max_calls=10**9, progress=True, {HOW})",
            "print(repr(r))\nprint(r)",
        ]
    )
    notebook = kernel.execute()
    return kernel.seen, [cell.outputs for cell in notebook.cells]


def shown(seen, cell):
    return [(kind, content) for index, kind, content in seen if index == cell]


def test_a_long_run_shows_a_bar_that_goes(executed):
    seen, outputs = executed
    messages = shown(seen, 1)
    assert messages[0][0] == "display_data" and len(messages) > 3
    # One place that is written over.
    assert {kind for kind, _ in messages[1:]} == {"update_display_data"}
    assert len({content["transient"]["display_id"] for _, content in messages}) == 1
    first = messages[0][1]["data"]
    assert "calls" in first["text/plain"] and "rel. error" in first["text/plain"]
    assert first["text/plain"] in first["text/html"]
    bar, result = outputs[1]
    assert bar.data == {"text/plain": "", "text/html": ""}
    assert result.output_type == "execute_result"


def test_a_short_run_shows_none(executed):
    seen, outputs = executed
    assert shown(seen, 2) == [] and len(outputs[2]) == 1


def test_a_bar_that_is_wanted_and_one_that_is_not(executed):
    seen, outputs = executed
    assert shown(seen, 3)
    assert shown(seen, 4) == [] and len(outputs[4]) == 1


def test_results_are_tables(executed):
    _, outputs = executed
    table = outputs[1][-1].data
    assert table["text/html"].startswith("<table>") and table["text/html"].count("<tr>") == 2
    assert "budget" in table["text/html"] and "<Result 0.0890" in table["text/plain"]
    named = outputs[3][-1].data["text/html"]
    assert "<td>a&lt;b</td>" in named and "a<b" not in named
    (printed,) = outputs[6]
    assert printed.name == "stdout" and "relative error" in printed.text


def test_a_failure_takes_its_bar_away(executed):
    seen, outputs = executed
    assert shown(seen, 5)
    bar, error = outputs[5]
    assert bar.data == {"text/plain": "", "text/html": ""}
    assert (error.ename, error.evalue) == ("ValueError", "too late")
    # The line of the user's function is to be seen.
    plain = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback))
    assert "----> 3         raise ValueError('too late')" in plain, plain
