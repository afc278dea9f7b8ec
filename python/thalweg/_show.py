"""Results as text and as HTML."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._result import Result

#: outputs that are shown at most
MOST = 50


def line(result: Result) -> str:
    """A result in one line."""
    pairs = zip(result.names(), result.estimates)
    shown = [f"{name}={e}" if name else str(e) for name, e in pairs]
    if len(shown) > 6:
        shown = [*shown[:5], f"... {len(shown)} outputs"]
    return f"<Result {', '.join(shown)}  {result.status}, {result.calls} calls>"


def summary(result: Result, text: str) -> str:
    """The library's text, and the outputs by their names."""
    if not result.keys():
        return text
    pairs = zip(result.names(), result.estimates)
    return "\n".join([text, *(f"  {name}: {e}" for name, e in pairs)])


def table(result: Result) -> str:
    """A result as HTML."""
    rows = []
    for name, e in list(zip(result.names(), result.estimates))[:MOST]:
        relative = f"{e.error / abs(e.value):.1e}" if e.value else ""
        cells = (html.escape(name or "value"), f"<b>{html.escape(str(e))}</b>", relative)
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    if len(result.estimates) > MOST:
        rows.append(f"<tr><td>... {len(result.estimates)} outputs</td></tr>")
    notes = "".join(f"<li>{html.escape(text)}</li>" for text in result.reasons + result.warnings)
    calls = ", ".join(f"{n:,} {phase}" for phase, n in result.calls_by_phase.items() if n)
    khat = "" if result.khat is None else f", k-hat {result.khat:.2f}"
    p_value = "" if result.p_value is None else f"; batches p = {result.p_value:.2f}"
    colour = "#1a7f37" if result.is_good else "#b35900"
    return (
        "<table><thead><tr><th>output</th><th>integral</th><th>rel. error</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
        f"<p><span style='color:{colour}'><b>{result.status}</b></span>, method {result.method}, "
        f"{result.calls:,} calls ({calls}), {result.seconds:.2f} s<br>"
        f"weights: spread {result.rel_std:.3g}, ESS {100.0 * result.ess_fraction:.1f} %{khat}"
        f"{p_value}</p>" + (f"<ul>{notes}</ul>" if notes else "")
    )
