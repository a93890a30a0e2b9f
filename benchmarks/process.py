"""A peer's process, asked for fits; see ``serve.py`` for what is said."""

import argparse
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from peers import PEERS


class Peer:
    """A process that fits on request; ``version`` is "" where the peer is not installed."""

    def __init__(self, name: str, python: str, threads: int) -> None:
        limit = str(threads)
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        self.name, self.threads = name, threads
        self.process = subprocess.Popen(
            [python, str(Path(__file__).parent / "serve.py"), name, limit],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | dict.fromkeys(names, limit),
        )
        greeting = self._hear()
        self.version = greeting.get("version", "")
        print(f"{name}: {self.version or 'left out, ' + greeting['missing']}", flush=True)

    def ask(self, data: str, iterations: int) -> dict[str, Any]:
        """Return seconds, log-likelihoods and peak memory of fits of so many iterations."""
        self.process.stdin.write(json.dumps({"data": data, "iterations": iterations}) + "\n")
        self.process.stdin.flush()
        return self._hear()

    def _hear(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with code {self.process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
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
