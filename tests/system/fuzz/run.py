"""Fuzz one target with atheris, guided by coverage: run.py TARGET SECONDS."""

import sys
from pathlib import Path

import atheris

GUIDED = ["gmmpipe", "hydra.core.override_parser", "csv"]

sys.path.insert(0, str(Path(__file__).parent))
with atheris.instrument_imports(include=GUIDED):
    import targets


def main() -> None:
    """Fuzz until the time is over or a case fails, which is then kept in build/fuzz/."""
    target, seconds = sys.argv[1:]
    here, grown = Path(__file__).parent, Path("build/fuzz") / target
    grown.mkdir(parents=True, exist_ok=True)
    options = ["-max_len=4096", "-timeout=60", "-rss_limit_mb=4096", "-print_final_stats=1"]
    options += [f"-max_total_time={seconds}", f"-artifact_prefix={grown}-", "-close_fd_mask=1"]
    words = here / f"{target}.dict"
    options += [f"-dict={words}", str(grown), str(here / "corpus" / target)]
    atheris.Setup([sys.argv[0], *options], targets.TARGETS[target])
    atheris.Fuzz()


main()
