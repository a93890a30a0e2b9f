import os

import pytest

from gmmpipe import memory

GB = 10**9
ROOMY = "MemTotal: 40000000 kB\nMemAvailable: 32000000 kB\n"


def group(
    folder, limit, used, droppable=0, names=("memory.max", "memory.current", "inactive_file")
):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {droppable}\n")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Let the kernel's files say what a test wants; return the folder of groups, and the texts."""
    told = {"/proc/meminfo": ROOMY, "/proc/self/cgroup": "0::/user/job\n"}

    def path(name):
        if str(name) not in told:
            return tmp_path / "other"
        copy = tmp_path / str(name).replace("/", "-")
        if told[str(name)] is not None:
            copy.write_text(told[str(name)])
        return copy

    monkeypatch.setattr(memory, "Path", path)
    monkeypatch.setattr(memory, "CGROUP", tmp_path / "groups")
    return tmp_path / "groups", told


@pytest.mark.usefixtures("machine")
def test_the_kernel_says_what_is_free():
    assert memory.available() == 32_000_000 * 1024


def test_no_control_group_above_may_be_exceeded(machine):
    groups, _ = machine
    group(groups / "user/job", "max", 3 * GB)
    group(groups / "user", 8 * GB, 5 * GB, droppable=2 * GB)
    assert memory.available() == 5 * GB
    group(groups / "user/job", 4 * GB, 3 * GB)
    assert memory.available() == 1 * GB
    group(groups / "user/job", 4 * GB, 5 * GB)
    assert memory.available() == 0


def test_control_groups_of_the_first_version_count_too(machine):
    groups, told = machine
    told["/proc/self/cgroup"] = "5:cpu:/x\n4:memory:/user/job\n0::/\n"
    names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    group(groups / "memory/user/job", 2 * GB, GB, 0, names)
    group(groups / "memory", 2**63 - 4096, 9 * GB, 0, names)
    assert memory.available() == GB


def test_elsewhere_nothing_is_known(machine):
    machine[1]["/proc/meminfo"] = None
    assert memory.available() is None


def test_this_machine_answers():
    if os.path.exists("/proc/meminfo"):  # noqa: PTH110 - as plain as it gets
        assert 2**20 < memory.available() < 2**50


def test_what_is_needed_grows_with_each_number():
    least = memory.of_fit((1000, 2), [1, 2], 3, [1, 10])
    more = [
        memory.of_fit((100_000, 2), [1, 2], 3, [1, 10]),
        memory.of_fit((1000, 50), [1, 2], 3, [1, 10]),
        memory.of_fit((1000, 2), [1, 200], 3, [1, 10]),
        memory.of_fit((1000, 2), [1, 2], 900, [1, 10]),
        memory.of_fit((1000, 2), [1, 2], 3, [1, 10, 20, 50]),
        memory.of_fit((1000, 2), [1, 2], 3, [1, 100_000]),
    ]
    assert min(more) > least > memory.BASE
    assert memory.of_pass((1000, 2), 3) < memory.of_pass((1000, 2), 30)
