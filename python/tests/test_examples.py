"""The examples run, from the first cell to the last."""

import runpy
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

FOLDER = Path(__file__).parents[1] / "examples"
EXAMPLES = sorted(FOLDER.glob("*.py"))


def test_there_are_examples_and_all_are_in_the_index():
    index = (FOLDER / "README.md").read_text()
    assert len(EXAMPLES) == 11
    for path in EXAMPLES:
        assert f"({path.name})" in index


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path, capsys):
    if path.stem.startswith("dask"):
        pytest.importorskip("dask.distributed")
    runpy.run_path(str(path), run_name="__main__")
    assert len(capsys.readouterr().out.splitlines()) > 3
    # Cells as notebooks know them.
    text = path.read_text()
    assert text.startswith("# %% [markdown]\n# # ") and text.count("# %%") > 6
