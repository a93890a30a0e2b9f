# gmmpipe: data -> normalise -> fit -> evaluate -> figures -> report.
# The plan (gmmpipe/workflow/make_plan.py) names every artifact; the rules below only say how each is made.
import sys

# Snakemake puts this folder first: a numpy.py beside the data would be imported, hence run.
while sys.path[0] in ("", ".", str(workflow.basedir)):
    del sys.path[0]

import json
import os
import shlex
import signal
from pathlib import Path


from gmmpipe.workflow.threads import pin_threads

pin_threads()  # before numpy is loaded, here and in every job

from gmmpipe.store.names import STORED
from gmmpipe.cli.main import STAGES
from gmmpipe.workflow.resources import Demands
from gmmpipe.errors import told
from gmmpipe.store.lock import follow
from gmmpipe.workflow.code_digest import source_digests
from gmmpipe.store.plan import Study

os.environ.update(PYTHONSAFEPATH="1")  # the same in processes that Snakemake starts

try:
    follow()  # of `gmmpipe run`, if that is what started this
    if "plan" in config:  # frozen by it
        study = Study(str(config["plan"]))
    else:
        from gmmpipe.workflow.run import prepare

        study = prepare(config, workflow.is_main_process, sys.argv[1:])
    demands = Demands(study)
except Exception as error:
    if (line := told(error)) is None:
        raise
    print(line[0], file=sys.stderr)
    sys.exit(line[1])

CODE = source_digests(f"gmmpipe.workflow.stages.{stage}" for stage in STAGES)

# Jobs find this interpreter's gmmpipe, whatever is on PATH, and no module in this folder.
folder = str(Path(sys.executable).parent).replace("{", "{{").replace("}", "}}")
shell.prefix(f"export PYTHONSAFEPATH=1 PATH={shlex.quote(folder)}:$PATH; ")


onstart:
    # A signal ends it at once, and the jobs with it: its own handler waits for them or deadlocks.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


onsuccess:
    if (
        "plan" not in config
        and Path(study.tables[0]).exists()
        and (said := study.failures())
    ):
        print(f"gmmpipe: {said}", file=sys.stderr)
        sys.exit(1)


wildcard_constraints:
    data=STORED,
    normalised=STORED,
    block=STORED,
    replicates=STORED,


localrules:
    all,
    publish,


# Not worth a place in a queue: a second each, where Snakemake itself runs.
if demands.is_small:

    localrules:
        generate,
        normalise,


rule all:
    input:
        # All that a version consists of, so that what was lost of it is made again.
        study.store,
        study.tables,
        study.summaries,
        f"{study.folder}/figures",
        f"{study.folder}/report.html",
        study.marker,


rule generate:
    # The source is no input: its SHA-256 is in the name, and its time says nothing of it.
    output:
        "results/store/data/{data}.npz",
    log:
        "results/logs/generate/{data}.log",
    benchmark:
        "results/benchmarks/generate/{data}.tsv"
    resources:
        mem_mb=demands.mem_mb("generate"),
        runtime=demands.runtime("generate"),
    params:
        source=lambda w: study.source(w.data),
        config=lambda w: study.section("data", w.data),
        code=CODE["gmmpipe.workflow.stages.generate"],
    shell:
        "gmmpipe generate --code {params.code:q} {params.source:q} -o {output:q} --config {params.config:q} > {log:q} 2>&1"


rule normalise:
    input:
        lambda w: study.raw(w.normalised),
    output:
        "results/store/normalised/{normalised}.npz",
    log:
        "results/logs/normalise/{normalised}.log",
    benchmark:
        "results/benchmarks/normalise/{normalised}.tsv"
    resources:
        mem_mb=demands.mem_mb("normalise"),
        runtime=demands.runtime("normalise"),
    params:
        config=lambda w: study.section("normalised", w.normalised),
        code=CODE["gmmpipe.workflow.stages.normalise"],
    shell:
        "gmmpipe normalise --code {params.code:q} {input:q} -o {output:q} --config {params.config:q} > {log:q} 2>&1"


rule fit:
    input:
        lambda w: study.fitted(w.block),
    output:
        "results/store/fits/{block}.npz",
    log:
        "results/logs/fit/{block}.log",
    benchmark:
        "results/benchmarks/fit/{block}.tsv"
    threads: demands.threads("fit")
    resources:
        mem_mb=demands.mem_mb("fit"),
        runtime=demands.runtime("fit"),
    params:
        config=lambda w: study.section("fits", w.block),
        code=CODE["gmmpipe.workflow.stages.fit"],
    shell:
        "gmmpipe fit --code {params.code:q} {input:q} -o {output:q} --config {params.config:q}"
        " --engine {study.engine:q} --threads {threads} > {log:q} 2>&1"


rule evaluate:
    input:
        plan=study.path,
        data=study.data,
        normalised=study.normalisations,
        fits=study.fits,
    output:
        study.tables,
    log:
        f"results/logs/evaluate/{study.experiment}-{study.version}.log",
    benchmark:
        f"results/benchmarks/evaluate/{study.experiment}-{study.version}.tsv"
    threads: demands.threads("evaluate")
    resources:
        mem_mb=demands.mem_mb("evaluate"),
        runtime=demands.runtime("evaluate"),
    params:
        folder=subpath(output[0], parent=True),
        code=CODE["gmmpipe.workflow.stages.evaluate"],
    shell:
        "gmmpipe evaluate --code {params.code:q} {input.plan:q} -o {params.folder:q}"
        " --threads {threads} > {log:q} 2>&1"


# The next two belong to experiments with bootstrap.replicates or bootstrap.stability above 0.
rule bootstrap:
    input:
        lambda w: study.replicated(w.replicates),
    output:
        "results/store/bootstrap/{replicates}.npz",
    log:
        "results/logs/bootstrap/{replicates}.log",
    benchmark:
        "results/benchmarks/bootstrap/{replicates}.tsv"
    threads: demands.threads("bootstrap")
    resources:
        mem_mb=demands.mem_mb("bootstrap"),
        runtime=demands.runtime("bootstrap"),
    params:
        config=lambda w: study.section("bootstrap", w.replicates),
        code=CODE["gmmpipe.workflow.stages.bootstrap"],
    shell:
        "gmmpipe bootstrap --code {params.code:q} {input:q} -o {output:q} --config {params.config:q}"
        " --threads {threads} > {log:q} 2>&1"


rule combine:
    input:
        plan=study.path,
        data=study.data,
        replicates=study.bootstraps,
        tables=study.tables,
    output:
        study.summary_paths,
    log:
        f"results/logs/combine/{study.experiment}-{study.version}.log",
    benchmark:
        f"results/benchmarks/combine/{study.experiment}-{study.version}.tsv"
    resources:
        mem_mb=demands.mem_mb("combine"),
        runtime=demands.runtime("combine"),
    params:
        folder=subpath(output[0], parent=True),
        code=CODE["gmmpipe.workflow.stages.combine"],
    shell:
        "gmmpipe combine --code {params.code:q} {input.plan:q} -o {params.folder:q} > {log:q} 2>&1"


rule figures:
    input:
        plan=study.path,
        data=study.data,
        normalised=study.normalisations,
        tables=study.tables + study.summaries,
    output:
        directory(f"{study.folder}/figures"),
    log:
        f"results/logs/figures/{study.experiment}-{study.version}.log",
    benchmark:
        f"results/benchmarks/figures/{study.experiment}-{study.version}.tsv"
    threads: demands.threads("figures")
    resources:
        mem_mb=demands.mem_mb("figures"),
        runtime=demands.runtime("figures"),
    params:
        code=CODE["gmmpipe.workflow.stages.figures"],
    shell:
        "gmmpipe figures --code {params.code:q} {input.plan:q} -o {output:q}"
        " --threads {threads} > {log:q} 2>&1"


rule report:
    input:
        plan=study.path,
        origins=study.origins,
        data=study.data,
        normalised=study.normalisations,
        tables=study.tables + study.summaries,
        figures=f"{study.folder}/figures",
    output:
        f"{study.folder}/report.html",
    log:
        f"results/logs/report/{study.experiment}-{study.version}.log",
    resources:
        mem_mb=demands.mem_mb("report"),
        runtime=demands.runtime("report"),
    params:
        code=CODE["gmmpipe.workflow.stages.report"],
    shell:
        "gmmpipe report --code {params.code:q} {input.plan:q} -o {output:q} > {log:q} 2>&1"


rule publish:
    input:
        plan=study.path,
        stored=study.store,
        tables=study.tables + study.summaries,
        figures=f"{study.folder}/figures",
        report=f"{study.folder}/report.html",
    output:
        # The link itself is no output: Snakemake would remove it before it can be moved.
        study.marker,
    log:
        f"results/logs/publish/{study.experiment}-{study.version}.log",
    params:
        link=f"results/{study.experiment}/latest",
        version=study.version,
        config=json.dumps(
            {"stages": {stage: CODE[f"gmmpipe.workflow.stages.{stage}"] for stage in STAGES}}
        ),
        code=CODE["gmmpipe.workflow.stages.publish"],
    shell:
        "gmmpipe publish --code {params.code:q} {input.plan:q} -o {params.link:q}"
        " --config {params.config:q} > {log:q} 2>&1"
        " && touch {output:q}"
