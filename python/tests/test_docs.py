"""What users read runs: pages, their code, in order, and what it prints; the right columns of their tables;
docstrings.

A block of Python is executed unless a comment "# there" says that it is another package's, or a
package that it imports is missing. A line that ends in "# before" is left out. What is indented below a
block is what the block prints: words are compared as they are, numbers to some digits, because
rounding differs from processor to processor, and seconds not at all. Comments behind ``print(...)`` that
begin with a number count as what is printed, too.
"""

import ast
import contextlib
import doctest
import importlib
import inspect
import io
import keyword
import pkgutil
import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import numpy as np
import pytest

import thalweg

ROOT = Path(__file__).parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path
    for path in [ROOT / "python/README.md", *sorted((ROOT / "docs/python").glob("*.md"))]
}
#: what a reader of a table has: a function, bounds, a result ...
READERS = """
import io, math, os
import numpy as np, thalweg, thalweg.plot
f = lambda x: np.exp(-10.0 * ((x - 0.5) ** 2).sum(axis=1))
g = f
bounds, n, path, x, d, k = [(0, 1)] * 3, 10_000, "kept.tlw", np.full((2, 3), 0.5), 3, 2
r = thalweg.integrate(f, bounds, method="vegas", covariance=True)
sampler = r.sampler
sampler.save(path)
trainer = thalweg.Trainer(thalweg.Flow(3), f, batch=2)
log_density = sampler.log_density(x)
"""
BLOCK = re.compile(r"^```python\n((?:(?!```).*\n)*)```\n(?:\n((?:    .*\n|\n)+))?", re.MULTILINE)
COMMENTED = re.compile(r"^print\(.*\)  +# ([\d(].*)$", re.MULTILINE)
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def blocks(page):
    """Code and, where it is told, what it prints."""
    for code, printed in BLOCK.findall(page.read_text()):
        if not re.search(r"# there\b", code):
            lines = [line for line in code.splitlines() if not line.endswith("# before")]
            told = textwrap.dedent(printed).strip() or "\n".join(COMMENTED.findall(code))
            yield "\n".join(lines), told or None


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to be in, with the library that a page loads."""
    monkeypatch.chdir(tmp_path)
    Path("f.c").write_text(
        "#include <stddef.h>\n"
        "int f(size_t n, size_t dim, const double *x, size_t outputs, double *values, void *data)\n"
        "{ for (size_t i = 0; i < n; i++) values[i] = *(double *)data * x[i * dim]; return 0; }\n"
        "double g(int dim, const double *x) { return x[dim - 1]; }\n"
    )
    if shutil.which("cc"):
        subprocess.run(["cc", "-shared", "-fPIC", "f.c", "-o", "libf.so"], check=True)


def missing(code):
    """The first module that is imported and not there."""
    for node in ast.walk(ast.parse(code)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            try:
                __import__(name)
            except ImportError:
                return name
    return None


def same(printed, told, tolerance=1e-6):
    """Whether both have the same words, and about the same numbers; seconds may differ."""
    seconds = re.compile(NUMBER.pattern + r"(?= s\b)")
    words = [[line.rstrip() for line in text.splitlines()] for text in (printed, told)]
    plain = [NUMBER.sub("#", seconds.sub("#", "\n".join(text))) for text in words]
    numbers = [[float(x) for x in NUMBER.findall(seconds.sub("", text))] for text in (printed, told)]
    return plain[0] == plain[1] and np.allclose(*numbers, rtol=tolerance, atol=0.0)


def test_comparisons_of_what_is_printed():
    told = "0.0890634(71)   relative error 7.93e-5\n  time     0.11 s"
    assert same("0.0890634(71)   relative error 7.93e-5  \n  time     2.5 s", told)
    for other in ("0.0890635(71)", "0.0890634(72)", "0.0890634(71) and more"):
        assert not same(told.replace("0.0890634(71)", other), told)
    assert not same(told.replace("relative", "absolute"), told)
    assert not same(told.replace("7.93e-5", "7.93e-4"), told)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.usefixtures("folder")
def test_page(name, capsys):
    # With a name, so that functions of a page can be pickled by it.
    space = {"__name__": "page"}
    for code, told in blocks(PAGES[name]):
        gone = missing(code) or (
            "a C compiler" if "./libf.so" in code and not shutil.which("cc") else None
        )
        if gone is not None:
            with capsys.disabled():
                print(f"{name}: a block needs {gone}")
            continue
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(code, name, "exec"), space)
        # Training makes much of little: a flow that was trained on another processor is another flow.
        tolerance = 0.5 if "Trainer(" in code else 1e-6
        good = told is None or same(said.getvalue().strip(), told, tolerance)
        assert good, f"{code}\n\n{said.getvalue()}"


MODULES = [
    "thalweg",
    *(f"thalweg.{module.name}" for module in pkgutil.iter_modules(thalweg.__path__)),
]


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith(("_native", "plot"))])
def test_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def cells(page):
    """Code in the last column of each row of the tables with two columns or more."""
    for line in page.read_text().splitlines():
        columns = re.split(r"(?<!\\)\|", line.strip().strip("|"))
        if line.startswith("|") and len(columns) > 1 and "---" not in line:
            yield from re.findall(r"`([^`]+)`", columns[-1])


def settings(function):
    return set(inspect.signature(function).parameters)


KEYWORDS = {
    *settings(thalweg.integrate),
    *settings(thalweg.train),
    *thalweg.default_settings()["train"],
    *thalweg.default_settings(),
    *("cost_class", "threads"),
}


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("docs")])
@pytest.mark.usefixtures("folder")
def test_tables(name):
    """What a table says is written here can be written."""
    pytest.importorskip("matplotlib")
    space = {"__name__": "page", **vars(thalweg)}
    exec(READERS, space)
    for code in cells(PAGES[name]):
        if code.isidentifier() and not keyword.iskeyword(code):
            assert code in KEYWORDS or hasattr(thalweg.Result, code) or code in space, code
        elif re.match(r"\w+=", code):
            call = ast.parse(f"f({code})", mode="eval").body
            assert {word.arg for word in call.keywords} <= KEYWORDS, code
            exec(f"dict({code})", space)
        else:
            exec(compile(code.removeprefix("@"), name, "exec"), space)
