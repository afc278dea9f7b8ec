"""Figures, axes and colours."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np

from ..errors import SettingError

try:
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
except ImportError as error:
    raise ImportError(
        "thalweg.plot needs Matplotlib, which is not installed: pip install matplotlib"
    ) from error

# The palette of Okabe and Ito, told apart with any kind of colour vision.
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#6E6E6E"
#: of images: from white, so that nothing looks like nothing
IMAGE = "Blues"


class Picture(Figure):
    """A figure that notebooks show whether or not ``pyplot`` is loaded."""

    def _repr_png_(self) -> bytes:
        written = io.BytesIO()
        self.savefig(written, format="png", dpi=110)
        return written.getvalue()


def sheet(axes: Any, rows: int, columns: int, size: tuple[float, float], **layout: Any) -> Any:
    """Axes ``(rows, columns)``: those given, checked, or those of a new figure of ``size`` inches."""
    if axes is None:
        figure = Picture(figsize=size, layout="constrained")
        return figure.subplots(rows, columns, squeeze=False, **layout)
    given = np.asarray(axes, dtype=object)
    if given.size != rows * columns:
        raise SettingError(f"the picture needs {rows} x {columns} axes, not {given.size}")
    return given.reshape(rows, columns)


def figure_of(axes: Any) -> Any:
    """The figure that axes belong to."""
    return np.asarray(axes, dtype=object).flat[0].figure


def few_ticks(ax: Any, most: int = 4) -> None:
    """At most so many steps between labels, so that they stay apart."""
    ax.xaxis.set_major_locator(MaxNLocator(most))
    ax.yaxis.set_major_locator(MaxNLocator(most))


def plain(ax: Any) -> None:
    """No frame on the right and above, and a faint grid."""
    ax.spines[["right", "top"]].set_visible(False)
    ax.grid(True, which="major", color="#DDDDDD", linewidth=0.6)
    ax.set_axisbelow(True)


def log_ticks(axis: Any) -> None:
    """Labels of a logarithmic axis that stay apart however few decades there are; after its limits."""
    low, high = sorted(axis.get_view_interval())
    decades = math.log10(high / low) if low > 0.0 else math.inf
    axis.set_minor_formatter(NullFormatter())
    if decades > 2.0:
        return
    if decades > 0.6:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    else:
        axis.set_major_locator(MaxNLocator(4))
        axis.set_minor_locator(MaxNLocator(20))
    axis.set_major_formatter(FuncFormatter(_number))


def _number(x: float, _: Any = None) -> str:
    """A number on an axis, with a power of ten where it would be long."""
    if x == 0.0 or 1e-3 < abs(x) < 1e4:
        return f"{x:.4g}"
    power = math.floor(math.log10(abs(x)) + 1e-9)
    digits = f"{x / 10.0**power:.3g}"
    return rf"$10^{{{power}}}$" if digits == "1" else rf"${digits} \times 10^{{{power}}}$"
