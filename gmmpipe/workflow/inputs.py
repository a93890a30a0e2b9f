"""The inputs of a plan: data sets and files of starts, examined before any job."""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path

from gmmpipe.config.build import build
from gmmpipe.data import read as reader
from gmmpipe.data import source as data_files
from gmmpipe.data.file import File
from gmmpipe.data.kinds import DATASETS
from gmmpipe.data.progress import Bar
from gmmpipe.data.start_file import read_start
from gmmpipe.errors import InputError, UnreadableData
from gmmpipe.mixture.starts.given import to_arrays
from gmmpipe.store import artifacts, layout, packaged
from gmmpipe.store.entries import DataSet, Source, StartFile
from gmmpipe.store.integrity import is_intact
from gmmpipe.store.jobs import Section
from gmmpipe.store.layout import STARTS, stored
from gmmpipe.store.manifest import FORMAT
from gmmpipe.store.names import file_name, located
from gmmpipe.workflow.stages import generate


def _with_missing(options: Section, fit: Section) -> Section:
    """Return the options of a data set, whether to keep missing values decided by fit.missing."""
    if options.get("missing") != "auto":
        return options
    return {**options, "missing": "keep" if fit["missing"] == "mar" else "refuse"}


def data_set(
    root: Path, name: str, point: Section, user_paths: Collection[str], scratch: Path | None
) -> DataSet:
    """Describe one data set: its options, its size, and the digest of its source.

    point: the configuration at an outer point. user_paths: of the user's own files; scratch as in
    ``make_plan``. Raises InputError for data that cannot be used.
    """
    options = _with_missing(point["dataset"][name], point["fit"])
    if options["kind"] != "file":
        n, d = build(DATASETS, "data set", options, "kind").shape
        identity = _identity(name, options)
        return DataSet(name=identity, dataset=name, n=n, d=d, config=options, digested=options)
    data = _data_file(root, name, options, user_paths, scratch)
    if data.missing and point["fit"]["missing"] != "mar":
        raise InputError(f"dataset {name} keeps {data.missing} missing values; set fit.missing=mar")
    return data


def _data_file(
    root: Path, name: str, options: Section, user_paths: Collection[str], scratch: Path | None
) -> DataSet:
    path = _located(root, options["path"], user_paths)
    large = path.exists() and data_files.is_large(path)
    described = data_files.described(path) if large else artifacts.describe(path)
    for file in described.get("files", ()):
        located(root, f"{options['path']}/{file}", [f"{each}/{file}" for each in user_paths])
    digested = {**options, "path": path.name, "sha256": described["sha256"]}
    identity = _identity(name, digested)
    text = stored("text", identity) if large and data_files.is_text(path) else None
    source = Source(str(options["path"]), described["sha256"], text)
    kind = build(DATASETS, "data set", options, "kind")
    look = partial(_scanned, scratch or root, path, kind, source)
    try:
        size = _cached(root / stored("data", identity, ".json"), look, keep=scratch is None)
    except UnreadableData as error:  # whose remedies are options of the user's own file
        raise error if options["path"] in user_paths else error.of_dataset(name) from None
    return DataSet(
        name=identity,
        dataset=name,
        **size,
        source=source,
        bytes=described["size"],
        files=described.get("files", {}),
        config=options,
        digested=digested,
    )


def keep_input(root: Path, data: DataSet, most_mb: float) -> None:
    """Copy the file of a data set into the store, unless it is larger or a folder."""
    if data.source is None or data.files or data.bytes > most_mb * 2**20:
        return
    target = root / layout.copy_of_input(data.source.sha256)
    if not is_intact(target):
        content = artifacts.read(packaged.find(root, data.source.path))
        if artifacts.sha256(content) == data.source.sha256:  # else the run says that it changed
            artifacts.write(target, content)


def _located(root: Path, path: str, user_paths: Collection[str]) -> Path:
    """Return where a data file is, see ``located``: in the project, or in the packaged one."""
    place = packaged.find(root, path)
    return place if place != root / path else located(root, path, user_paths)


def _identity(name: str, digested: Section) -> str:
    return file_name(f"{name}-{artifacts.digest([FORMAT, digested])}")


def start_file(
    root: Path, data: DataSet, options: Section, ks: Sequence[int], scratch: Path | None
) -> StartFile | None:
    """Store the start that is in a file; return None if none is.

    Raises InputError for a file outside the project or of another K or number of rows.
    """
    path = options.get("path")
    if path is None:
        return None
    content = artifacts.read(located(root, path))
    start = read_start(content, path)
    rows = getattr(start, "labels", None)
    if rows is not None and len(rows) != data.n:
        raise InputError(f"{path}: {len(rows)} groups, but {data.dataset} has {data.n} rows")
    if list(ks) != [start.n_components]:
        raise InputError(
            f"{path}: {start.n_components} components; set sweep.k=[{start.n_components}]"
        )
    digest = artifacts.sha256(content)
    place = Path(stored(STARTS, digest[:12]))
    if not is_intact(root / place):  # content and name go together
        place = scratch / place.name if scratch else place
        artifacts.write_arrays(root / place, to_arrays(start))
    return StartFile(path, len(content), digest, str(place))


def _cached(cache: Path, scan: Callable[[], Section], keep: bool) -> Section:
    """Return what a plan must know of a file, see ``RowCollector.size``; ``cache`` keeps it.

    Of a large text the numbers are kept, for ``generate``.
    """
    if is_intact(cache):
        read: Section = artifacts.read_json(cache)
        return read
    result = scan()
    if keep:
        artifacts.write_json(cache, result)
    return result


def _scanned(root: Path, path: Path, kind: File, source: Source) -> Section:
    if source.text:
        target = root / source.text
        target.parent.mkdir(parents=True, exist_ok=True)
        with Bar(path.name, path.stat().st_size) as bar:
            rows = reader.collect(path, str(path), kind, target.parent, bar)
        generate.refuse_changed(path, source.sha256, rows)
        generate.write(target, rows.sample(), path.name)
    elif data_files.is_large(path):
        rows = reader.collect(path, str(path), kind)
        generate.refuse_changed(path, source.sha256, rows)
    else:
        content = artifacts.read(path)
        generate.refuse_changed(path, source.sha256, content)
        rows = reader.collect(content, str(path), kind)
    return rows.size


def how_read(root: Path, config: Section, user_paths: Collection[str]) -> Iterator[str]:
    """Yield for each data set from a file how it is read, or why it is not."""
    for name, options in config["dataset"].items():
        if options["kind"] == "file":
            kind = build(DATASETS, "data set", _with_missing(options, config["fit"]), "kind")
            try:
                path = _located(root, options["path"], user_paths)
                yield reader.preview(path, options["path"], kind)
            except OSError as error:
                yield f"{options['path']}: {error.strerror}"
            except UnreadableData as error:
                yield str(error if options["path"] in user_paths else error.of_dataset(name))
            except InputError as error:
                yield str(error)
