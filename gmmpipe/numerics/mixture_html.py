"""What a notebook shows of a mixture."""

import numpy as np

from gmmpipe.numerics.mixture import FIRST, Mixture

MOST_COMPONENTS = 20
MOST_FEATURES = 8
RIGHT = 'style="text-align:right"'


def mixture_html(mixture: Mixture) -> str:
    """Return a table: weight, mean ± standard deviation of each feature, correlation if D = 2."""
    k, d = mixture.means.shape
    more = ["..."] if d > MOST_FEATURES else []
    names = ["component", "weight", *[f"x<sub>{j}</sub>" for j in range(min(d, MOST_FEATURES))]]
    rows = [_row(mixture, i, more) for i in range(min(k, MOST_COMPONENTS))]
    if k > MOST_COMPONENTS:
        rows.append([f"... {k - MOST_COMPONENTS} more"])
    if mixture.box is not None:
        low, high = ([f"{v:.4g}" for v in edge[:MOST_FEATURES]] for edge in mixture.box)
        spans = [f"{a} to {b}" for a, b in zip(low, high, strict=True)]
        rows.append(["noise", f"{mixture.noise:.3f}", *spans, *more])
    last = ["correlation"] if d == 2 else []
    return (
        f"<div><p>Mixture of {k} component{'s' * (k > 1)}, mean ± standard deviation</p>\n"
        f"<table>\n<thead>{_line('th', [*names, *more, *last])}</thead>\n<tbody>\n"
        f"{''.join(_line('td', row) for row in rows)}</tbody>\n</table></div>"
    )


def _row(mixture: Mixture, i: int, more: list[str]) -> list[str]:
    covariance = mixture.covariances[i]
    deviations = np.sqrt(np.diag(covariance))
    pairs = zip(mixture.means[i, :MOST_FEATURES], deviations, strict=False)
    row = [
        str(i + FIRST),
        f"{mixture.weights[i]:.3f}",
        *[f"{m:.4g} ± {s:#.2g}".rstrip(".") for m, s in pairs],
        *more,
    ]
    if len(deviations) == 2:
        row.append(f"{covariance[0, 1] / deviations.prod():.2f}")
    return row


def _line(tag: str, places: list[str]) -> str:
    return f"<tr>{''.join(f'<{tag} {RIGHT}>{text}</{tag}>' for text in places)}</tr>\n"
