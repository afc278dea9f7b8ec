"""Settings of a run as the library takes them, from keyword arguments."""

from __future__ import annotations

import difflib
import math
import operator
import os
from collections.abc import Mapping
from typing import Any

from . import _native
from ._bounds import Ranges, seed_of
from ._native import default_settings as _defaults
from .errors import SettingError

#: names that settings of the Rust library have, and where they are
METHODS = ("auto", "plain", "vegas", "flow")
PLACEMENTS = ("auto", "random", "sobol", "strata")
COST_CLASSES = ("free", "cheap", "dear")


def default_settings() -> dict[str, Any]:
    """All settings of a run with their defaults; dicts in it are ``vegas``, ``flow``, ``train``."""
    settings = _defaults()
    del settings["domain"]
    # Made from ``family`` and ``depth``.
    settings.pop("stack", None)
    return {**settings.pop("stop"), **settings}


class _Unset:
    """Stands for an argument that was not given."""

    def __repr__(self) -> str:
        return "..."


UNSET: Any = _Unset()


def settings_of(ranges: Ranges, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a run, as a dict of plain data."""
    given = dict(given)
    settings = _defaults()
    settings["domain"] = {"ranges": ranges}
    settings["stop"] = _stop(given)
    settings["seed"] = seed_of(given.pop("seed", 1))
    settings["method"] = _choice("method", given.pop("method", "auto"), METHODS)
    settings["placement"] = _choice("placement", given.pop("placement", "auto"), PLACEMENTS)
    cost_class = given.pop("cost_class", None)
    if cost_class is not None:
        settings["cost_class"] = _choice("cost_class", cost_class, COST_CLASSES)
    threads = given.pop("threads", None)
    if threads is not None:
        settings["threads"] = whole("threads", threads)
    settings["non_finite"] = _non_finite(given.pop("non_finite", "fail"))
    for name in ("covariance", "flow_on_grid", "defence", "find_peaks"):
        settings[name] = bool(given.pop(name, settings[name]))
    for name in ("vegas", "flow", "train"):
        merge(settings[name], given.pop(name, None), name)
    family, depth = given.pop("family", None), given.pop("depth", 6)
    if family is not None:
        settings["stack"] = family_of(family, depth)
    if given:
        raise TypeError(_unknown(next(iter(given)), [*KNOWN]))
    return settings


KNOWN = (
    "rel_error",
    "abs_error",
    "rtol",
    "atol",
    "max_calls",
    "max_seconds",
    "seed",
    "method",
    "placement",
    "cost_class",
    "threads",
    "non_finite",
    "covariance",
    "flow_on_grid",
    "defence",
    "find_peaks",
    "vegas",
    "flow",
    "train",
    "family",
    "depth",
)


def family_of(family: Any, depth: Any) -> dict[str, Any]:
    """The layers of a family of flows."""
    try:
        return _native.Map.family(family, whole("depth", depth))["stack"]
    except SettingError:
        raise
    except Exception as error:
        raise SettingError(f"{family!r} is no family of flows") from error


def _unknown(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"there is no setting {name!r}{hint}"


def _stop(given: dict[str, Any]) -> dict[str, Any]:
    errors = {}
    for name, other in (("rel_error", "rtol"), ("abs_error", "atol")):
        pair = [given.pop(name, UNSET), given.pop(other, UNSET)]
        found = [value for value in pair if value is not UNSET]
        if len(found) > 1:
            raise TypeError(f"{name} and {other} are the same; give one of them")
        if found:
            errors[name] = found[0]
    # One target alone does not bring the other one's default along.
    rel_error = errors.get("rel_error", None if errors.get("abs_error") else 1e-3)
    return {
        "rel_error": _target("rel_error", rel_error),
        "abs_error": _target("abs_error", errors.get("abs_error")),
        "max_calls": whole("max_calls", given.pop("max_calls", 10_000_000)),
        "max_seconds": _positive("max_seconds", given.pop("max_seconds", None)),
    }


def _target(name: str, value: Any) -> float | None:
    """An error to reach; None and 0 mean none."""
    if value is None or (isinstance(value, (int, float)) and value == 0):
        return None
    return _positive(name, value)


def _positive(name: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, (str, bytes, bool)):
        raise TypeError(f"{name} must be a number, not {value!r}")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}") from None
    if not (number > 0.0 and math.isfinite(number)):
        raise SettingError(f"{name} is {number}; it must be positive and finite")
    return number


def whole(name: str, value: Any) -> int:
    """A whole number; floats such as 1e6 are welcome."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {value!r}") from None
    if not 0 < number < 2**63:
        raise SettingError(f"{name} is {number}; it must be positive and below 2**63")
    return number


def _choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be one of {allowed}, not {type(value).__name__}")
    if value not in allowed:
        close = difflib.get_close_matches(value, allowed, 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise SettingError(f"{name} is {value!r}; it must be one of {allowed}{hint}")
    return value


def _non_finite(value: Any) -> Any:
    if value == "fail":
        return "fail"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise SettingError(
            f"non_finite is {value!r}; it must be 'fail' or the largest share of calls, between 0 "
            "and 1, that may be NaN or infinite and count as zero"
        )
    return {"count_as_zero": {"max_share": float(value)}}


def merge(defaults: dict[str, Any], given: Any, name: str) -> None:
    """Replaces defaults by what is given, level by level."""
    if given is None:
        return
    if not isinstance(given, Mapping):
        raise TypeError(f"{name} must be a dict of settings, not {type(given).__name__}")
    for key, value in given.items():
        if key not in defaults:
            raise SettingError(f"{name}: {_unknown(str(key), list(defaults))}")
        if isinstance(defaults[key], dict) and isinstance(value, Mapping) and key == "adam":
            merge(defaults[key], value, f"{name}[{key!r}]")
        else:
            defaults[key] = value


def checkpoint_of(path: Any, every: float, resume: bool) -> dict[str, Any] | None:
    """Where a run is kept."""
    if path is None:
        return None
    seconds = _positive("checkpoint_every", every)
    return {"path": os.fspath(path), "every": seconds, "resume": bool(resume)}
