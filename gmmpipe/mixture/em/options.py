"""The options of a fit and of its restarts: type, bounds, default and meaning of each, said once.

``em.fit``, the section `fit` of conf/ and the estimator take them from here.
"""

import inspect
import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import numpy as np
from annotated_types import Ge, Gt, Le, Lt

from gmmpipe.errors import InputError, suggest
from gmmpipe.mixture.checks import frozen_parts
from gmmpipe.mixture.em.acceleration import ACCELERATIONS

_SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
Owner = TypeVar("Owner", bound="FitOptions | RestartOptions")


@dataclass(frozen=True)
class FitOptions:
    """How EM runs.

    Parameters
    ----------
    tol : float, default 0.0
        Once an iteration gains less log-likelihood per unit weight (nats), the next is the last, as
        in scikit-learn; 0 = never.
    regularisation : float or "map", default 1e-6
        Least eigenvalue of a covariance, in units where each feature's mean variance within
        components is 1; map = no bound but mclust's conjugate prior, with its defaults.
    reg_covar : float, default 0.0
        Added to the diagonal in each M step, in squared units of the data, as in scikit-learn.
    missing : {"refuse", "mar"}, default "refuse"
        What NaN is: an error, or a value missing at random; then EM goes by what is observed.
    frozen : tuple of {"weights", "means", "covariances"}, default ()
        Parts that stay as they start, two at most.
    noise : float, default 0.0
        Weight at the start of one more component, even over the box of the data; 0 = without it.
    acceleration : {"none", "anderson"}, default "none"
        Extrapolation ahead of EM: the same kind of optimum in fewer passes over the data.

    Raises
    ------
    InputError
        For a value that is not allowed.

    References
    ----------
    Bound: Won, Lim, Kim & Rajaratnam (2013), Condition-number-regularized covariance estimation,
    JRSS B 75, 427-450. map: Fraley & Raftery (2007), Journal of Classification 24, 155-181.
    acceleration: Walker & Ni (2011), Anderson acceleration for fixed-point iterations, SIAM Journal
    on Numerical Analysis 49, 1715-1735.

    Examples
    --------
    >>> from gmmpipe import FitOptions
    >>> options = FitOptions(tol=1e-6, frozen=("weights",))
    >>> sorted(options.features()), options.nests
    (['frozen'], False)
    >>> FitOptions(tol=-1)
    Traceback (most recent call last):
    gmmpipe.errors.InputError: tol: -1, expected a finite number >= 0 and <= 1e+09

    """

    tol: Annotated[float, Ge(0), Le(1e9)] = 0.0
    regularisation: Annotated[float, Ge(0), Lt(1)] | Literal["map"] = 1e-6
    reg_covar: Annotated[float, Ge(0)] = 0.0
    missing: Literal["refuse", "mar"] = "refuse"
    frozen: tuple[Literal["weights", "means", "covariances"], ...] = ()
    noise: Annotated[float, Ge(0), Lt(1)] = 0.0
    acceleration: Literal["none", *ACCELERATIONS] = "none"  # type: ignore[valid-type]  # a registry

    def __post_init__(self) -> None:
        """Check all values; frozen is sorted, numbers become floats."""
        _check(self)
        object.__setattr__(self, "frozen", tuple(sorted(frozen_parts(self.frozen))))
        if self.regularisation == "map" and {"means", "covariances"} <= set(self.frozen):
            raise InputError(
                "regularisation is map, a prior on means and covariances: unfreeze one of them"
            )

    def features(self) -> frozenset[str]:
        """Return what is asked for beyond EM's own iterations of all parameters on whole rows.

        Returns
        -------
        frozenset of str
            Of prior, missing, frozen, noise and acceleration. Not every engine supports all.

        """
        asked = {
            "prior": self.regularisation == "map",
            "missing": self.missing != "refuse",
            "frozen": bool(self.frozen),
            "noise": self.noise > 0,
            "acceleration": self.acceleration != "none",
        }
        return frozenset(name for name, on in asked.items() if on)

    @property
    def nests(self) -> bool:
        """Return whether a model that contains another must be as likely at least.

        Not under a prior, with frozen parts, or where something is added to the covariances.
        """
        return not self.features() & {"prior", "frozen"} and self.reg_covar == 0


@dataclass(frozen=True)
class RestartOptions:
    """How many runs there are of a model, and what is made of their ends.

    Parameters
    ----------
    restarts : {"fixed", "auto"}, default "fixed"
        As many as sweep.seed holds; auto = then further seeds, for each K until its target.
    target : float, default 0.05
        Chance (at 95 %) that one more seed finds a better optimum, below which auto is done.
    most_seeds : int, default 1000
        Seeds of a K after which auto goes no further.
    certify : int, default 50000
        Iterations by which a run is carried on at the most, to know its optimum; fewer in
        proportion on more than 20,000 values (rows x columns). 0 = every end counts as unfinished.
    on_failure : {"stop", "continue"}, default "stop"
        After a cell that cannot be fitted all others are; then the run ends with exit code 1 (stop)
        or 0.

    Raises
    ------
    InputError
        For a value that is not allowed.

    """

    restarts: Literal["fixed", "auto"] = "fixed"
    target: Annotated[float, Gt(0), Lt(1)] = 0.05
    most_seeds: Annotated[int, Ge(1), Le(1_000_000)] = 1000
    certify: Annotated[int, Ge(0), Le(100_000_000)] = 50_000
    on_failure: Literal["stop", "continue"] = "stop"

    def __post_init__(self) -> None:
        """Check all values."""
        _check(self)

    @property
    def idle(self) -> set[str]:
        """Return the options that change no fit, so that no name of an artifact depends on them."""
        return {"on_failure"} | (
            set() if self.restarts == "auto" else {"restarts", "target", "most_seeds"}
        )


def from_section(owner: type[Owner], section: Mapping[str, Any]) -> Owner:
    """Return ``owner`` made of those keys of a section `fit` that are its options."""
    return owner(**{f.name: section[f.name] for f in fields(owner) if f.name in section})


def descriptions(owner: type[Owner]) -> dict[str, str]:
    """Return {option: what the docstring of its owner says of it, and its default}."""
    defaults = {f.name: "none" if f.default == () else f.default for f in fields(owner)}
    section = (
        (inspect.getdoc(owner) or "").partition("Parameters\n----------\n")[2].partition("\n\n")[0]
    )
    texts = re.findall(r"^(\w+) : .*\n((?:    .*\n?)+)", section, re.MULTILINE)
    return {name: f"{' '.join(text.split())} Default: {defaults[name]}" for name, text in texts}


def kinds(annotation: Any) -> tuple[Any, list[str]]:
    """Return the annotated type of number that an option may be, None if it may not; and words."""
    union = get_origin(annotation) is Union
    parts = get_args(annotation) if union else (annotation,)
    words = [word for part in parts if get_origin(part) is Literal for word in get_args(part)]
    return next((part for part in parts if get_origin(part) is Annotated), None), words


def _check(options: FitOptions | RestartOptions) -> None:
    for option in fields(options):
        if get_origin(option.type) is not tuple:
            value = _checked(option.name, getattr(options, option.name), option.type)
            object.__setattr__(options, option.name, value)


def _checked(name: str, value: Any, annotation: Any) -> Any:
    """Return the value, a number as its own type; or say what is allowed."""
    number, words = kinds(annotation)
    if isinstance(value, str) and value in words:
        return value
    if number is None:
        raise InputError(suggest(name, value, words))
    kind, *bounds = get_args(number)
    limits = [(type(b).__name__.lower(), getattr(b, type(b).__name__.lower())) for b in bounds]
    types = int | np.integer if kind is int else int | float | np.number
    right = isinstance(value, types) and not isinstance(value, bool) and np.isfinite(value)
    if not right or not all(getattr(operator, sign)(value, limit) for sign, limit in limits):
        expected = " and ".join(f"{_SIGNS[sign]} {limit:g}" for sign, limit in limits)
        what = f"a {'whole' if kind is int else 'finite'} number {expected}"
        raise InputError(f"{name}: {value!r}, expected {' or '.join([what, *map(repr, words)])}")
    return kind(value)
