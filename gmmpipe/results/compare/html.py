"""A comparison as a page: one file without scripts, which opens offline."""

from importlib.resources import files

import numpy as np
from jinja2 import Environment, StrictUndefined

from gmmpipe.mixture.diagnostics.matching import partners
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.results import printing
from gmmpipe.results.compare import text
from gmmpipe.results.compare.differences import Differences
from gmmpipe.results.html import source_hash

MOST = 200  # rows of a table: what a person reads; csv has them all
WIDTH, HEIGHT = 420, 300  # of a picture, in pixels


def page(comparison: Differences) -> str:
    """Return the page as HTML. Names from data and configuration can never become markup."""
    home = files(__package__)
    style = home.joinpath("page.css").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(home.joinpath("page.html.j2").read_text(encoding="utf-8"))
    sections = [(part, printing.cells(part.frame)) for part in text.sections(comparison, MOST)]
    return template.render(
        before=comparison.before,
        after=comparison.after,
        summary=text.summary(comparison),
        pictures=[
            {"name": name, **picture(a, b)}
            for name, a, b in comparison.pairs
            if a.n_features == b.n_features == 2
        ],
        size=(WIDTH, HEIGHT),
        sections=sections,
        style=style,
        style_source=source_hash(style),
    )


def picture(before: Mixture, after: Mixture) -> dict[str, list[dict[str, float | int]]]:
    """Return the ellipses at 2 standard deviations of both mixtures (D = 2), in pixels.

    Components after have the colour of their partners before.
    """
    reach = [
        (m.means, 2.2 * np.sqrt(np.diagonal(m.covariances, axis1=1, axis2=2)))
        for m in (before, after)
    ]
    low = np.min([(mean - r).min(axis=0) for mean, r in reach], axis=0)
    high = np.max([(mean + r).max(axis=0) for mean, r in reach], axis=0)
    scale = np.array([WIDTH, -HEIGHT]) / (high - low)
    shift = np.array([-low[0], -high[1]]) * scale
    partner = partners(after, before)
    new = iter(range(before.n_components, before.n_components + after.n_components))
    colours = [int(i) if i >= 0 else next(new) for i in partner]
    sides = ((before, range(before.n_components)), (after, colours))
    drawn = [
        [_ellipse(mixture.rescaled(shift, scale), i, colour) for i, colour in enumerate(chosen)]
        for mixture, chosen in sides
    ]
    return dict(zip(("before", "after"), drawn, strict=True))


def _ellipse(mixture: Mixture, i: int, colour: int) -> dict[str, float | int]:
    variances, axes = np.linalg.eigh(mixture.covariances[i])
    ry, rx = 2 * np.sqrt(np.clip(variances, 0, None))
    cx, cy = mixture.means[i]
    angle = np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))
    shape = {"cx": cx, "cy": cy, "rx": rx, "ry": ry, "angle": angle}
    return {**{key: round(float(value), 2) for key, value in shape.items()}, "colour": colour % 7}
