"""From a configuration to a frozen plan: what is made of what, in which blocks, under what name.

Every artifact's name ends in a digest of all that determines its content, so a changed setting
or input makes new files and an unchanged one finds the old. The format is part of it: what an
older gmmpipe made stays as it is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

from gmmpipe.config import load
from gmmpipe.config.build import build
from gmmpipe.config.origins import origins
from gmmpipe.config.schema import BLOCK
from gmmpipe.data import read as reader
from gmmpipe.data.kinds import DATASETS, File
from gmmpipe.data.progress import Bar
from gmmpipe.data.user_file import OPTIONS, own_file
from gmmpipe.errors import InputError, UnreadableData, suggest
from gmmpipe.mixture.em.options import FitOptions, RestartOptions, of_section
from gmmpipe.mixture.engines.dask import PACKAGES, missing
from gmmpipe.mixture.engines.partitioned import Partitioned
from gmmpipe.mixture.fit_arrays import cost
from gmmpipe.mixture.starts.given import to_arrays
from gmmpipe.store import artifacts, layout
from gmmpipe.store.files import is_intact
from gmmpipe.store.layout import STARTS, stored
from gmmpipe.store.manifest import FORMAT
from gmmpipe.store.names import file_name, located, own_folders
from gmmpipe.workflow import bootstrap_blocks, memory
from gmmpipe.workflow.grid import tiles, width_of, windows
from gmmpipe.workflow.stages import generate

Section = dict[str, Any]
BEYOND = {"prior": "fit.regularisation=map", "weights": "weights"}  # features not named as a key


def freeze(
    root: Path,
    overrides: Sequence[str],
    own: Mapping[str, Any] | None = None,
    profile: Mapping[str, Any] | None = None,
    scratch: Path | None = None,
) -> Path:
    """Compose and check the configuration in ``root``/conf; plan it; return the plan's path.

    own is the user's file and its options (path, label, weight, columns), or None. profile has the
    settings of `block` that a profile makes: stronger than conf/, weaker than overrides. The plan
    is JSON: experiment, version, config, block, and the sections data, normalised, fits and
    bootstrap, each {name: section}. Beside it stands who asked for it how, which is no part of the
    version. scratch: a folder for what the store lacks, for a question that is to write nothing
    there: a run may be going on.

    Raises InputError for whatever is wrong with configuration or data; no job has run then.
    """
    machine = [f"block.{key}={str(value).lower()}" for key, value in (profile or {}).items()]
    settled = load.load(root / "conf", [*machine, *overrides], own)
    own_folders(root, settled["experiment"])
    _refuse_unnamed(settled["engine"], overrides)
    path = freeze_settled(root, settled, str(own["path"]) if own else None, scratch)
    if scratch and scratch not in path.parents:
        return path
    _write_changed(layout.engine(path), settled["engine"])
    told = {"overrides": list(overrides), "own": None if own is None else dict(own)}
    told["origins"] = origins(root / "conf", overrides, own, _studied(settled))
    _write_changed(layout.origins(path), told)
    return path


def freeze_settled(
    root: Path, settled: Section, given: str | None = None, scratch: Path | None = None
) -> Path:
    """Plan a configuration that is composed and checked already; else as ``freeze``.

    given: the path of the user's own file, which may lie outside of the project.
    """
    plan: Section = {"experiment": settled["experiment"], "config": _studied(settled)}
    plan |= {"block": settled["block"], "data": {}, "normalised": {}, "fits": {}, "bootstrap": {}}
    for outer, there in load.points(settled):
        for name in there["dataset"]:
            data = _data(root, name, _settled(there["dataset"][name], there["fit"]), given, scratch)
            if data["missing"] and there["fit"]["missing"] != "mar":
                raise InputError(
                    f"dataset {name} keeps {data['missing']} missing values; set fit.missing=mar"
                )
            _refuse_beyond(settled.get("engine", {}), data, there["fit"])
            plan["data"][data["name"]] = data
            for normaliser, family, start in product(*(there[a] for a in load.NAMED[1:])):
                normalised = _normalised(data, normaliser, there["normaliser"][normaliser])
                plan["normalised"][normalised["name"]] = normalised
                at = {"dataset": name, "normaliser": normaliser, "covariance": family}
                at |= {"start": start, **outer}
                source = _start(root, data, there["start"][start], there["sweep"]["k"], scratch)
                for block in blocks(normalised["name"], data, at, there, source):
                    plan["fits"][block["name"]] = block
    plan["bootstrap"] = {block["name"]: block for block in bootstrap_blocks.blocks(plan)}
    contents = [data["digested"] for data in plan["data"].values()]
    contents += sorted({b["source"]["sha256"] for b in plan["fits"].values() if b["source"]})
    described = {k: v for k, v in plan["config"].items() if k != "dataset"}
    if not plan["bootstrap"]:  # nothing of it is in the results
        del described["bootstrap"]
    plan["version"] = artifacts.digest([FORMAT, described, contents])
    name = layout.plan(plan["experiment"], plan["version"])
    path = root / name
    if scratch and not _holds(path, plan):
        path = scratch / Path(name).name
    _write_changed(path, plan)
    return path


def _studied(settled: Mapping[str, Any]) -> Section:
    """Return what results depend on: all but how the work is cut into jobs, and who does it."""
    return {key: value for key, value in settled.items() if key not in ("block", "engine")}


def _refuse_unnamed(engine: Mapping[str, Any], overrides: Sequence[str]) -> None:
    """Raise InputError for a scheduler that the user did not name: it can run code here."""
    if engine["address"] and f"engine.address={engine['address']}" not in overrides:
        raise InputError(
            f"engine.address is {engine['address']}: whoever runs a scheduler can run code here, so"
            f" name it yourself, engine.address={engine['address']} on the command line"
        )


def _refuse_beyond(engine: Mapping[str, Any], data: Section, fit: Section) -> None:
    """Raise InputError for what a cluster's engine cannot do, or where it is not installed."""
    if engine.get("kind", "local") == "local":
        return
    for package in PACKAGES:
        if find_spec(package) is None:
            raise InputError(f"engine.kind is dask: {missing(package)}")
    asked = of_section(FitOptions, fit).features() | ({"weights"} if "total" in data else set())
    for feature in sorted(asked - Partitioned.supports):
        raise InputError(
            f"engine.kind is dask, which does not take {BEYOND.get(feature, f'fit.{feature}')}"
            f" (data set {data['dataset']}); set engine.kind=local"
        )


def _write_changed(path: Path, value: Section) -> None:
    """Write JSON unless the file holds the same: untouched, it triggers no rerun."""
    if not _holds(path, value):
        artifacts.write_json(path, value)


def _holds(path: Path, value: Section) -> bool:
    return is_intact(path) and artifacts.read_json(path) == value


def blocks(
    normalised: str,
    data: Section,
    at: Section,
    there: Mapping[str, Any],
    source: Mapping[str, Any] | None = None,
) -> Iterator[Section]:
    """Yield the blocks of one (data set, normaliser, family, start, outer point).

    source: the file that the start is in, its sha256, and where it is stored; or nothing.

    A block is the part of the sweep inside one tile of an aligned (K, seed) grid. The tile's size
    depends on the cost of its fits and on the values of K they share, never on how many seeds
    there are, so a sweep that grows leaves its full blocks as they are.
    """
    n = data["n"]
    sweep, family = there["sweep"], there["covariance"][at["covariance"]]
    most_k = data.get("positive", n)
    if sweep["k"][-1] > most_k:
        kind = "rows" if most_k == n else "rows of positive weight"
        raise InputError(
            f"sweep.k holds {sweep['k'][-1]}, but data set {at['dataset']} has {most_k} {kind};"
            f" k must not exceed {most_k}"
        )

    each = partial(cost, data, family["family"], there["fit"], sweep["iteration"][-1])
    words = ".".join(str(at[axis]) for axis in load.NAMED)
    restarts = of_section(RestartOptions, there["fit"])
    auto = restarts.restarts == "auto"  # then one job sees all seeds of a k
    most = max(restarts.most_seeds, len(sweep["seed"])) if auto else 1
    fit = {key: value for key, value in there["fit"].items() if key not in restarts.idle}
    target = there["block"]["target_seconds"]
    for (low, high), ks in tiles(sweep["k"], lambda k: each(k) * most, target):
        whole = sum(map(each, ks))
        takes = partial(memory.of_fit, data, fit, ks, iteration=sweep["iteration"])
        held = [takes(seeds) for seeds in (0, 1)]
        width = width_of(len(ks), whole, target, held[1] - held[0])
        if auto:
            width = sweep["seed"][-1] + most
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
            made_of = [normalised, section, *([source["sha256"]] if source else [])]
            yield {
                "name": file_name(f"{words}.{tile}-{artifacts.digest(made_of)}"),
                "normalised": normalised,
                "source": dict(source or {}),
                "config": section,
                "seconds": whole * (most if auto else len(seeds)),
                "memory": takes(len(seeds)),
            }


def _settled(options: Section, fit: Section) -> Section:
    """Return the options of a data set, whether to keep missing values settled by fit.missing."""
    if options.get("missing") != "auto":
        return options
    return {**options, "missing": "keep" if fit["missing"] == "mar" else "refuse"}


def _data(
    root: Path, name: str, options: Section, given: str | None, scratch: Path | None
) -> Section:
    """Describe one data set: its options, its size, and the digest of its source.

    given is the path that the user himself gave beside the configuration, if any; scratch as in
    ``freeze``.
    """
    source: Section = {}
    told: Section = {"size": 0}
    if options["kind"] == "file":
        path = located(root, options["path"], given)
        large = path.exists() and reader.is_large(path)
        told = reader.described(path) if large else artifacts.describe(path)
        for file in told.get("files", ()):
            located(root, f"{options['path']}/{file}", given and f"{given}/{file}")
        source = {"path": str(options["path"]), "sha256": told["sha256"]}
        digested = {**options, "path": path.name, "sha256": source["sha256"]}
        identity = file_name(f"{name}-{artifacts.digest([FORMAT, digested])}")
        if large and reader.is_text(path):
            source["text"] = stored("text", identity)
        kind = build(DATASETS, "data set", options, "kind")
        look = partial(_looked_at, scratch or root, path, kind, source)
        try:
            size = _remembered(root / stored("data", identity, ".json"), look, keep=scratch is None)
        except UnreadableData as error:  # whose remedies are options of the user's own file
            raise error if given == options["path"] else error.of_dataset(name) from None
    else:
        digested = options
        identity = file_name(f"{name}-{artifacts.digest([FORMAT, digested])}")
        n, d = build(DATASETS, "data set", options, "kind").shape
        size = {"n": n, "d": d, "dropped": 0, "missing": 0}
    return {
        "name": identity,
        "dataset": name,
        **size,
        "source": source,
        "bytes": told["size"],
        "files": told.get("files", {}),
        "config": options,
        "digested": digested,
    }


def _start(
    root: Path, data: Section, options: Section, ks: Sequence[int], scratch: Path | None
) -> Section:
    """Store the start that is in a file; return path, sha256 and what is stored, {} if none is.

    Raises InputError for a file outside the project or of another K or number of rows.
    """
    path = options.get("path")
    if path is None:
        return {}
    content = artifacts.read(located(root, path, None))
    found = reader.given(content, path)
    rows = getattr(found, "labels", None)
    if rows is not None and len(rows) != data["n"]:
        raise InputError(f"{path}: {len(rows)} groups, but {data['dataset']} has {data['n']} rows")
    if list(ks) != [found.n_components]:
        raise InputError(
            f"{path}: {found.n_components} components; set sweep.k=[{found.n_components}]"
        )
    digest = artifacts.sha256(content)
    place = Path(stored(STARTS, digest[:12]))
    if not is_intact(root / place):  # content and name go together
        place = scratch / place.name if scratch else place
        artifacts.write_arrays(root / place, to_arrays(found))
    return {"path": path, "bytes": len(content), "sha256": digest, "stored": str(place)}


def _remembered(known: Path, look: Callable[[], Section], keep: bool) -> Section:
    """Return what a plan must know of a file, see ``Gathering.size``; ``known`` remembers it.

    Of a large text the numbers are kept, for ``generate``.
    """
    if is_intact(known):
        read: Section = artifacts.read_json(known)
        return read
    found = look()
    if keep:
        artifacts.write_json(known, found)
    return found


def _looked_at(root: Path, path: Path, kind: File, source: Section) -> Section:
    if "text" in source:
        target = root / source["text"]
        target.parent.mkdir(parents=True, exist_ok=True)
        with Bar(path.name, path.stat().st_size) as bar:
            found = reader.gather(path, str(path), kind, target.parent, bar)
        generate.refuse_changed(path, source, found)
        generate.write(target, found.sample(), path.name)
    elif reader.is_large(path):
        found = reader.gather(path, str(path), kind)
        generate.refuse_changed(path, source, found)
    else:
        content = artifacts.read(path)
        generate.refuse_changed(path, source, content)
        found = reader.gather(content, str(path), kind)
    return found.size


def readings(root: Path, settled: Section, own: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield for each data set from a file how it is read, or why it is not."""
    given = None if own is None else str(own["path"])
    for name, options in settled["dataset"].items():
        if options["kind"] == "file":
            kind = build(DATASETS, "data set", _settled(options, settled["fit"]), "kind")
            try:
                path = located(root, options["path"], given)
                yield reader.look(path, options["path"], kind)
            except OSError as error:
                yield f"{options['path']}: {error.strerror}"
            except UnreadableData as error:
                yield str(error if given == options["path"] else error.of_dataset(name))
            except InputError as error:
                yield str(error)


def _normalised(data: Section, name: str, options: Section) -> Section:
    identity = f"{data['dataset']}.{name}-{artifacts.digest([data['name'], options])}"
    return {"name": identity, "data": data["name"], "config": options}


def from_snakemake(
    settings: Mapping[str, Any],
    main: bool,
    profile: Mapping[str, Any] | None = None,
    scratch: Path | None = None,
) -> Path:
    """Return the plan for --config settings: experiment, overrides, data, label, weight, columns.

    Those of `block` may be among them, or else in ``profile``; that and scratch as for ``freeze``.
    Snakemake reads the Snakefile again in some of its subprocesses: only the main process plans,
    the others look up what it planned. Raises InputError for unknown or wrong settings.
    """
    known = ("experiment", "overrides", *OPTIONS, *BLOCK)
    for key in settings:
        if key not in known:
            raise InputError(suggest("--config key", key, list(known)))
    call = Path(stored("plans", f".call-{artifacts.digest(dict(settings))}", ".json"))
    if not main:
        return Path(artifacts.read_json(call))
    overrides = settings.get("overrides", [])
    if not isinstance(overrides, list) or not all(isinstance(o, str) for o in overrides):
        raise InputError(f"overrides is {overrides!r}; give a list such as '[\"fit.tol=1e-6\"]'")
    if "experiment" in settings:
        overrides = [f"experiment={settings['experiment']}", *overrides]
    block = {**(profile or {}), **{key: settings[key] for key in BLOCK if key in settings}}
    path = freeze(Path(), overrides, own_file(Path(), settings), block, scratch)
    artifacts.write_json(call if scratch is None else scratch / call.name, str(path))
    return path
