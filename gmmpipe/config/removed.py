"""Names that are gone: what a message says to who still types one."""

# what was typed, a key, key=value, a command or a folder -> what to do instead
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


def advice(name: str) -> str | None:
    """Return the line for a name that is gone, None for any other."""
    return f"{name} is gone: {REMOVED[name]}" if name in REMOVED else None
