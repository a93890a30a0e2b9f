"""Many files as one that can be sent: a .zip file, or a new folder; whole or not at all."""

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from gmmpipe.errors import InputError
from gmmpipe.store.files import writing
from gmmpipe.store.open_files import temporary_path

SUFFIX = ".zip"


def refuse_existing(output: str) -> None:
    """Raise InputError where ``export`` would have to write into a folder that is there."""
    if Path(output).suffix != SUFFIX and Path(output).exists():
        raise InputError(f"{output}: exists; give a new folder, or a name ending in {SUFFIX}")


def export(files: Mapping[str, Path], output: str) -> None:
    """Write files, by their names in it, as a .zip file or else a new folder."""
    target = Path(output)
    refuse_existing(output)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix == SUFFIX:
        with writing(target) as file:
            _pack(files, file)
        return
    place = temporary_path(target.with_name(f"{target.name}.export"))
    try:
        for name, path in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place / name)
        place.rename(target)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def _pack(files: Mapping[str, Path], file: BinaryIO) -> None:
    """Write files to a zip file, the same bytes whenever it is done."""
    with zipfile.ZipFile(file, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with (
                archive.open(entry, "w", force_zip64=True) as out,
                files[name].open("rb") as content,
            ):
                shutil.copyfileobj(content, out)
