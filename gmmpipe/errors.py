"""The errors that are the user's to mend."""

MOST = 20  # names that a message lists


class InputError(ValueError):
    """The data, the configuration or the command line is wrong.

    The message is one line: who, what, where, what was expected, how to mend it. The command
    line prints it without a traceback and ends with exit code 2.
    """


class DegenerateComponent(ValueError):  # noqa: N818 - the name in the documentation
    """A component collapsed: it holds too few samples, or its covariance is singular."""


def suggest(kind: str, name: object, allowed: list[str]) -> str:
    """Return "``kind`` is 'x'; choose one of a, b (did you mean 'a'?)" for an unknown name."""
    from difflib import get_close_matches

    near = get_close_matches(str(name), allowed, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    listed = ", ".join(allowed[:MOST]) + (", ..." if len(allowed) > MOST else "")
    return f"{kind} is {name!r}; choose one of {listed}{hint}"
