"""Where each value of a configuration was set: a file of conf/, an override, or our own default."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gmmpipe.config import schema
from gmmpipe.config.compose import OVERRIDE, files, layers, read
from gmmpipe.data.user_file import dataset_name
from gmmpipe.store.dotted import flat

DEFAULT = "default"


def origins(
    conf: Path,
    overrides: Sequence[str],
    own: Mapping[str, Any] | None,
    config: Mapping[str, Any],
) -> dict[str, str]:
    """Return {dotted key: where it was set} for every value of ``config``.

    config is what ``config.load`` made of the other arguments. Where is "conf/fit/plain.yaml",
    "override", "--data", or "default" for what nobody set.
    """
    found = dict.fromkeys(["experiment"], "conf/config.yaml")
    if own is not None:
        entry = f"dataset.{dataset_name(str(own['path']))}"
        found |= {f"{entry}.kind": "--data", f"{entry}.path": "--data"}
        found |= {f"{entry}.{key}": f"--{key}" for key in own if key != "path"}
    for where, settings in layers(conf, overrides):
        for key, value in settings.items():
            for below in [k for k in found if k == key or k.startswith(f"{key}.")]:
                if where == OVERRIDE:  # it replaces what was there
                    del found[below]
            found |= dict.fromkeys((k for k, _ in flat({key: value})), where)
    for axis, (kind, _) in schema.REGISTRIES.items():
        for name, path in files(conf, axis).items():
            if name in config[axis] and f"{axis}.{name}.{kind}" not in found:
                for key, _ in flat(read(path)):
                    found.setdefault(f"{axis}.{name}.{key}", f"conf/{axis}/{name}.yaml")
    if own is not None:
        found["sweep.dataset"] = "--data"
    return {key: found.get(key, DEFAULT) for key, _ in flat(config)}
