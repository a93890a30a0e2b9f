"""From a configuration to a frozen plan: what is made of what, in which blocks, under what name.

Every artifact's name ends in a digest of all that determines its content, so a changed setting
or input makes new files and an unchanged one finds the old.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from gmmpipe import artifacts, config, reader, replicates
from gmmpipe.blocks import OWN, RESTARTS
from gmmpipe.boundary import located, own_folders, stored
from gmmpipe.errors import InputError, suggest
from gmmpipe.numerics.datasets import DATASETS
from gmmpipe.numerics.em import seconds
from gmmpipe.numerics.registry import build
from gmmpipe.origins import origins
from gmmpipe.own import own_file
from gmmpipe.study import origins_of
from gmmpipe.tiles import tiles, width_of, windows

Section = dict[str, Any]


def freeze(root: Path, overrides: Sequence[str], own: Mapping[str, Any] | None = None) -> Path:
    """Compose and check the configuration in ``root``/conf; plan it; return the plan's path.

    own is the user's file and its options (path, label, columns), or None. The plan is JSON:
    experiment, version, config, and the sections data, normalised, fits and bootstrap, each
    {name: section}. Beside it stands who asked for it how, which is no part of the version.

    Raises InputError for whatever is wrong with configuration or data; no job has run then.
    """
    settled = config.load(root / "conf", overrides, own)
    own_folders(root, settled["experiment"])
    path = freeze_settled(root, settled, str(own["path"]) if own else None)
    told = {"overrides": list(overrides), "own": None if own is None else dict(own)}
    told["origins"] = origins(root / "conf", overrides, own, settled)
    _write_changed(origins_of(path), told)
    return path


def freeze_settled(root: Path, settled: Section, given: str | None = None) -> Path:
    """Plan a configuration that is composed and checked already; else as ``freeze``.

    given: the path of the user's own file, which may lie outside of the project.
    """
    plan: Section = {"experiment": settled["experiment"], "config": settled}
    plan |= {"data": {}, "normalised": {}, "fits": {}, "bootstrap": {}}
    for outer, there in config.points(settled):
        for name in there["dataset"]:
            data = _data(root, name, there["dataset"][name], given)
            plan["data"][data["name"]] = data
            for normaliser, family, start in product(*(there[a] for a in config.NAMED[1:])):
                normalised = _normalised(data, normaliser, there["normaliser"][normaliser])
                plan["normalised"][normalised["name"]] = normalised
                at = {"dataset": name, "normaliser": normaliser, "covariance": family}
                at |= {"start": start, **outer}
                for block in blocks(normalised["name"], data, at, there):
                    plan["fits"][block["name"]] = block
    plan["bootstrap"] = {block["name"]: block for block in replicates.blocks(plan)}
    contents = [data["digested"] for data in plan["data"].values()]
    described = {k: v for k, v in settled.items() if k != "dataset"}
    if not plan["bootstrap"]:  # nothing of it is in the results
        del described["bootstrap"]
    plan["version"] = artifacts.digest([described, contents])
    path = root / f"results/store/plans/{plan['experiment']}-{plan['version']}.json"
    _write_changed(path, plan)
    return path


def _write_changed(path: Path, value: Section) -> None:
    """Write JSON unless the file holds the same: untouched, it triggers no rerun."""
    if not path.exists() or artifacts.read_json(path) != value:
        artifacts.write_json(path, value)


def blocks(
    normalised: str, data: Section, at: Section, there: Mapping[str, Any]
) -> Iterator[Section]:
    """Yield the blocks of one (data set, normaliser, family, start, outer point).

    A block is the part of the sweep inside one tile of an aligned (K, seed) grid. The tile's size
    depends on the cost of its fits and on the values of K they share, never on how many seeds
    there are, so a sweep that grows leaves its full blocks as they are.
    """
    n, d = data["n"], data["d"]
    sweep, family = there["sweep"], there["covariance"][at["covariance"]]
    if sweep["k"][-1] > n:
        raise InputError(
            f"sweep.k holds {sweep['k'][-1]}, but data set {at['dataset']} has {n} rows;"
            f" k must not exceed {n}"
        )

    rule = there["fit"]
    plain = rule.get("regularisation") != "map"
    plain = plain and {key: rule.get(key, own) for key, own in OWN.items()} == OWN

    def cost(k: int) -> float:
        return seconds(n, d, family["family"], min(k, n), sweep["iteration"][-1], compiled=plain)

    words = ".".join(str(at[axis]) for axis in config.NAMED)
    fit = dict(there["fit"])
    auto = fit.get("restarts") == "auto"  # then one job sees all seeds of a k
    most = max(fit["most_seeds"], len(sweep["seed"])) if auto else 1
    if not auto:  # what has no effect is in no digest
        fit = {key: value for key, value in fit.items() if key not in RESTARTS}
    for (low, high), ks in tiles(sweep["k"], lambda k: cost(k) * most):
        each = sum(map(cost, ks))
        width = sweep["seed"][-1] + most if auto else width_of(len(ks), each)
        for (first, last), seeds in windows(sweep["seed"], width):
            section = {
                "coordinates": at,
                "covariance": family,
                "start": there["start"][at["start"]],
                "fit": fit,
                "k": ks,
                "seed": seeds,
                "iteration": sweep["iteration"],
            }
            tile = f"k{low}-{high}.s{first}-{last}"
            yield {
                "name": stored(f"{words}.{tile}-{artifacts.digest([normalised, section])}"),
                "normalised": normalised,
                "config": section,
                "seconds": each * (most if auto else len(seeds)),
            }


def _data(root: Path, name: str, options: Section, given: str | None) -> Section:
    """Describe one data set: its options, its size, and the digest of its source.

    given is the path that the user himself gave beside the configuration, if any.
    """
    source: Section = {}
    n_bytes = 0
    if options["kind"] == "file":
        path = located(root, options["path"], given)
        content = artifacts.read(path)
        n_bytes = len(content)
        source = {"path": str(options["path"]), "sha256": artifacts.sha256(content)}
        digested = {**options, "path": path.name, "sha256": source["sha256"]}
        identity = f"{name}-{artifacts.digest(digested)}"
        size = _size(root / f"results/store/data/{identity}.json", content, path, options)
    else:
        digested = options
        identity = f"{name}-{artifacts.digest(digested)}"
        n, d = build(DATASETS, "data set", options, "kind").shape
        size = {"n": n, "d": d, "dropped": 0}
    return {
        "name": identity,
        "dataset": name,
        **size,
        "source": source,
        "bytes": n_bytes,
        "config": options,
        "digested": digested,
    }


def _size(known: Path, content: bytes, path: Path, options: Section) -> Section:
    """Return rows, features, dropped rows of a file: read through once, then remembered."""
    if not known.exists():
        sample = reader.read(content, str(path), build(DATASETS, "data set", options, "kind"))
        n, d = sample.x.shape
        artifacts.write_json(known, {"n": n, "d": d, "dropped": sample.dropped})
    size: Section = artifacts.read_json(known)
    return size


def _normalised(data: Section, name: str, options: Section) -> Section:
    identity = f"{data['dataset']}.{name}-{artifacts.digest([data['name'], options])}"
    return {"name": identity, "data": data["name"], "config": options}


def from_snakemake(settings: Mapping[str, Any], main: bool) -> Path:
    """Return the plan for --config settings: experiment, overrides, data, label, columns.

    Snakemake reads the Snakefile again in some of its subprocesses: only the main process plans,
    the others look up what it planned. Raises InputError for unknown or wrong settings.
    """
    known = ("experiment", "overrides", "data", "label", "columns")
    for key in settings:
        if key not in known:
            raise InputError(suggest("--config key", key, list(known)))
    call = Path(f"results/store/plans/.call-{artifacts.digest(dict(settings))}.json")
    if not main:
        return Path(artifacts.read_json(call))
    overrides = settings.get("overrides", [])
    if not isinstance(overrides, list) or not all(isinstance(o, str) for o in overrides):
        raise InputError(f"overrides is {overrides!r}; give a list such as '[\"fit.tol=1e-6\"]'")
    if "experiment" in settings:
        overrides = [f"experiment={settings['experiment']}", *overrides]
    path = freeze(Path(), overrides, own_file(Path(), settings))
    artifacts.write_json(call, str(path))
    return path
