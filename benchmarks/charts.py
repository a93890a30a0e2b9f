"""The figures of the benchmark."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt


def bars(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw milliseconds per iteration of each peer over the floor, problem by problem."""
    problems = list(dict.fromkeys(_problem(row) for row in rows))
    peers = list(dict.fromkeys(row["peer"] for row in rows))
    figure, axes = plt.subplots(figsize=(9, 4.5), layout="constrained")
    width = 0.8 / len(peers)
    for i, peer in enumerate(peers):
        mine = {_problem(r): r["milliseconds"] / r["floor"] for r in rows if r["peer"] == peer}
        places = [j + i * width for j, problem in enumerate(problems) if problem in mine]
        axes.bar(places, [mine[p] for p in problems if p in mine], width, label=peer)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_yscale("log")
    axes.set_ylabel("time of an iteration / roofline")
    axes.set_xticks([j + 0.4 - width / 2 for j in range(len(problems))])
    axes.set_xticklabels([f"{n:,}\n{d} x {k}\n{kind}" for n, d, k, kind in problems])
    axes.set_xlabel("samples, features x components")
    axes.legend()
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _problem(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[key] for key in ("n", "d", "k", "kind"))


def growths(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw milliseconds per iteration against N, D and K, each with the others fixed."""
    figure, panels = plt.subplots(1, 3, figsize=(9, 3.2), sharey=True, layout="constrained")
    others = {"n": ("d", "k"), "d": ("n", "k"), "k": ("n", "d")}
    for axes, (name, fixed) in zip(panels, others.items(), strict=True):
        groups: dict[tuple[int, ...], list[dict[str, Any]]] = {}
        for row in rows:
            groups.setdefault(tuple(row[key] for key in fixed), []).append(row)
        key, group = max(groups.items(), key=lambda item: len({row[name] for row in item[1]}))
        group = sorted(group, key=lambda row: row[name])
        axes.loglog([r[name] for r in group], [r["milliseconds"] for r in group], "o-")
        label = ", ".join(f"{f.upper()} = {v:,}" for f, v in zip(fixed, key, strict=True))
        axes.set_title(label, fontsize="medium")
        axes.set_xlabel(name.upper())
    panels[0].set_ylabel("milliseconds per iteration")
    figure.savefig(path, dpi=150)
    plt.close(figure)
