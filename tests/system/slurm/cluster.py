"""A Slurm cluster of this one machine, on loopback: munged, slurmctld, slurmd, and nothing left.

The settings must lie in /etc/slurm/slurm.conf, as Snakemake's plugin unsets SLURM_CONF; a file that
is not ours there is somebody's cluster and is left alone. No systemd, no cgroups, no accounting.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

CONF = Path("/etc/slurm/slurm.conf")
OURS = "# of gmmpipe's tests; made and removed by tests/system/slurm/cluster.py\n"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel")
NODES = ("node1", "node2")  # two names for this machine
PORT = 17_000  # of the controller; the nodes have others
PATIENCE = 60.0  # seconds


def missing() -> str:
    """Return why there can be no cluster here, or ""."""
    if os.geteuid() != 0:
        return "Slurm's daemons need root"
    absent = [name for name in PROGRAMS if not shutil.which(name)]
    if absent:
        return f"no {', '.join(absent)}: apt-get install slurmctld slurmd slurm-client munge"
    if CONF.exists() and not CONF.read_text(encoding="utf-8").startswith(OURS):
        return f"{CONF} belongs to a cluster of this machine"
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", PORT)) == 0:
            return f"something answers at port {PORT}: these tests, run by somebody else?"
    return ""


@contextmanager
def cluster(folder: Path) -> Iterator["Cluster"]:
    """Run a cluster, its state and logs below ``folder``; whatever happens, stop all of it."""
    found = Cluster(folder)
    with ExitStack() as stack:
        stack.callback(CONF.unlink, missing_ok=True)
        found.start(stack)
        yield found
        answers(["scancel", "--user=root"])


class Cluster:
    """The daemons, and what they know of nodes and jobs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, stack: ExitStack) -> None:
        """Write the settings and start all daemons; their ends go onto ``stack``."""
        for part in ("state", *NODES):
            (self.folder / part).mkdir(parents=True)
        CONF.parent.mkdir(parents=True, exist_ok=True)
        CONF.write_text(OURS + self._settings(), encoding="utf-8")
        run, key = Path("/run/munge"), Path("/etc/munge/munge.key")
        run.mkdir(mode=0o755, exist_ok=True)
        shutil.chown(run, "munge", "munge")
        if not key.exists():
            answers(["mungekey", "--create"])
            shutil.chown(key, "munge", "munge")
        if not (run / "munge.socket.2").is_socket() or not answers(["munge", "-n"]):
            as_munge = ["setpriv", "--reuid=munge", "--regid=munge", "--clear-groups"]
            self._run("munged", [*as_munge, "munged", "--foreground", "--force"], stack)
            wait(lambda: answers(["munge", "-n"]), "munged")
        self._run("slurmctld", ["slurmctld", "-D", "-c"], stack)
        for node in NODES:
            self._run(node, ["slurmd", "-D", "-N", node], stack)
        wait(lambda: self.states() == dict.fromkeys(NODES, "idle"), "slurmd")

    def states(self) -> dict[str, str]:
        """Return the state of each node."""
        asked = ["sinfo", "--noheader", "--Node", "--format=%N %t"]
        told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        return dict(line.split() for line in told.splitlines())

    def running(self, comment: str) -> list[str]:
        """Return the jobs that run and whose comment, Snakemake's name of the rule, has a word."""
        asked = ["squeue", "--noheader", "--states=RUNNING", "--format=%A %k"]
        told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        return [line.split()[0] for line in told.splitlines() if comment in line]

    def kill(self, job: str) -> bool:
        """End all processes of a job, as a node does that runs out of memory; were there any?"""
        found = False
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended, or is the kernel's
                if f"SLURM_JOB_ID={job}\0" in (process / "environ").read_text():
                    os.kill(int(process.name), signal.SIGKILL)
                    found = True
        return found

    def _run(self, name: str, command: list[str], stack: ExitStack) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        stack.callback(_end, process)

    def _settings(self) -> str:
        host = socket.gethostname().partition(".")[0]
        cores = os.cpu_count() or 1
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        ports = {node: PORT + 100 + i for i, node in enumerate(NODES)}
        return (
            f"""\
ClusterName=gmmpipe
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={PORT}
SlurmUser=root
AuthType=auth/munge
StateSaveLocation={self.folder}/state
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/%n/slurmd.pid
SlurmdSpoolDir={self.folder}/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmdParameters=config_overrides
SchedulerParameters=sched_min_interval=100000,batch_sched_delay=0
SlurmctldTimeout=10
SlurmdTimeout=10
MinJobAge=600
"""
            + "".join(
                f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port}"
                f" CPUs={cores} RealMemory={memory}\n"
                for node, port in ports.items()
            )
            + f"PartitionName=all Nodes={','.join(NODES)} Default=YES MaxTime=INFINITE State=UP\n"
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def answers(command: list[str]) -> bool:
    """Say whether a command succeeds."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def wait(done: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Wait until ``done``; raise TimeoutError that names ``what`` if it takes too long."""
    end = time.monotonic() + patience
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not ready after {patience:.0f} s")
        time.sleep(0.1)
