"""Start Snakemake, keep its chatter in a log, show one live line, sum up at the end."""

import atexit
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from gmmpipe.data.file_summary import reading_of
from gmmpipe.data.progress import Progress
from gmmpipe.errors import CannotRead, Obstacle, explain, one_line
from gmmpipe.store import artifacts, free_memory, layout, packaged
from gmmpipe.store.environments import Environments
from gmmpipe.store.integrity import MADE_BY, is_intact
from gmmpipe.store.layout import FIGURES, LOCK, MANIFEST, REPORT, STORE, STORE_LOCK, WORKFLOW, table
from gmmpipe.store.lock import Lock
from gmmpipe.store.names import check_folders
from gmmpipe.store.open_files import naming
from gmmpipe.store.plan import Plan
from gmmpipe.workflow import memory, snakemake_options
from gmmpipe.workflow.checksums import restore_checksums
from gmmpipe.workflow.job_server import JobServer, job_server
from gmmpipe.workflow.make_plan import from_snakemake, make_plan
from gmmpipe.workflow.pipeline import STAGES
from gmmpipe.workflow.process_groups import group
from gmmpipe.workflow.repair import recover, restoring_on_failure
from gmmpipe.workflow.resources import JobResources

# With these Snakemake answers a question and runs nothing: its own words are what is wanted.
QUESTIONS = re.compile(
    r"-[pqkFf]*[nlSDhv][nlSDhvpqkFf]*"
    r"|--(dry-?run|dag|d3dag|rulegraph|filegraph|summary|detailed-summary|list\S*"
    r"|lint|unlock|help|version|print-compilation|containerize)(=.*)?"
)
ANSWERED = re.compile(r"--report(=.*)?")  # unless it is to be written after a run
REFUSED = re.compile(r"\S+: error: (.*)")  # Snakemake's own parser, of an option after --
REASON = re.compile(r"\w+(Error|Exception) in .*")  # and in the next line why, before the end
IN_RULES = re.compile(rf'\w+Error in file ".*/{WORKFLOW}", line')  # of Python
OBSTACLE = re.compile(r"\w+: \[Errno (\d+)\] ([^:]+): '(.*)'")  # an OSError
SILENT = "it ended without a message: killed, or out of memory"
PLACE = re.compile(r"(-c|-j|--cores|--jobs)\S*|(-e|--executor)(=.*)?")  # where jobs run


def run(
    root: Path, overrides: Sequence[str], user_files: Mapping[str, Any] | None, extra: Sequence[str]
) -> int:
    """Plan and run one version of an experiment; return the exit code: 0, 1, or 2 for bad input.

    extra are options for Snakemake. An earlier run that was interrupted is continued.
    Raises InputError for what is wrong before any job starts, and Obstacle.
    """
    chosen, extra = snakemake_options.chosen(extra)
    extra = snakemake_options.options(extra)
    with contextlib.chdir(root):
        _say_whose_settings()
        is_local = chosen == snakemake_options.PROFILE  # else another profile says where jobs run
        profile = snakemake_options.profile(Path(), chosen)
        block = snakemake_options.settings(Path(), profile)
        if is_local and not any(PLACE.fullmatch(option) for option in extra):
            profile += ["--cores", "all"]
        extra = [*profile, *extra]
        if runs_nothing(extra):
            with tempfile.TemporaryDirectory() as scratch:  # it writes nothing, so takes no lock
                plan = make_plan(Path(), overrides, user_files, block, Path(scratch))
                return _ask(_command(plan, extra))
        with contextlib.closing(_lock()) as lock:
            plan = make_plan(Path(), overrides, user_files, block)
            extent = f"{plan.n_cells:,} cells in {len(plan.fit_blocks)} blocks"
            for line in (f"{plan.experiment} {plan.version}: {extent}", *how_read(plan)):
                print(line)
            _recover(plan)
            command = _command(plan, extra)
            limited = any(option.startswith("--resources") for option in extra)
            if is_local and (free := _free_memory(plan)) and not limited:
                command += ["--resources", f"mem_mb={free // memory.MB}"]
            is_here = snakemake_options.runs_here(Path(), extra)
            with restoring_on_failure(plan), job_server(local=is_here) as server:  # ends first
                return _run(plan, command, {**os.environ, **lock.environment, **_cache()}, server)


def prepare(settings: Mapping[str, Any], main: bool, options: Sequence[str]) -> Plan:
    """Return the plan of plain Snakemake's --config settings and command-line options.

    Its main process holds the lock to its end, and begins as ``run`` does. Raises InputError
    for what is wrong, and Obstacle.
    """
    os.environ.pop(MADE_BY, None)  # whatever that was, it does not make what is written here
    block = snakemake_options.settings(Path(), options) if main else {}
    if not main:
        return from_snakemake(settings, main)
    _say_whose_settings()
    if runs_nothing(options):
        scratch = tempfile.mkdtemp()
        atexit.register(shutil.rmtree, scratch, ignore_errors=True)
        return from_snakemake(settings, main, block, Path(scratch))
    os.environ.update(_lock().environment)
    plan = from_snakemake(settings, main, block)
    for line in how_read(plan):
        print(line, file=sys.stderr)
    _recover(plan)
    keeping = contextlib.ExitStack()
    keeping.enter_context(restoring_on_failure(plan))
    server = keeping.enter_context(job_server(local=snakemake_options.runs_here(Path(), options)))
    atexit.register(keeping.close)
    _free_memory(plan)
    os.environ.update(server.environment)
    if not _is_finished(plan):
        server.begin(os.environ)
    return plan


def _say_whose_settings() -> None:
    """Print a line where the project has no settings; not among what Snakemake answers."""
    if not packaged.has_settings(Path()):
        message = "gmmpipe: no conf/ here, so the settings are those that come with gmmpipe"
        print(f"{message} (`gmmpipe init` writes them out)", file=sys.stderr)


def how_read(plan: Plan) -> list[str]:
    """Return how each file was read, in one line."""
    return list(dict.fromkeys(filter(None, map(reading_of, plan.data_sets.values()))))


def _lock() -> Lock:
    check_folders(Path(), ".")  # nothing is written through a link
    lock = Lock(LOCK)
    try:
        if Path(STORE).is_dir():  # else no other folder shares it
            lock.hold_too(Path(STORE_LOCK))
    except BaseException:
        lock.close()
        raise
    if count := restore_checksums(Path()):
        print(
            f"gmmpipe: the hidden SHA-256 files of {count} artifacts were missing or damaged; they"
            " were restored from the manifests",
            file=sys.stderr,
        )
    return lock


def _recover(plan: Plan) -> None:
    Path(plan.folder).mkdir(parents=True, exist_ok=True)  # from now on it needs its store
    for path in recover(plan):
        words = f"gmmpipe: {path} is damaged; it is moved to {layout.REPLACED}/ and made again"
        print(one_line(words), file=sys.stderr)


def _free_memory(plan: Plan) -> int | None:
    """Return the bytes that are free; raises Obstacle if what is to be done does not fit."""
    free = free_memory.available()
    if free is None:
        return None
    job_resources = JobResources(plan)
    for rule, name in _missing(plan):
        need = job_resources.of(rule, name).memory
        if need > free:
            most = job_resources.widest(name, free) if rule == "fit" else None
            remedy = "sweep fewer seeds or iteration counts, or a smaller k"
            if most is not None:
                remedy = (
                    f"choose at most {most:,} of the features (columns, of a file), as each"
                    " component's covariance is held as D x D numbers, also of diag and spherical"
                )
            raise Obstacle(
                f"{'the tables' if name == plan.label else name}: this takes about"
                f" {need / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free; free some, or"
                f" {remedy}"
            )
    return free


def _cache() -> dict[str, str]:
    """Return the variables that name other caches, where the user's is not to be written.

    Snakemake ends without one; compiled code is kept for the run alone.
    """
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
        for folder in (cache, cache / "snakemake"):
            folder.mkdir(parents=True, exist_ok=True)
        usable = os.access(cache, os.W_OK | os.X_OK) and os.access(folder, os.W_OK | os.X_OK)
    except (OSError, RuntimeError):  # RuntimeError: nothing says where the home is
        usable = False
    if usable:
        return {}
    message = "~/.cache (or XDG_CACHE_HOME) cannot be written to; .snakemake/cache is used instead"
    print(f"gmmpipe: {message}", file=sys.stderr)
    compiled = tempfile.mkdtemp()  # numba unpickles what it finds, and the project is data
    atexit.register(shutil.rmtree, compiled, ignore_errors=True)
    folders = {"NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR", compiled)}
    return folders | {"XDG_CACHE_HOME": str(Path(".snakemake/cache").absolute())}


def _missing(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield stage and name of the jobs whose results are not there, and whose memory may lack."""
    for stage in STAGES.values():
        for name in stage.jobs(plan) if stage.grows else ():
            if not Path(stage.outputs(plan, name)[0]).exists():
                yield stage.name, name


def runs_nothing(options: Sequence[str]) -> bool:
    """Return whether Snakemake only answers a question, and runs nothing."""
    after_run = any(option.startswith("--report-a") for option in options)  # or shortened
    reports = not after_run and any(map(ANSWERED.fullmatch, options))
    return reports or any(map(QUESTIONS.fullmatch, options))


def _is_finished(plan: Plan) -> bool:
    """Return whether the version seems to be there already, so that there may be nothing to do."""
    return Path(plan.report).exists()


def _command(plan: Plan, extra: Sequence[str]) -> list[str]:
    rules = packaged.find(Path(), WORKFLOW)
    command = [sys.executable, "-P", "-m", "snakemake", "--snakefile", str(rules)]
    return [*command, "--config", f"plan={plan.path}", *extra]


def _ask(command: Sequence[str]) -> int:
    """Let Snakemake answer a question in its own words, but where the rules do not fit."""
    if not _other_rules():
        return subprocess.run(command, check=False).returncode and 1
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    lines = [line for line in f"{done.stderr}{done.stdout}".splitlines() if line.strip()]
    if done.returncode and (message := _about_rules(_reason(lines))):
        print(one_line(message), file=sys.stderr)
        return 2
    sys.stderr.write(done.stderr)
    print(done.stdout, end="")
    return done.returncode and 1


def _run(
    plan: Plan, command: Sequence[str], environment: Mapping[str, str], server: JobServer
) -> int:
    """Run Snakemake, and say what came of it; return the exit code."""
    log = Path(layout.log("run", plan.label))
    log.parent.mkdir(parents=True, exist_ok=True)
    progress = Progress(sys.stdout)
    begin = partial(server.begin, environment)
    if not _is_finished(plan):  # ready when Snakemake is
        begin()
    with group(command, {**environment, **server.environment}) as process:
        try:
            with naming(log):
                _listen(process, progress, log, begin)
            code = process.wait()
        finally:  # interrupted, or the disk is full
            progress.close()
    if code:
        return _explain(progress, log)
    _summary(plan, progress)
    return _failures(plan)


def _listen(
    process: subprocess.Popen[str], progress: Progress, log: Path, begin: Callable[[], None]
) -> None:
    """Follow Snakemake's words and log them; where there is nothing to do, the last log stays.

    begin: called when there is something.
    """
    lines: list[str] = []
    with contextlib.ExitStack() as stack:
        file = None
        for line in process.stdout or ():
            lines.append(line)
            progress.see(line)
            if file is None and line.startswith("Job stats:"):
                begin()
                file = stack.enter_context(log.open("w", encoding="utf-8"))
            if file is not None:
                file.writelines(lines)
                lines.clear()
    if lines and not progress.idle:  # it ended before any job
        log.write_text("".join(lines), encoding="utf-8")


def _explain(progress: Progress, log: Path) -> int:
    """Say in one line what went wrong; a job's own words where it left any."""
    for path in progress.failed:
        with contextlib.suppress(OSError):
            lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
            last = one_line(lines[-1]) if lines else SILENT
            is_explained = last.startswith("gmmpipe")
            print(
                last if is_explained else f"gmmpipe: a job failed: {last} ({path})", file=sys.stderr
            )
            return 2 if last.startswith("gmmpipe: ") else 1
    lines = [x for x in log.read_text(encoding="utf-8").splitlines() if x.strip()]
    message = next((x for x in lines if re.match("gmmpipe( stopped)?: ", x)), None)
    if refused := REFUSED.fullmatch(lines[-1] if lines else ""):
        message = f"gmmpipe: Snakemake refuses {_source_of_options()}: {refused[1]}"
    if met := OBSTACLE.fullmatch(lines[-1] if lines else ""):
        message, _ = explain(OSError(int(met[1]), met[2], met[3])) or (message, 1)
    reason = _reason(lines)
    message = _about_rules(reason) or message
    stopped = f"gmmpipe: Snakemake stopped: {' '.join(reason)} ({log})"
    print(one_line(message or stopped), file=sys.stderr)
    return 2 if message and message.startswith("gmmpipe: ") else 1


def _reason(lines: Sequence[str]) -> Sequence[str]:
    """Return the two lines in which Snakemake says why it ended."""
    index = next((i for i, x in enumerate(lines[:-1]) if REASON.fullmatch(x)), len(lines) - 2)
    return lines[max(index, 0) :][:2]


def _about_rules(reason: Sequence[str]) -> str | None:
    """Return what to do where Snakemake ended at rules that are not of this gmmpipe."""
    if IN_RULES.match(" ".join(reason)) and (place := _other_rules()):
        return (
            f"gmmpipe: {WORKFLOW} is not that of this gmmpipe ({reason[-1]}); take {place},"
            " conf/ and profiles/ beside it, or install the gmmpipe that this project is of"
        )
    return None


def _other_rules() -> str:
    """Return where this gmmpipe's Snakefile is, "" where it is that of the working folder."""
    same = artifacts.read(packaged.RULES) == artifacts.read(packaged.find(Path(), WORKFLOW))
    return "" if same else str(packaged.RULES)


def _source_of_options() -> str:
    """Return where options of Snakemake's that it refuses may come from."""
    if name := os.environ.get("SNAKEMAKE_PROFILE"):
        return f"the options after --, or in the profile of SNAKEMAKE_PROFILE={name}"
    return "the options after --"


def _failures(plan: Plan) -> int:
    """Say what failed, if that is to matter; return the exit code."""
    if not Path(table(plan.folder, "failed", ".csv")).exists():  # as with `-- --until fit`
        return 0
    from gmmpipe.results.summary import failures

    if message := failures(plan):
        print(f"gmmpipe: {message}", file=sys.stderr)
    return 1 if message else 0


def _summary(plan: Plan, progress: Progress) -> None:
    """Print the version, the verdict on each data set, and where to look."""
    spent = time.monotonic() - progress.began
    folder = Path(plan.folder)
    state = "nothing to do, all is up to date" if progress.idle else f"done in {spent:.0f} s"
    print(f"{plan.experiment} {plan.version}: {state}")
    if not (folder / REPORT).exists():  # as with `-- --until evaluate`
        return
    from gmmpipe.results.summary import case_verdicts, verdict_lines

    for line in verdict_lines(case_verdicts(plan)):
        print(f"  {line}")
    if (folder / MANIFEST).exists():
        for note in Environments(artifacts.read_json(folder / MANIFEST)).notes():
            print(f"  {note}")
    print(f"  report   {folder}/{REPORT}\n  figures  {folder}/{FIGURES}/")
    latest = Path(layout.latest(plan.experiment))
    link = (
        "/" if latest.is_symlink() else " (a file, as links do not work here; commands accept it)"
    )
    print(f"  also as  {latest}{link}")
    with contextlib.suppress(CannotRead):  # another user's, who keeps it
        _say_index()


def _say_index() -> None:
    if is_intact(layout.INDEX):
        print(f"  all      {layout.INDEX}")
    elif os.path.lexists(layout.INDEX):
        print(f"  all      not written: {layout.INDEX} is not as gmmpipe wrote it; rename it")
