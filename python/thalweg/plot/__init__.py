"""Pictures of results and samplers. Needs Matplotlib: ``pip install matplotlib``.

Every function returns a Matplotlib ``Figure``. With ``ax`` (or ``axes``) it draws there and returns
the figure they belong to; without, it makes a new one, which notebooks show and ``savefig`` writes.
Nothing global is touched: no settings of Matplotlib, no list of open figures, and so
``pyplot.show()`` shows only what was drawn on axes that come from ``pyplot``.

>>> import thalweg, thalweg.plot
>>> r = thalweg.integrate(lambda x: x[:, 0] * x[:, 1], 2, rel_error=1e-3)
>>> figure = thalweg.plot.convergence(r)
>>> figure.savefig("convergence.png")  # doctest: +SKIP
"""

from ._convergence import convergence
from ._corner import corner
from ._histogram import histogram
from ._maps import grid, warp
from ._training import training
from ._weights import weights

__all__ = ["convergence", "corner", "grid", "histogram", "training", "warp", "weights"]
