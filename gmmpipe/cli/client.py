"""The command `gmmpipe`, which is quick where a server does the job."""

import sys

from gmmpipe.workflow.job_server import submit


def main() -> int:
    """Run one command; return its exit code."""
    code = submit(sys.argv[1:])
    if code is None:
        from gmmpipe.cli.main import main as run

        code = run()
    return code
