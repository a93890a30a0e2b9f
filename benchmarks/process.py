"""A peer's process, asked for fits; see ``serve.py`` for what is said."""

import argparse
import json
import os
import select
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from peers import PEERS

PATIENCE = 600  # seconds a peer gets for one answer; jax has been seen to wait for itself forever


class LostError(Exception):
    """A peer that ended or does not answer any more."""


class Peer:
    """A process that fits on request; ``version`` is "" where there is none, or none any more.

    tree: a folder whose packages go before those installed.
    """

    def __init__(
        self, name: str, python: str, threads: int, label: str = "", tree: str = ""
    ) -> None:
        limit = str(threads)
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        self.name, self.threads, self.label, self.tree = name, threads, label or name, tree
        path = {"PYTHONPATH": tree} if tree else {}
        self.process = subprocess.Popen(
            [python, str(Path(__file__).parent / "serve.py"), name, limit],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | dict.fromkeys(names, limit) | path,
        )
        self.version = ""
        with suppress(LostError):
            greeting = self._hear()
            self.version = greeting.get("version", "")
            print(f"{self.label}: {self.version or 'left out, ' + greeting['missing']}", flush=True)

    def ask(self, data: str, iterations: int, whole: bool = False) -> dict[str, Any]:
        """Return seconds, log-likelihoods and peak memory of fits of so many iterations.

        whole: of a call of its estimator, checks and all.

        Raises LostError, having said why, where no answer comes; the peer is then ended.
        """
        with suppress(BrokenPipeError):  # it has ended: then there is nothing to hear
            request = {"data": data, "iterations": iterations, "whole": whole}
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        return self._hear()

    def _hear(self) -> dict[str, Any]:
        heard, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        line = self.process.stdout.readline() if heard else ""
        if not line:
            why = "it ended" if heard else f"no answer in {PATIENCE} s"
            print(f"{self.label}: left out from here on, {why}", flush=True)
            self.version = ""
            self.process.kill()
            raise LostError(f"{self.label}: {why}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()


def interpreter(text: str) -> tuple[str, str]:
    """Return name and interpreter of ``NAME=PYTHON``."""
    name, _, python = text.partition("=")
    if name not in PEERS or not shutil.which(python):
        raise argparse.ArgumentTypeError(
            f"{text} is not NAME=PYTHON: a name is one of {', '.join(PEERS)}; PYTHON a program"
        )
    return name, python
