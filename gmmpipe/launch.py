"""Start Snakemake, keep its chatter in a log, show one live line, sum up at the end."""

import contextlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from gmmpipe import onward
from gmmpipe.plan import freeze
from gmmpipe.study import Study

# With these Snakemake answers a question and runs nothing: its own words are what is wanted.
QUESTIONS = re.compile(
    r"-[pqkFf]*[nlSDhv][nlSDhvpqkFf]*"
    r"|--(dry-?run|dag|d3dag|rulegraph|filegraph|summary|detailed-summary|list\S*|report\S*"
    r"|lint|unlock|help|version|print-compilation|containerize|delete-all-output)(=.*)?"
)
REFUSED = re.compile(r"\S+: error: (.*)")  # Snakemake's own parser, of an option after --
PATIENCE = 15  # seconds Snakemake gets to end its jobs
PLACE = re.compile(r"(-c|-j|--cores|--jobs)\S*|(-e|--executor)(=.*)?")  # where jobs run


def launch(
    root: Path, overrides: Sequence[str], own: Mapping[str, Any] | None, extra: Sequence[str]
) -> int:
    """Plan and run one version of an experiment; return the exit code: 0, 1, or 2 for bad input.

    extra are options for Snakemake. Raises InputError for what is wrong before any job starts.
    """
    chosen, extra = onward.chosen(extra)
    extra = onward.options(extra)
    with contextlib.chdir(root):
        profile = onward.profile(Path(), chosen)
        study = Study(freeze(Path(), overrides, own))
        command = [sys.executable, "-P", "-m", "snakemake", "--config", f"plan={study.path}"]
        command += profile
        if chosen == onward.PROFILE and not any(PLACE.fullmatch(option) for option in extra):
            command += ["--cores", "all"]
        command += extra
        if any(QUESTIONS.fullmatch(option) for option in extra):
            return subprocess.run(command, check=False).returncode and 1
        log = Path(f"results/logs/run/{study.experiment}-{study.version}.log")
        log.parent.mkdir(parents=True, exist_ok=True)
        print(f"{study.experiment} {study.version}: {_extent(study)}")
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        progress = Progress(sys.stdout)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
        try:
            _listen(process, progress, log)
            code = process.wait()
        except KeyboardInterrupt:
            _stop(process)
            progress.close()
            print("gmmpipe: interrupted; the same command goes on from here", file=sys.stderr)
            return 1
        progress.close()
        if code:
            return _explain(progress, log)
        _summary(study, progress)
        return 0


def _listen(process: subprocess.Popen[str], progress: "Progress", log: Path) -> None:
    """Follow Snakemake's words and log them; where there is nothing to do, the last log stays."""
    words: list[str] = []
    with contextlib.ExitStack() as stack:
        file = None
        for line in process.stdout or ():
            words.append(line)
            progress.see(line)
            if file is None and line.startswith("Job stats:"):
                file = stack.enter_context(log.open("w", encoding="utf-8"))
            if file is not None:
                file.writelines(words)
                words.clear()
    if words and not progress.idle:  # it ended before any job
        log.write_text("".join(words), encoding="utf-8")


def _stop(process: subprocess.Popen[str]) -> None:
    """End Snakemake: it is asked, and stopped if it has not ended after a while."""
    process.terminate()
    try:
        process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


class Progress:
    """What Snakemake has said so far, as one live line (terminal) or plain lines (pipe)."""

    def __init__(self, out: TextIO) -> None:
        self.out, self.live, self.began = out, out.isatty(), time.monotonic()
        self.done = self.total = 0
        self.idle = False
        self.failed: list[str] = []
        self._rule = ""

    def see(self, line: str) -> None:
        """Take in one line of Snakemake's."""
        if found := re.match(r"(\d+) of (\d+) steps", line):
            self.done, self.total = int(found[1]), int(found[2])
            self._draw()
        elif found := re.match(r"(?:local)?rule (\w+):", line):
            self._rule = found[1]
        elif found := re.match(r"\s+log: (\S+) \(check log", line):
            self.failed.append(found[1])
        elif line.startswith("Nothing to be done"):
            self.idle = True

    def _draw(self) -> None:
        spent = time.monotonic() - self.began
        left = spent / self.done * (self.total - self.done)
        text = f"{self.done}/{self.total} jobs, {left:.0f} s left, {self._rule}"
        if self.live:
            full = 30 * self.done // self.total
            self.out.write(f"\r\x1b[K[{'#' * full}{'.' * (30 - full)}] {text}")
        else:
            self.out.write(f"{text}\n")
        self.out.flush()

    def close(self) -> None:
        """End the live line."""
        if self.live and self.total:
            self.out.write("\r\x1b[K")


def _extent(study: Study) -> str:
    sweep = study.plan["config"]["sweep"]
    cells = 1
    for values in sweep.values():
        cells *= len(values)
    return f"{cells:,} cells in {len(study.plan['fits'])} blocks"


def _explain(progress: Progress, log: Path) -> int:
    """Say in one line what went wrong; a job's own words where it left any."""
    for path in progress.failed:
        with contextlib.suppress(OSError):
            lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
            if lines and lines[-1].startswith("gmmpipe: "):
                print(lines[-1], file=sys.stderr)
                return 2
            print(f"gmmpipe: a job failed: {lines[-1] if lines else ''} ({path})", file=sys.stderr)
            return 1
    lines = [x for x in log.read_text(encoding="utf-8").splitlines() if x.strip()]
    said = next((x for x in lines if x.startswith("gmmpipe: ")), None)
    if refused := REFUSED.fullmatch(lines[-1] if lines else ""):
        said = f"gmmpipe: Snakemake refuses what is after --: {refused[1]}"
    print(said or f"gmmpipe: Snakemake stopped: {' '.join(lines[-2:])} ({log})", file=sys.stderr)
    return 2 if said else 1


def _summary(study: Study, progress: Progress) -> None:
    """Print the version, the best model of each data set, and where to look."""
    spent = time.monotonic() - progress.began
    folder = Path(study.folder)
    state = "nothing to do, all is up to date" if progress.idle else f"done in {spent:.0f} s"
    print(f"{study.experiment} {study.version}: {state}")
    if not (folder / "report.html").exists():  # as with `-- --until evaluate`
        return
    for line in study.winners():
        print(f"  {line}")
    print(f"  report   {folder}/report.html\n  figures  {folder}/figures/")
    print(f"  also as  results/{study.experiment}/latest/")
