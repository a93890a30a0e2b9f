import contextlib
import io
import os
import types
from pathlib import Path

import pandas as pd
import pytest
from projects import TINY, run

from gmmpipe.data.progress import Progress
from gmmpipe.errors import CannotRead, InputError, Obstacle
from gmmpipe.store import artifacts, free_memory
from gmmpipe.store.packaged import RULES
from gmmpipe.workflow import launch, make_plan, memory
from gmmpipe.workflow import run as workflow_run
from gmmpipe.workflow.resources import JobResources

CHATTER = """\
Building DAG of jobs...
rule fit:
    log: results/logs/fit/x.log
1 of 4 steps (25%) done
localrule publish:
3 of 4 steps (75%) done
"""


class Terminal(io.StringIO):
    def isatty(self):
        return True


def seen(out, chatter=CHATTER):
    progress = Progress(out)
    for line in chatter.splitlines(keepends=True):
        progress.see(line)
    progress.close()
    return progress


def test_plain_lines_when_piped():
    out = io.StringIO()
    progress = seen(out)
    lines = out.getvalue().splitlines()
    assert [line.split(",")[0] for line in lines] == ["1/4 jobs", "3/4 jobs"]
    assert lines[0].endswith("s left, fit")
    assert lines[1].endswith("s left, publish")
    assert (progress.done, progress.total, progress.failed) == (3, 4, [])


def test_one_live_line_with_a_bar_on_a_terminal():
    out = Terminal()
    seen(out)
    text = out.getvalue()
    assert "\n" not in text
    assert text.count("\r\x1b[K") == 3  # two drawings, and at last it is wiped
    assert text.endswith("\r\x1b[K")
    bars = [part.split("]")[0] for part in text.split("[") if "] " in part]
    assert [len(bar) for bar in bars] == [30, 30]
    assert [bar.count("#") for bar in bars] == [7, 22]


def test_what_failed_and_what_is_idle():
    told = "    log: results/logs/fit/x.log (check log file(s) for error details)\n"
    assert seen(io.StringIO(), told).failed == ["results/logs/fit/x.log"]
    assert seen(io.StringIO(), "Nothing to be done (all ...)\n").idle
    assert not seen(io.StringIO()).idle


@pytest.mark.parametrize(
    ("option", "question"),
    [
        ("-n", True),
        ("-np", True),
        ("--dry-run", True),
        ("--dryrun", True),
        ("--summary", True),
        ("--dag", True),
        ("--list-rules", True),
        ("--lint", True),
        ("--unlock", True),
        ("--forceall", False),
        ("-F", False),
        ("-call", False),
        ("-Fn", True),
        ("-k", False),
        ("--rerun-triggers", False),
        ("--report", True),
        ("--report=x.html", True),
        ("--reporter", False),
        ("--report-metadata", False),
        ("--report-stylesheet=x.css", False),
        ("--report-html-path", False),
        ("--report x.html --report-after-run", False),
        ("--report-after-run --report", False),
        ("--report-a --report=x.html", False),
        ("--report-metadata x --report", True),
        ("--report-after-run --report -n", True),
    ],
)
def test_options_that_ask_and_options_that_do(option, question):
    assert workflow_run.runs_nothing(option.split()) == question


@pytest.mark.parametrize(
    "option", ["--cores", "--cores=2", "-c", "-c2", "-j4", "--jobs", "-e", "--executor=slurm"]
)
def test_where_jobs_run_is_left_to_the_user_if_given(option):
    assert workflow_run.PLACE.fullmatch(option)


@pytest.mark.parametrize("option", ["--config", "--conda-cleanup-envs", "-k", "--keep-going"])
def test_other_options_say_not_where_jobs_run(option):
    assert not workflow_run.PLACE.fullmatch(option)


def explained(tmp_path, capsys, log, job=None):
    progress = Progress(io.StringIO())
    (tmp_path / "run.log").write_text(log)
    if job is not None:
        (tmp_path / "job.log").write_text(job)
        progress.failed.append(str(tmp_path / "job.log"))
    code = workflow_run._explain(progress, tmp_path / "run.log")
    said = capsys.readouterr().err
    assert said.startswith("gmmpipe: ")
    assert said.count("\n") == 1
    return code, said


def test_a_job_s_own_words_about_bad_input_come_first(tmp_path, capsys):
    code, said = explained(tmp_path, capsys, "x\n", "note\ngmmpipe: column 'a' is constant\n")
    assert (code, said) == (2, "gmmpipe: column 'a' is constant\n")


def test_a_job_that_broke_is_named_with_its_log(tmp_path, capsys):
    code, said = explained(tmp_path, capsys, "x\n", "Traceback\nMemoryError\n")
    assert code == 1
    assert "MemoryError" in said
    assert "job.log" in said


def test_snakemake_s_end_is_told_when_no_job_left_a_word(tmp_path, capsys):
    code, said = explained(tmp_path, capsys, "one\n\ntwo\nthree\n")
    assert code == 1
    assert "two three" in said
    assert "run.log" in said


def test_an_obstacle_that_snakemake_met_is_said_as_our_own(tmp_path, capsys):
    log = "Traceback (most recent call last):\n"
    log += "PermissionError: [Errno 13] Permission denied: '.x/y'\n"
    progress = Progress(io.StringIO())
    (tmp_path / "run.log").write_text(log)
    assert workflow_run._explain(progress, tmp_path / "run.log") == 1
    said = "gmmpipe stopped: .x/y: Permission denied; change its permissions and"
    assert capsys.readouterr().err == f"{said} run the command again\n"


def test_rules_of_another_gmmpipe_are_told_with_those_of_this_one(project, tmp_path, capsys):
    """As in the folder of an old study, where gmmpipe was updated since."""
    assert project == Path.cwd()
    log = f'ImportError in file "{project}/Snakefile", line 22:\ncannot import name x\n  File y\n'
    code, said = explained(tmp_path, capsys, log)
    assert code == 1
    assert said.startswith("gmmpipe: Snakemake stopped: ImportError in file ")
    Path("Snakefile").write_text("from gmmpipe.study import Study\n")
    code, said = explained(tmp_path, capsys, log)
    assert code == 2
    assert "Snakefile is not that of this gmmpipe (cannot import name x); take " in said
    assert f"take {RULES}, conf/ and profiles/ beside it, or install" in said


@pytest.mark.usefixtures("project")
def test_a_question_to_rules_of_another_gmmpipe_is_told_so_too(command):
    Path("Snakefile").write_text("from gmmpipe import nothing_of_that_name\n")
    answer = command("gmmpipe", "run", *TINY, "--", "-n")
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "Snakefile is not that of this gmmpipe (cannot import name" in answer.err
    Path("Snakefile").write_text(f"{RULES.read_text()}# mine\n")
    answer = command("gmmpipe", "run", *TINY, "--", "-n")
    assert answer.code == 0
    assert "Job stats:" in answer.out


def test_two_runs_do_not_share_a_store(project, tmp_path):
    """As where it is mounted in both, which takes a mount to show; a lock is of the file."""
    Path("results/store").mkdir(parents=True)
    first = workflow_run._lock()
    other = tmp_path / "other"
    (other / "results/store").mkdir(parents=True)
    os.link("results/store/.lock", other / "results/store/.lock")
    with contextlib.chdir(other), pytest.raises(InputError, match=r"another folder, which shares"):
        workflow_run._lock()
    first.close()
    with contextlib.chdir(other):
        for _ in range(2):
            workflow_run._lock().close()
    assert project.exists()


def test_a_page_of_all_versions_that_another_user_keeps_ends_no_run(monkeypatch, capsys):
    def refuse(_):
        raise CannotRead("results/index.html: cannot be read")

    monkeypatch.setattr(workflow_run, "is_intact", refuse)
    monkeypatch.setattr("gmmpipe.results.summary.case_verdicts", lambda _: [])
    monkeypatch.setattr("gmmpipe.results.summary.verdict_lines", lambda _: [])
    monkeypatch.setattr(workflow_run.Path, "exists", lambda path: path.suffix == ".html")
    plan = types.SimpleNamespace(folder="results/a/b", experiment="a", version="b")
    workflow_run._summary(plan, types.SimpleNamespace(began=0, idle=True))
    assert "also as" in capsys.readouterr().out


def test_a_frame_is_written_again_where_the_file_has_other_rows(project):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [0.5, 3.0]})
    path = launch._written(project, frame, "data")
    before = path.stat()
    assert launch._written(project, frame, "data") == path
    assert path.stat().st_ino == before.st_ino
    artifacts.write_frame(path, frame * 100)
    assert launch._written(project, frame, "data") == path
    pd.testing.assert_frame_equal(artifacts.read_frame(path), frame)
    (aside,) = Path("results/.replaced").rglob(path.name)
    pd.testing.assert_frame_equal(artifacts.read_frame(aside), frame * 100)
    assert not list(path.parents[1].glob(".*"))


def test_a_refusal_of_an_option_is_bad_input(tmp_path, capsys):
    log = "usage: snakemake\n  [targets]\nsnakemake: error: unrecognized arguments: --nosuch\n"
    code, said = explained(tmp_path, capsys, log)
    assert code == 2
    assert "unrecognized arguments: --nosuch" in said


def test_a_refusal_of_the_snakefile_is_bad_input(tmp_path, capsys):
    code, said = explained(tmp_path, capsys, "Using profile\ngmmpipe: results/.lock: held\n")
    assert (code, said) == (2, "gmmpipe: results/.lock: held\n")


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["Building DAG\n", "Nothing to be done\n"], "the last run's\n"),
        (["Building DAG\n", "Job stats:\n", "1 of 1 steps\n"], None),
        (["Error\n"], None),
    ],
)
def test_only_a_run_with_work_or_an_error_replaces_the_log(words, kept, tmp_path):
    log = tmp_path / "run.log"
    log.write_text("the last run's\n")
    process = types.SimpleNamespace(stdout=words)
    begun = []
    workflow_run._listen(process, Progress(io.StringIO()), log, lambda: begun.append("jobs"))
    assert begun == ["jobs"] * ("Job stats:\n" in words)
    assert log.read_text() == (kept or "".join(words))


def test_too_little_memory_is_told_before_a_job_starts(study, monkeypatch):
    done = study("experiment=smoke", "sweep.k=1", "sweep.seed=0", "sweep.iteration=1")
    monkeypatch.setattr(free_memory, "available", lambda: 10 * memory.MB)
    assert workflow_run._free_memory(done) == 10 * memory.MB  # all is there
    monkeypatch.setattr(free_memory, "available", lambda: None)
    assert workflow_run._free_memory(done) is None
    monkeypatch.setattr(free_memory, "available", lambda: 10 * memory.MB)
    Path(done.fits[1]).unlink()
    words = rf"{Path(done.fits[1]).stem}: this takes about 0.3 GB of memory, and 0.0 GB are free;"
    with pytest.raises(Obstacle, match=words):
        workflow_run._free_memory(done)


def test_too_many_features_are_told_how_many_fit(project, monkeypatch):
    wide = ("experiment=smoke", "sweep.dataset=[blobs]", "sweep.covariance=[diag]", "sweep.k=[2]")
    wide += ("dataset.blobs.n=60", "dataset.blobs.d=1000")
    found = JobResources(make_plan.make_plan(project, wide))
    (block,) = found.plan.fit_blocks
    most = found.widest(block, 4 * 10**8)
    narrow = JobResources(make_plan.make_plan(project, [*wide, f"dataset.blobs.d={most}"]))
    wider = JobResources(make_plan.make_plan(project, [*wide, f"dataset.blobs.d={most + 1}"]))
    needs = [next(iter(each.plan.fit_blocks.values())).memory for each in (narrow, wider)]
    assert needs[0] <= 4 * 10**8 < needs[1]
    monkeypatch.setattr(free_memory, "available", lambda: 4 * 10**8)
    with pytest.raises(Obstacle, match=rf"at most {most:,} of the features .* also of diag"):
        workflow_run._free_memory(found.plan)
    rows = JobResources(make_plan.make_plan(project, [*wide[:4], "dataset.blobs.n=90000"]))
    assert rows.widest(next(iter(rows.plan.fit_blocks)), 10**8) is None


def test_a_profile_of_the_environment_is_named_where_it_may_be_to_blame(
    project, gmmpipe, monkeypatch
):
    place = project / "elsewhere"
    place.mkdir()
    (place / "config.yaml").write_text("executor: nowhere\n")
    monkeypatch.setenv("SNAKEMAKE_PROFILE", str(place))
    answer = gmmpipe("run", "experiment=smoke", "sweep.k=1", "sweep.seed=0")
    assert answer.code == 2
    assert f"or in the profile of SNAKEMAKE_PROFILE={place}: argument --executor" in answer.err


def test_without_a_bootstrap_there_is_nothing_to_combine(study, gmmpipe):
    done = study("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=1", "sweep.seed=0")
    answer = gmmpipe("combine", done.path, "-o", "tables")
    assert answer.code == 2
    assert "smoke has no bootstrap to combine; set bootstrap.replicates=199" in answer.err


def test_snakemake_in_a_folder_without_settings_says_whose_it_takes(project, tmp_path):
    snakemake = ("snakemake", "-s", str(project / "Snakefile"), "-n", "--cores", "1")
    answer = run(tmp_path, *snakemake)
    assert answer.code == 0
    assert "no conf/ here, so the settings are those that come with gmmpipe" in answer.err
    there = run(tmp_path, *snakemake, "--directory", str(project), "--config", "experiment=smoke")
    assert there.code == 0, there.err


def test_snakemake_s_own_reason_is_said_where_no_job_left_one(tmp_path, capsys):
    log = 'WorkflowError in rule a in file "Snakefile", line 1:\nOutput b has older time than c\n'
    log += "Removing output files of failed job a\nb\nExiting because a job execution failed.\n"
    log += "WorkflowError:\nAt least one job did not complete successfully.\n"
    code, said = explained(tmp_path, capsys, log)
    assert code == 1
    assert "line 1: Output b has older time than c (" in said


def test_where_the_user_s_caches_cannot_be_the_project_s_are(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "new/cache"))
    assert workflow_run._cache() == {}
    assert capsys.readouterr().err == ""
    monkeypatch.delenv("XDG_CACHE_HOME")
    (tmp_path / "home").write_text("a file stops root too")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    found = workflow_run._cache()
    assert found.pop("XDG_CACHE_HOME") == str(tmp_path / ".snakemake/cache")
    (compiled,) = map(Path, found.values())  # numba unpickles what it finds there
    assert list(found) == ["NUMBA_CACHE_DIR"]
    assert not compiled.is_relative_to(tmp_path)
    assert list(compiled.iterdir()) == []
    assert capsys.readouterr().err.startswith("gmmpipe: ~/.cache (or XDG_CACHE_HOME) cannot be")


class Gone(io.StringIO):
    """An output whose reader has left."""

    def write(self, text):
        raise BrokenPipeError(text)


@pytest.mark.parametrize("out", [Gone(), Terminal()])
def test_a_run_whose_progress_nobody_takes_goes_on(out):
    progress = Progress(out)
    if isinstance(out, Terminal):
        out.close()
    for line in CHATTER.splitlines(keepends=True):
        progress.see(line)
    progress.close()
    assert (progress.done, progress.total) == (3, 4)
