"""Tables of several methods."""

import subprocess
import sys

import numpy as np
import pytest

import thalweg


def f(x):
    return np.exp(-50.0 * ((x - 0.5) ** 2).sum(axis=1))


EXACT = np.pi / 50.0


def test_a_row_for_each_method():
    table = thalweg.compare(f, 2, ["plain", "vegas", "auto"], exact=EXACT, frame=False, rel_error=1e-2)
    assert isinstance(table, thalweg.Table)
    assert [row["method"][:5] for row in table] == ["plain", "vegas", "auto "]
    for row, result in zip(table, table.results.values()):
        assert (row["value"], row["error"], row["calls"]) == (result.value, result.error, result.calls)
        assert abs(row["pull"]) < 5 and row["rel_error"] <= 1e-2 and row["status"] == "converged"
        assert row["seconds"] > 0 and 0 < row["ess"] <= 1 and row["spread"] > 0
    lines = str(table).splitlines()
    assert len(lines) == 4 and len(set(map(len, lines))) == 1 and "status" in lines[0]
    assert str(thalweg.Table()) == "(no rows)"


def test_a_data_frame():
    pandas = pytest.importorskip("pandas")
    frame = thalweg.compare(f, 2, ["plain", "vegas"], rel_error=1e-2, seed=4)
    assert isinstance(frame, pandas.DataFrame) and list(frame.index) == ["plain", "vegas"]
    assert frame.loc["plain", "calls"] == frame.attrs["results"]["plain"].calls
    assert "pull" not in frame.columns


def test_without_pandas():
    program = (
        "import sys; sys.modules['pandas'] = None\n"
        "import thalweg\n"
        "f = lambda x: x[:, 0]\n"
        "print(type(thalweg.compare(f, 1, 'plain')).__name__)\n"
        "try: thalweg.compare(f, 1, 'plain', frame=True)\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["Table", "a DataFrame needs pandas: pip install pandas"]


def test_misuse():
    with pytest.raises(thalweg.SettingError, match="no methods"):
        thalweg.compare(f, 2, [])
    with pytest.raises(thalweg.SettingError, match="several outputs"):
        thalweg.compare(lambda x: x, 2, "plain")
