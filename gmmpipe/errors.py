"""The errors that a person can mend, and the lines that explain them."""

import errno
import re
from collections.abc import Callable
from shlex import quote
from unicodedata import category

ODD = re.compile(r"[^\t\n -~]")  # what may steer a terminal, or shows nothing
MOST = 20  # names that a message lists
REMEDIES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.EFBIG: "allow larger files",
    errno.EACCES: "change its permissions",
    errno.EPERM: "change its permissions",
    errno.EROFS: "make it writable",
    errno.EIO: "check the disk",
    errno.EMFILE: "allow more open files",
    errno.ENOMEM: "free some memory",
    errno.EISDIR: "move the folder away",
    errno.ENOTDIR: "move the file away that is in place of a folder",
    errno.ELOOP: "remove the circular links",
    errno.ENOLCK: "use a file system that can lock files",
    errno.ENOSYS: "use a file system that can lock files",
    errno.EOPNOTSUPP: "use another file system",
}
MEND = "check the path"
# of libraries that are loaded, and of threads
LACK = re.compile("cannot allocate memory|failed to map segment|can't start new thread", re.I)

KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")  # what Hydra takes as part of an override's key
# what the extra `pipeline` brings, as it is imported
PIPELINE = (
    "hydra", "jinja2", "matplotlib", "omegaconf", "pandas", "PIL", "pyarrow", "pydantic",
    "snakemake", "yaml",
)  # fmt: skip

# names that are gone: what was typed, a key, key=value, a command or a folder -> what to do instead
REMOVED = {
    "fit.algorithm": (
        "stepwise EM was no faster and missed EM's optimum in 4 of 10 runs; leave the key out"
    ),
    "fit.acceleration=squarem": (
        "anderson reaches EM's optimum as often and mostly in fewer passes; give"
        " fit.acceleration=anderson"
    ),
    "gmmpipe convert": (
        "`gmmpipe run --data` takes a text of any size as it is; numpy.save writes a .npy file"
    ),
    "profiles/kubernetes": "docs/scale.md says what Kubernetes takes",
}


def shown(text: str) -> str:
    """Return a text with its control characters as escapes, but for tabs and ends of lines.

    So are marks that change the direction of writing, and whatever else shows nothing.
    """
    return ODD.sub(_shown, text)


def one_line(text: str) -> str:
    """Return a text as one line, shown as ``shown`` does, whatever the user named."""
    return shown(" ".join(text.split()))


def _shown(found: re.Match[str]) -> str:
    char = found[0]
    if char.isprintable() or category(char) == "Zs":  # some space
        return char
    return char.encode("unicode_escape").decode("ascii")


Way = tuple[str, str | list[str]] | str  # see ``UnreadableData``


class InputError(ValueError):
    """The data, the configuration or the command line is wrong.

    The message is one line: who, what, where, what was expected, how to mend it. The command
    line prints it without a traceback and ends with exit code 2.
    """


class CannotRead(InputError):  # noqa: N818 - it says what it is
    """A file is there, but not to be read: permissions, a disk, too many open files."""


class UnreadableData(InputError):  # noqa: N818 - it says what it is
    """A data file cannot be read as it is; the message ends with what to do about it.

    what: who, where, what is wrong; mend: what to do to the file; ways: (option, value) of the data
    set that would let it be read, the value a list where the setting is one; or words to type as
    they are.
    """

    def __init__(self, what: str, mend: str = "", *ways: "Way") -> None:
        self.what, self.mend, self.ways = what, mend, ways
        super().__init__(self._text(lambda key, value: f"--{key} {quote(_joined(value))}"))

    def of_dataset(self, name: str) -> InputError:
        """Return the same about a data set of conf/, whose options are overrides."""
        if KEY.fullmatch(name):
            return InputError(self._text(lambda key, value: _override(name, key, value)))
        file = f"conf/dataset/{name}.yaml"  # Hydra has no override for such a name
        return InputError(self._text(lambda key, value: f"`{key}: {value}` in {file}"))

    def _text(self, typed: Callable[[str, str | list[str]], str]) -> str:
        words = [way if isinstance(way, str) else typed(*way) for way in self.ways]
        give = f"give {' or '.join(words)}" if words else ""
        return "; ".join(filter(None, (self.what, ", or ".join(filter(None, (self.mend, give))))))


def _joined(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ",".join(value)


def _override(name: str, key: str, value: str | list[str]) -> str:
    parts = [value] if isinstance(value, str) else value
    text = ",".join(part if re.fullmatch(r"[\w.-]+", part) else repr(part) for part in parts)
    return quote(f"dataset.{name}.{key}={text if isinstance(value, str) else f'[{text}]'}")


class Obstacle(RuntimeError):  # noqa: N818 - the input is right, so it is no error of the user's
    """Something outside stands in the way: disk, memory, permission, a damaged artifact.

    The message is one line and says what to do before the same command is given again. The
    command line prints it without a traceback and ends with exit code 1.
    """


class DamagedArtifact(InputError):  # noqa: N818 - it says what it is
    """The bytes of an artifact are not those that were written; exit code 1, it is made again."""


class DegenerateComponent(ValueError):  # noqa: N818 - the name in the documentation
    """A component collapsed: it holds too few samples, or its covariance is singular."""


class UnusableStart(InputError, DegenerateComponent):  # noqa: N818 - it says what is wrong
    """EM cannot begin: in each of the starts a component has no proper covariance."""


def explain(error: BaseException) -> tuple[str, int] | None:
    """Return the one line that a person reads and the exit code; None for a fault of the code."""
    if isinstance(error, InputError) and not isinstance(error, DamagedArtifact):
        return f"gmmpipe: {one_line(str(error))}", 2
    if isinstance(error, Obstacle | DamagedArtifact):
        words = str(error)
    elif isinstance(error, KeyboardInterrupt):
        words = "interrupted; run the same command to continue"
    elif lack := _lack_of_memory(error):
        words = (
            f"not enough memory ({lack}); free some, allow more (ulimit -v, -u), or give a smaller"
            " sweep or fewer --cores"
        )
    elif isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("gmmpipe"):
        words = missing(str(error.name))
    elif isinstance(error, OSError) and error.errno != errno.EBADF:  # that is a fault of the code
        where = error.filename2 or error.filename  # of two the one that is to be
        what = f"{where}: {error.strerror}" if where else error.strerror or str(error)
        words = f"{what}; {REMEDIES.get(error.errno or 0, MEND)} and run the command again"
    else:
        return None
    return f"gmmpipe stopped: {one_line(words)}", 1


def _lack_of_memory(error: BaseException) -> str:
    """Return what could not be had, "" for any other error."""
    if isinstance(error, MemoryError):
        return str(error) or "an allocation failed"
    match = LACK.search(str(error)) if isinstance(error, ImportError | RuntimeError) else None
    return match[0] if match else ""


def missing(package: str, extra: str = "") -> str:
    """Return the words about a package that is not installed; extra: that of gmmpipe with it."""
    package = package.partition(".")[0]
    extra = extra or ("pipeline" if package in PIPELINE else "")
    what = f"gmmpipe[{extra}]" if extra else package
    return f"the package {package} is missing; `pip install {quote(what)}` gets it"


def suggest(kind: str, name: object, allowed: list[str]) -> str:
    """Return "``kind`` is 'x'; choose one of a, b (did you mean 'a'?)" for an unknown name."""
    from difflib import get_close_matches

    near = get_close_matches(str(name), allowed, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    listed = ", ".join(allowed[:MOST]) + (", ..." if len(allowed) > MOST else "")
    return f"{kind} is {name!r}; choose one of {listed}{hint}"


def advice(name: str) -> str | None:
    """Return the line for a removed name, None for any other."""
    return f"{name} is gone: {REMOVED[name]}" if name in REMOVED else None
