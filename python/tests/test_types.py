"""The stubs say what is there, and the package keeps to its types. Needs ``.[types]``."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")
SETTINGS = Path(__file__).parents[1] / "pyproject.toml"


def check(*arguments, cwd=None):
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr


def test_stubs_fit_the_native_module():
    check("mypy.stubtest", "thalweg._native", "--mypy-config-file", SETTINGS)


def test_the_package_keeps_to_its_types(tmp_path):
    # What is installed, not what lies in the folder.
    check("mypy", "--config-file", SETTINGS, "--package", "thalweg", cwd=tmp_path)


def test_users_see_types(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import thalweg\n"
        "r = thalweg.integrate(lambda x: x[:, 0], 2, rel_error=1e-3)\n"
        "reveal_type(r.status)\nreveal_type(r.sampler)\n"
    )
    command = [sys.executable, "-m", "mypy", "--config-file", SETTINGS, program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert 'str"' in done.stdout and "Sampler | None" in done.stdout, done.stdout
