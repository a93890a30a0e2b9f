"""What is handed on to Snakemake runs no code of others."""

import pytest

pytestmark = pytest.mark.usefixtures("no_job_starts")

EVIL = "rule all:\n    shell: {shell!r}\n"
OPTIONS = [
    ["--snakefile", "evil.smk"],
    ["--snakefile=evil.smk"],
    ["--snakef", "evil.smk"],
    ["--s=evil.smk"],
    ["-s", "evil.smk"],
    ["-sevil.smk"],
    ["-ns", "evil.smk"],
    ["-npsevil.smk"],
    ["-d", "elsewhere"],
    ["--direc=elsewhere"],
    ["--config", "plan=evil.json"],
    ["--conf", "plan=evil.json"],
    ["-Cplan=evil.json"],
    ["--configfile", "evil.yaml"],
    ["--replace-workflow-config"],
    ["--profile", "evil"],
    ["--prof=evil"],
    ["--workflow-profile=evil"],
    ["--workflow-profile", "profiles/../evil"],
    ["--workflow-profile"],
    ["--jobscript", "evil.sh"],
    ["--js", "evil.sh"],
    ["--precommand", "{shell}"],
    ["--trust-io-cache"],
    ["--trust"],
    ["--deploy-sources", "evil", "0"],
    ["--executor", "cluster-generic", "--cluster-generic-submit-cmd", "{shell}"],
    ["--cluster-generic-cancel=touch"],
    ["--clust", "{shell}"],
    ["--set-resources", "fit:mem_mb={python}"],
    ["--set-res", "fit:mem_mb={python}"],
    ["--default-resources", "mem_mb={python}"],
    ["--default-res", "mem_mb=[x for x in {python}]"],
    ["--default-resources", "mem_mb=$SECRET"],
    ["--until", "$({shell})"],
    ["--set-threads", "fit={python}"],
]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_no_option_runs_code(options, project, shell, python, refused):
    (project / "evil.smk").write_text(EVIL.format(shell=shell))
    given = [text.format(shell=shell, python=python) for text in options]
    refused("after --", "run", "experiment=smoke", "--", *given)
    assert not (project / "results").exists()


PROFILES = {
    "resources": 'set-resources:\n  fit:\n    mem_mb: "{python}"\n',
    "default resources": 'default-resources: ["mem_mb={python}"]\n',
    "template": '__use_yte__: true\n"?{python}": x\n',
    "another workflow": "snakefile: evil.smk\n",
    "pickles": "trust-io-cache: true\n",
    "removal": "all-temp: true\n",
    "jobscript": "jobscript: evil.sh\n",
    "many aliases": "a: &a [x]\nb: &b [" + "*a, " * 90_000 + "]\nc: [*b, *b, *b]\n",
}


LOSING = ["--delete-all-output", "--delete-temp", "--all-temp", "--unneeded=x", "--conda-cleanup-e"]


@pytest.mark.parametrize("option", LOSING)
@pytest.mark.usefixtures("project")
def test_no_option_removes_what_versions_share(option, refused):
    refused("after --: gmmpipe remove", "run", "experiment=smoke", "--", option)


@pytest.mark.parametrize("case", PROFILES)
@pytest.mark.parametrize("name", ["default", "slurm"])
def test_no_expression_in_a_profile_of_the_project(case, name, project, python, refused):
    path = project / f"profiles/{name}/config.yaml"
    path.write_text(PROFILES[case].replace("{python}", python.replace('"', "'")))
    chosen = [] if name == "default" else ["--", "--workflow-profile", f"profiles/{name}"]
    refused(f"profiles/{name}/config.yaml", "run", "experiment=smoke", *chosen)
