"""What a job took."""

from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage


def write_benchmark(path: str, seconds: float) -> None:
    """Write wall seconds, the megabytes of the largest process, and processor seconds, with heads.

    All but the wall time is of this process and those that it began.
    """
    used = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    largest = max(each.ru_maxrss for each in used) / 1024
    processor = sum(each.ru_utime + each.ru_stime for each in used)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(
        f"s\tmax_rss\tcpu_time\n{seconds:.4f}\t{largest:.2f}\t{processor:.2f}\n", encoding="utf-8"
    )
