"""Every fault tried, and what came of it: `make test-faults`. Exit code 1 if anything was lost."""

import contextlib
import io
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "support")]

import interrupted  # noqa: E402
import places  # noqa: E402
from damage import damages  # noqa: E402
from killed_runs import BLOWS, MISSED, contents, recovered, spoil, strike  # noqa: E402
from projects import make_project  # noqa: E402
from tiny_study import fail_everywhere, go_on  # noqa: E402

ROUNDS = 50  # kills at random times
FLIPS = 10  # runs, before each of which a bit of each note of Snakemake's flips
LIFE = 5  # kills in a row before one run goes on from there
Row = tuple[str, int, list[str]]


def disk() -> list[Row]:
    """Let every operation on the disk fail."""
    tried, lost = quietly(fail_everywhere)
    return [("an operation on the disk fails", tried, lost)]


def bits() -> list[Row]:
    """Flip bits in all sorts of artifacts, and cut them."""
    study = quietly(lambda: go_on(drawn=True))
    tried, lost = quietly(lambda: damages(study, each=40))
    return [
        (f"*{sort} flipped or cut", n, [text for text in lost if text.split()[0].endswith(sort)])
        for sort, n in tried.items()
    ]


def kills(project: Path, rounds: int = ROUNDS) -> list[Row]:
    """Kill runs at random times by all means, spoiling their folder in between."""
    chance = random.Random(7)  # noqa: S311 - no secret
    began = time.monotonic()
    first = recovered(project, {})
    assert first.startswith("differing"), first
    length, wanted = time.monotonic() - began, contents(project / "results")
    tally: dict[str, tuple[int, list[str]]] = {}
    runs: list[str] = []
    for n in range(rounds):
        if n % LIFE == 0:
            shutil.rmtree(project / "results")
            shutil.rmtree(project / ".snakemake", ignore_errors=True)
        blow = list(BLOWS)[n % len(BLOWS)]
        done, lost = tally.get(blow, (0, []))
        seconds = chance.uniform(0.1, 0.7 * length)
        wrong = strike(project, blow, seconds)
        if wrong != MISSED:  # the run had ended: nothing was tried
            tally[blow] = (done + 1, lost + [wrong] * bool(wrong))
        deed = spoil(project, chance)
        print(f"  {n + 1}/{rounds}: {blow} after {seconds:.1f} s, {deed}: {wrong or 'survived'}")
        if n % LIFE == LIFE - 1:
            wrong = recovered(project, wanted)
            runs.append(wrong)
            print(f"  one run: {wrong or 'the same bytes'}")
    rows = [(blow, done, lost) for blow, (done, lost) in tally.items()]
    return [*rows, ("the run after five kills", len(runs), [w for w in runs if w])]


def odd(project: Path) -> list[Row]:
    """Let terminals go, stop processes, lack features, damage notes, and be in the way."""
    chance = random.Random(11)  # noqa: S311 - no secret
    began = time.monotonic()
    recovered(project, {})
    length = time.monotonic() - began
    wanted = contents(project / "results")
    tally: dict[str, list[str]] = {}

    def tried(row: str, wrong: str) -> None:
        tally.setdefault(row, []).append(wrong)
        print(f"  {row}: {wrong or 'survived'}")

    for place in places.ODD:
        for kind in ("pipe", "socket"):
            tried("a pipe or socket for a file", places.occupied(project, place, kind))
    for ignored in (True, False):
        places.begin_anew(project)
        row = f"the terminal goes, SIGHUP {'ignored' if ignored else 'not ignored'}"
        tried(row, interrupted.hung_up(project, wanted, ignored=ignored))
    for target in interrupted.STOPPED:
        places.begin_anew(project)
        tried("SIGSTOP and SIGCONT", interrupted.stopped(project, wanted, target))
    for feature in places.LACKING:
        places.begin_anew(project)
        tried(f"no {feature}", places.without(project, wanted, feature))
    for variable in ("HOME", "XDG_CACHE_HOME", "TMPDIR"):
        places.begin_anew(project)
        tried(f"{variable} is no folder", places.homeless(project, wanted, variable))
    for name in interrupted.COMMANDS:
        for number in (signal.SIGTERM, signal.SIGHUP):
            wrong = interrupted.asked_to_end(project, name, number, chance)
            tried("SIGTERM or SIGHUP of another command", wrong)
    rows = [(row, len(found), [wrong for wrong in found if wrong]) for row, found in tally.items()]
    flips, lost = 0, []
    for n in range(FLIPS):
        if n % 2:
            places.begin_anew(project)
            strike(project, "kill -9 of all at once", chance.uniform(0.4, 0.8) * length)
        count, wrong = places.flipped(project, wanted, chance)
        flips += count
        lost += [wrong] * bool(wrong)
        print(f"  {count} bits of Snakemake's notes flipped: {wrong or 'survived'}")
    return [*rows, ("a bit of Snakemake's notes flipped", flips, lost)]


def quietly(function):
    """Call a function whose stages print, without their words."""
    with contextlib.redirect_stdout(io.StringIO()):
        return function()


def main() -> int:
    """Try all, print the table, return the exit code."""
    os.environ.pop("GMMPIPE_RUN", None)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, part in (("disk", disk), ("bits", bits)):
            with contextlib.chdir(make_project(Path(folder).resolve() / name)):
                rows += part()
        rows += odd(make_project(Path(folder).resolve() / "odd"))
        rows += kills(make_project(Path(folder).resolve() / "kills"))
    width = max(len(name) for name, *_ in rows)
    print(f"\n{'fault':{width}}  {'tried':>6} {'survived':>9} {'lost':>5}")
    for name, tried, lost in rows:
        print(f"{name:{width}}  {tried:6} {tried - len(lost):9} {len(lost):5}")
    gone = [text for *_, lost in rows for text in lost]
    total = sum(tried for _, tried, _ in rows)
    print(f"{'all':{width}}  {total:6} {total - len(gone):9} {len(gone):5}")
    for text in gone:
        print(f"lost: {text}")
    return 1 if gone else 0


if __name__ == "__main__":
    sys.exit(main())
