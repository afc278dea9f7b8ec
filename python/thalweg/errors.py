"""What can go wrong.

Every error of the library is an :class:`Error`; where Python has a class for the fault, such as
``ValueError``, it is one of these, too. Files that cannot be read or written raise ``OSError``.
An exception of the user's function is not wrapped: it comes back as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._result import Result

__all__ = [
    "CheckpointError",
    "Error",
    "IntegrandError",
    "Interrupted",
    "ModelError",
    "NativeError",
    "NoSignalError",
    "NonFiniteError",
    "PartialError",
    "SettingError",
    "ShapeError",
    "WorkerError",
]


class Error(Exception):
    """Every error of the library."""


class SettingError(Error, ValueError):
    """Bounds, settings or dimensions that cannot be used."""


class IntegrandError(Error):
    """The integrand gave nothing usable."""


class ShapeError(IntegrandError, ValueError):
    """The integrand returned an array of another shape or type than it should."""


class NonFiniteError(IntegrandError, ArithmeticError):
    """The integrand returned NaN or an infinity; see the setting ``non_finite``."""


class NativeError(IntegrandError):
    """A C function returned another number than 0, which is ``code``."""

    #: what it returned
    code: int

    def __init__(self, code: int) -> None:
        super().__init__(f"the C function returned {code}; 0 is success")
        self.code = code

    def __reduce__(self):  # type: ignore[no-untyped-def]
        return type(self), (self.code,)


class WorkerError(IntegrandError):
    """A worker process ended before its time, as one does that is killed for its memory."""


class ModelError(Error, ValueError):
    """Bytes or a file that hold no sampler, or a damaged or newer one."""


class CheckpointError(Error, ValueError):
    """A file that holds no checkpoint, a damaged one, or one of another run."""


class PartialError(Error, ValueError):
    """A part that is damaged, of another estimate, or has points that are there already."""


class NoSignalError(Error):
    """Every weight is zero: there is nothing to draw events from."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C was pressed; ``result`` is what there was then.

    It is a ``KeyboardInterrupt``, so that a program which does not expect it ends as usual.
    """

    #: the result so far, with status "interrupted", or None where nothing was estimated yet
    result: Result | None

    def __init__(self, message: str = "interrupted", result: Result | None = None) -> None:
        super().__init__(message)
        self.result = result

    def __reduce__(self):  # type: ignore[no-untyped-def]
        return type(self), (self.args[0], self.result)
