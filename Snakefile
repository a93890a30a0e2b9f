# gmmpipe: data -> normalise -> fit -> evaluate -> figures -> report.
# The plan (gmmpipe/workflow/make_plan.py) names every artifact; the rules below only say how each is made.
import sys

# Snakemake puts this folder first: a numpy.py beside the data would be imported, hence run.
while sys.path[0] in ("", ".", str(workflow.basedir)):
    del sys.path[0]

import os
import shlex
import signal
from pathlib import Path


from gmmpipe.workflow.threads import pin_threads

pin_threads()  # before numpy is loaded, here and in every job

from gmmpipe.results.tables import table_paths
from gmmpipe.store import layout
from gmmpipe.store.names import STORED
from gmmpipe.workflow.resources import JobResources
from gmmpipe.errors import explain
from gmmpipe.store.lock import follow
from gmmpipe.store.jobs import PublishJob, as_text
from gmmpipe.workflow.pipeline import STAGES
from gmmpipe.workflow.code_digest import stage_digests
from gmmpipe.store.plan import Plan

os.environ.update(PYTHONSAFEPATH="1")  # the same in processes that Snakemake starts

try:
    follow()  # of `gmmpipe run`, if that is what started this
    if "plan" in config:  # made by it
        plan = Plan.read(str(config["plan"]))
    else:
        from gmmpipe.workflow.run import prepare

        plan = prepare(config, workflow.is_main_process, sys.argv[1:])
    job_resources = JobResources(plan)
except Exception as error:
    if (line := explain(error)) is None:
        raise
    print(line[0], file=sys.stderr)
    sys.exit(line[1])

CODE = stage_digests()

# Jobs find this interpreter's gmmpipe, whatever is on PATH, and no module in this folder.
folder = str(Path(sys.executable).parent).replace("{", "{{").replace("}", "}}")
shell.prefix(f"export PYTHONSAFEPATH=1 PATH={shlex.quote(folder)}:$PATH; ")


onstart:
    # A signal ends it at once, and the jobs with it: its own handler waits for them or deadlocks.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Jobs here wait for cores. For its usual rate, 100 jobs a second, it looks again a second after
    # each one, also when all is done, and ends no sooner.
    rate = getattr(
        workflow.scheduler, "job_rate_limiter", None
    )  # an attribute of 9.x
    if workflow.local_exec and rate and (rate.max_jobs, rate.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None


onsuccess:
    if "plan" not in config and Path(table_paths(plan)[0]).exists():
        from gmmpipe.results.summary import failures

        if said := failures(plan):
            print(f"gmmpipe: {said}", file=sys.stderr)
            sys.exit(1)


def name_of(stage):
    """Return the name of a stage's jobs: a wildcard where there are many."""
    return "{name}" if stage.section else plan.label


def of_job(function):
    """Return what Snakemake calls for a job: a function of its wildcards, if it has any."""
    return lambda wildcards: function(plan, *(wildcards or [plan.label]))


def benchmark(name):
    """Return of a job where what it took is written: not by Snakemake, which sees who waits."""
    return of_job(lambda plan, job: layout.benchmark(name, job))


def outputs(stage):
    """Return what the jobs of a stage make."""
    return stage.outputs(plan, name_of(stage))


wildcard_constraints:
    name=STORED,


localrules:
    all,
    publish,


# Not worth a place in a queue: a second each, where Snakemake itself runs.
if job_resources.is_small:

    localrules:
        generate,
        normalise,


rule all:
    input:
        # All that a version consists of, so that what was lost of it is made again.
        STAGES["publish"].inputs(plan, plan.label),
        plan.marker,


# What the jobs of each stage read and make: gmmpipe/workflow/pipeline.py.
for stage in STAGES.values():
    if stage.name in ("fit", "publish"):  # whose commands are told more, see below
        continue

    rule:
        name:
            stage.name
        input:
            of_job(stage.inputs),
        output:
            outputs(stage),
        log:
            layout.log(stage.name, name_of(stage)),
        threads: job_resources.threads(stage.name)
        resources:
            mem_mb=job_resources.mem_mb(stage.name),
            runtime=job_resources.runtime(stage.name),
        params:
            stage=stage.name,
            reads=of_job(stage.arguments),
            target=of_job(stage.destination),
            config=of_job(stage.parameters),
            benchmark=benchmark(stage.name),
            code=CODE[stage.name],
        shell:
            "gmmpipe {params.stage:q} --code {params.code:q} {params.reads:q} -o {params.target:q}"
            " --config {params.config:q} --threads {threads} --benchmark {params.benchmark:q}"
            " > {log:q} 2>&1"


rule fit:
    input:
        of_job(STAGES["fit"].inputs),
    output:
        outputs(STAGES["fit"]),
    log:
        layout.log("fit", "{name}"),
    threads: job_resources.threads("fit")
    resources:
        mem_mb=job_resources.mem_mb("fit"),
        runtime=job_resources.runtime("fit"),
    params:
        config=of_job(STAGES["fit"].parameters),
        benchmark=benchmark("fit"),
        code=CODE["fit"],
    shell:
        "gmmpipe fit --code {params.code:q} {input:q} -o {output:q} --config {params.config:q}"
        " --engine {plan.engine:q} --threads {threads} --benchmark {params.benchmark:q}"
        " > {log:q} 2>&1"


rule publish:
    input:
        STAGES["publish"].inputs(plan, plan.label),
    output:
        plan.marker,
    log:
        layout.log("publish", plan.label),
    params:
        reads=STAGES["publish"].arguments(plan, plan.label),
        link=layout.latest(plan.experiment),
        config=as_text(PublishJob(stages=CODE)),
        code=CODE["publish"],
    shell:
        "gmmpipe publish --code {params.code:q} {params.reads:q} -o {params.link:q}"
        " --config {params.config:q} > {log:q} 2>&1"
        " && touch {output:q}"
