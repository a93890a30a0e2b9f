"""The bootstrap's part of a plan: blocks of replicates, from which fits, under what name."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial

from gmmpipe.errors import InputError
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.results.columns import FAMILY
from gmmpipe.store import artifacts
from gmmpipe.store.entries import BootstrapBlock, DataSet, FitBlock
from gmmpipe.store.jobs import BootstrapJob, FitJob, Section, to_json
from gmmpipe.store.plan import Plan
from gmmpipe.workflow.cost import cost
from gmmpipe.workflow.grid import tiles, width_of, windows

Cost = Callable[[int], float]  # of K components, in seconds
ITERATIONS = 200  # that a refit takes, about; the cost of a block is estimated by them
OVERHEAD = 2.5e-3  # seconds of a short EM start on small data


@dataclass(frozen=True)
class _Part:
    """What distinguishes a block of the replicates of the same fits from others."""

    tile: str
    kind: str
    replicates: list[int]
    seconds: float
    k: list[int] | None = None


def blocks(plan: Plan) -> Iterator[BootstrapBlock]:
    """Yield the blocks of replicates that the section `bootstrap` of the configuration asks for.

    Each begins with the best fits of one (data set, normaliser, family, outer point), all of which
    its name digests, and holds an aligned window of replicates: of the tests of some K, or of the
    intervals of the K of lowest BIC. More replicates leave full blocks as they are.
    Raises InputError where there is no K to test.
    """
    settings = plan.config["bootstrap"]
    if not (settings["replicates"] or settings["stability"]):
        return
    for fits in _units(plan.fit_blocks):
        first = plan.fit_blocks[fits[0]]
        job, data = first.config, plan.data_of(first.normalised)
        ks = sorted({k for name in fits for k in plan.fit_blocks[name].config.k})
        tested = [k for k in ks if k <= settings["max_k"] and k < data.usable]
        _check(settings, data, job.fit)
        if settings["replicates"] and settings["max_k"] and not tested:
            raise InputError(
                f"bootstrap.max_k is {settings['max_k']}, but the least K to test of sweep.k is"
                f" {ks[0]} and {data.dataset} has {data.usable} rows; raise max_k, or 0 = no test"
            )
        common = _common_job(job, settings)
        rows = max(data.n, round(data.total or 0))  # that a resample may have
        fit = {**job.fit, "certify": 0}
        once = partial(cost, replace(data, n=rows), job.covariance["family"], fit, ITERATIONS)
        for part in _parts(tested, ks, once, settings, plan.block["target_seconds"]):
            replicated = replace(common, kind=part.kind, replicates=part.replicates, k=part.k)
            identity = artifacts.digest([first.normalised, fits, to_json(replicated)])
            coordinates = [str(common.coordinates[axis]) for axis in ("dataset", *FAMILY)]
            yield BootstrapBlock(
                name=f"{'.'.join([*coordinates, part.kind, part.tile])}-{identity}",
                normalised=first.normalised,
                fits=fits,
                config=replicated,
                seconds=part.seconds,
            )


def _units(fits: Mapping[str, FitBlock]) -> list[list[str]]:
    """Return the names of the blocks of fits that share all coordinates but the start."""
    units: dict[str, list[str]] = {}
    for name, block in fits.items():
        point = {a: v for a, v in block.config.coordinates.items() if a != "start"}
        units.setdefault(artifacts.digest([block.normalised, point]), []).append(name)
    return list(units.values())


def _check(settings: Section, data: DataSet, fit: Section) -> None:
    """Refuse what has no meaning where values are missing or parts of the mixture are frozen."""
    if not settings["replicates"]:
        return
    whole = ["parametric"] if "parametric" in settings["kind"] else []
    whole += ["a test"] if settings["max_k"] else []
    if data.missing and whole:
        raise InputError(
            f"bootstrap: {' and '.join(whole)} needs complete rows, but {data.dataset} has"
            f" {data.missing} missing values; set bootstrap.max_k=0 bootstrap.kind=[nonparametric]"
        )
    if fit.get("frozen") and settings["max_k"]:
        raise InputError(
            "bootstrap: a test compares K with K + 1 components, both fitted, but fit.frozen holds"
            f" {', '.join(fit['frozen'])}; set bootstrap.max_k=0"
        )


def _common_job(fitted: FitJob, settings: Section) -> BootstrapJob:
    """Return what all blocks of replicates of some fits have in common."""
    point = {a: v for a, v in fitted.coordinates.items() if a != "start"}
    refit = {key: settings[key] for key in ("tol", "iterations", "starts")}
    names = [option.name for option in fields(FitOptions) if option.name != "tol"]
    refit["options"] = {name: fitted.fit[name] for name in names}
    return BootstrapJob(
        coordinates=point,
        covariance=fitted.covariance,
        refit=refit,
        seed=settings["seed"],
        replicates=[],
        kind="",
    )


def _parts(
    tested: list[int], ks: list[int], once: Cost, settings: Section, target: float
) -> Iterator[_Part]:
    """Yield the blocks of tests, of intervals, and of clusterings of resamples.

    once: the cost of a refit. An interval is taken to cost what one of the largest K does.
    """
    starts: int = settings["starts"]

    def test(k: int) -> float:
        return (2 * starts + k + 2) * once(k + 1) + 2 * starts * OVERHEAD

    def resample(k: int) -> float:
        return (starts + 1) * once(k) + starts * OVERHEAD

    several = [k for k in ks if k > 1]
    yield from _tiled("test", tested, test, settings["replicates"], target)
    yield from _intervals(once(ks[-1]) + OVERHEAD, settings, target)
    yield from _tiled("stability", several, resample, settings["stability"], target)


def _tiled(kind: str, ks: list[int], each: Cost, replicates: int, target: float) -> Iterator[_Part]:
    """Yield tiles of K by windows of replicates; each(k) is the cost of one replicate."""
    for (low, high), inside in tiles(ks, each, target):
        whole = sum(map(each, inside))
        width = width_of(len(inside), whole, target)
        for (first, last), window in windows(range(replicates), width):
            tile = f"k{low}-{high}.b{first}-{last}"
            yield _Part(tile, kind, window, whole * len(window), inside)


def _intervals(each: float, settings: Section, target: float) -> Iterator[_Part]:
    """Yield the blocks of the intervals: windows of replicates of each kind, cost ``each``."""
    for kind in settings["kind"]:
        width = width_of(1, each, target)
        for (first, last), window in windows(range(settings["replicates"]), width):
            yield _Part(f"b{first}-{last}", kind, window, each * len(window))
