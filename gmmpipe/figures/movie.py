"""A figure that moves: what stays, and what each picture has on top of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

View = tuple[tuple[float, float], tuple[float, float]]  # limits along x and y
LAST = 2.5  # seconds that the first and the last picture stay


@dataclass(frozen=True)
class Movie:
    """The unmoving figure, the artists of each picture in it, hidden, and pictures a second.

    views: the limits of the axes ``scene`` in each picture.
    """

    figure: Figure
    pictures: list[list[Artist]]
    rate: float
    scene: Axes
    views: list[View]

    @property
    def milliseconds(self) -> list[int]:
        """Return how long each picture stays, in the hundredths of a second that a GIF can hold."""
        each = max(10 * round(100 / self.rate), 20)
        long = int(1000 * LAST)
        return [max(each, 1000), *[each] * (len(self.pictures) - 2), max(each, long)]

    def views_set(self) -> Iterator[bool]:
        """Set the limits of each picture in turn, and yield whether they are new.

        Wider ones show every second, third, ... of the ticks of the last picture, which has all.
        """
        from matplotlib.ticker import FixedLocator

        sides = (self.scene.xaxis, self.scene.yaxis)
        ticks, current = [axis.get_majorticklocs() for axis in sides], None
        for view in self.views:
            if view != current:
                self.scene.set(xlim=view[0], ylim=view[1])
                for axis, every, now, last in zip(sides, ticks, view, self.views[-1], strict=True):
                    wider = (now[1] - now[0]) / (last[1] - last[0])
                    step = min(math.ceil(wider - 1e-9), max(len(every) - 1, 1))
                    axis.set_major_locator(FixedLocator(every[::step].tolist()))
            yield view != current
            current = view


def hidden(axes: Axes, draw: Callable[[], object]) -> list[Artist]:
    """Call ``draw`` and return the artists that it added to ``axes``, made invisible."""
    before = set(map(id, axes.get_children()))
    draw()
    new = [artist for artist in axes.get_children() if id(artist) not in before]
    for artist in new:
        artist.set_visible(False)
    return sorted(new, key=lambda artist: artist.get_zorder())
