"""pomegranate, in double precision as the start is; it adds nothing to the diagonal."""

from collections.abc import Callable
from importlib.metadata import version as installed
from typing import Any

import torch
from pomegranate.distributions import Normal
from pomegranate.gmm import GeneralMixtureModel


def version() -> str:
    return f"{installed('pomegranate')} (torch {torch.__version__})"


def prepare(x: Any, starts: list[Any], iterations: int, threads: int) -> Callable[[], list[Any]]:
    torch.set_num_threads(threads)
    data = torch.tensor(x)
    models = [
        GeneralMixtureModel(  # fits in place: torch.tensor copies the start
            [Normal(torch.tensor(m), torch.tensor(c)) for m, c in zip(*start[1:], strict=True)],
            priors=torch.tensor(start[0]),
            max_iter=iterations,
            tol=-float("inf"),
        )
        for start in starts
    ]

    def run() -> list[Any]:
        fitted = [model.fit(data) for model in models]
        return [(float(model.log_probability(data).sum()), iterations) for model in fitted]

    return run
