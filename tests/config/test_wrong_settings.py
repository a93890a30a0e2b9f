"""What is wrong with the user's input is said in one line that names it, with exit code 2."""

import json

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("no_job_starts")

# arguments of `gmmpipe run` -> words of the one line
SETTINGS = {
    "unknown experiment": (["experiment=tutorail"], "'tutorail' did you mean 'tutorial'"),
    "unknown fit file": (["fit=fixd"], "fit 'fixd' did you mean 'fixed'"),
    "unknown sweep file": (["sweep=big"], "sweep 'big' default"),
    "unknown figures file": (["figures=reprt"], "figures 'reprt' did you mean 'report'"),
    "experiment not a name": (["experiment=[smoke]"], "experiment smoke choose"),
    "experiment empty": (["experiment="], "experiment choose"),
    "key of experiment": (["experiment.k=2"], "experiment.k"),
    "unknown key": (["fit.tolerance=1"], "fit.tolerance tol, regularisation"),
    "unknown section": (["fits.tol=1"], "'fits' did you mean 'fit'"),
    "unknown top key": (["fitt.tol=1"], "key 'fitt' did you mean 'fit'"),
    "section as a number": (["fit=3"], "fit 3 fixed"),
    "axis as a section": (["sweep.k.x=3"], "sweep 'k.x'"),
    "tol as text": (["fit.tol=small"], "fit.tol 'small' number"),
    "tol null": (["fit.tol=null"], "fit.tol None number"),
    "tol true": (["fit.tol=true"], "fit.tol True number"),
    "tol list": (["fit.tol=[0,1]"], "fit.tol [0, 1] number"),
    "tol negative": (["fit.tol=-1e-9"], "fit.tol -1e-09 greater than or equal to 0"),
    "tol nan": (["fit.tol=nan"], "fit.tol nan finite"),
    "tol infinite": (["fit.tol=inf"], "fit.tol inf finite"),
    "regularisation 1": (["fit.regularisation=1"], "fit.regularisation 1 less than 1"),
    "regularisation negative": (["fit.regularisation=-0.1"], "fit.regularisation -0.1"),
    "regularisation a word": (["fit.regularisation=mapp"], "fit.regularisation number 'map'"),
    "reg_covar negative": (["fit.reg_covar=-1"], "fit.reg_covar -1"),
    "American spelling": (["fit.regularization=0"], "fit.regularization fit.regularisation"),
    "jobs of no work": (["block.target_seconds=0"], "block.target_seconds 0 greater than"),
    "jobs of a week": (["block.target_seconds=6e5"], "block.target_seconds 600000 86400"),
    "jobs alike how": (["block.alike=2"], "block.alike 2 boolean"),
    "unknown key of jobs": (["block.target=60"], "block.target did you mean block.target_seconds"),
    "k a fraction": (["sweep.k=2.5"], "sweep.k 2.5 whole number"),
    "k in a list a fraction": (["sweep.k=[1,2.5]"], "sweep.k 2.5 whole number"),
    "k a round float": (["sweep.k=[2.0]"], "sweep.k 2.0 whole number"),
    "k true": (["sweep.k=true"], "sweep.k True whole number"),
    "k a word": (["sweep.k=two"], "sweep.k 'two' whole number"),
    "k null": (["sweep.k=null"], "sweep.k None whole number"),
    "k nested": (["sweep.k=[[1,2]]"], "sweep.k [1, 2] whole number"),
    "k 0": (["sweep.k=0"], "sweep.k 0 1.."),
    "k negative": (["sweep.k=[-1]"], "sweep.k -1 1.."),
    "k range from 0": (["sweep.k=0..3"], "sweep.k 0 1.."),
    "k more than rows": (["sweep.k=[2,300]"], "sweep.k 300 gmm 272"),
    "k empty": (["sweep.k=[]"], "sweep.k empty"),
    "k twice": (["sweep.k=[1,2,1]"], "sweep.k 1 twice"),
    "ranges overlap": (["sweep.seed=[0..4,3..6]"], "sweep.seed 3 twice"),
    "range of letters": (["sweep.k=1..x"], "sweep.k '1..x' range"),
    "range open": (["sweep.k='1..'"], "sweep.k '1..' range"),
    "range of fractions": (["sweep.k=1.5..3"], "sweep.k '1.5..3' step"),
    "range with a step of 0": (["sweep.k=1..2..0"], "sweep.k '1..2..0' range"),
    "range huge": (["sweep.seed=1..999999999"], "sweep.seed '1..999999999' long"),
    "k range huge": (["sweep.k=1..99999999999999999999"], "sweep.k 99999999999999999999"),
    "digits without end": ([f"sweep.k=1..{'9' * 5000}"], "sweep.k"),
    "sweep too large": (["sweep.seed=0..999999", "sweep.k=1..200"], "sweep cells"),
    "last value twice": (["sweep.seed=[0..500000,499999]"], "sweep.seed 499999 twice"),
    "seed negative": (["sweep.seed=-1"], "sweep.seed -1 0.."),
    "seed beyond 32 bits": (["sweep.seed=4294967296"], "sweep.seed 4294967296 4294967295"),
    "iteration negative": (["sweep.iteration=[-1,10]"], "sweep.iteration -1 0.."),
    "iteration huge": (["sweep.iteration=[1000001]"], "sweep.iteration 1000001"),
    "sweep as a mapping": (["sweep={k: [1]}"], "sweep default"),
    "unknown axis": (["sweep.seeds=[1]"], "sweep 'seeds' did you mean 'seed'"),
    "unknown outer axis": (["sweep.fit.tolx=[0,1]"], "sweep 'fit.tolx' did you mean 'fit.tol'"),
    "outer axis a section": (["sweep.dataset.blobs=[1]"], "sweep 'dataset.blobs'"),
    "outer axis bad value": (["sweep.fit.tol=[0,-1]"], "fit.tol -1 greater"),
    "outer axis bad type": (["sweep.fit.tol=[0,x]"], "fit.tol 'x' number"),
    "outer axis empty": (["sweep.fit.tol=[]"], "sweep.fit.tol empty"),
    "outer axis twice": (["sweep.fit.tol=[0,1e-3,0]"], "sweep.fit.tol twice"),
    "outer axis of unused": (["sweep.start.points.x=[1]"], "sweep 'start.points.x'"),
    "unknown data set": (["sweep.dataset=[gmn]"], "sweep.dataset 'gmn' did you mean 'gmm'"),
    "unknown family": (["sweep.covariance=[diagnal]"], "sweep.covariance did you mean 'diag'"),
    "unknown start": (["sweep.start=[kmean]"], "sweep.start 'kmean' did you mean 'kmeans'"),
    "unknown normaliser": (["sweep.normaliser=[min-max]"], "sweep.normaliser 'minmax'"),
    "family twice": (["sweep.covariance=[full,full]"], "sweep.covariance twice"),
    "no family": (["sweep.covariance=[]"], "sweep.covariance empty"),
    "name a number": (["sweep.dataset=[3]"], "sweep.dataset 3 name"),
    "name null": (["sweep.start=null"], "sweep.start None name"),
    "name a mapping": (["sweep.start=[{a: 1}]"], "sweep.start"),
    "name a path": (["sweep.dataset=[../gmm]"], "sweep.dataset '../gmm' name"),
    "name absolute": (["sweep.dataset=[/etc/passwd]"], "sweep.dataset '/etc/passwd' name"),
    "name with a slash": (["sweep.covariance=[a/b]"], "sweep.covariance 'a/b' name"),
    "name dots": (["sweep.dataset=[..]"], "sweep.dataset '..' name"),
    "axis for the sweep": (["covariance=full"], "covariance 'full' sweep.covariance"),
    "section as a list": (["dataset=[gmm]"], "dataset ['gmm'] sweep.dataset"),
    "options as a number": (["dataset.gmm=3"], "dataset.gmm 3"),
    "section of unknown name": (["dataset.blob.k=3"], "dataset 'blob' did you mean 'blobs'"),
    "option of unknown start": (["start.kmean.max_iter=3"], "start 'kmean' did you mean 'kmeans'"),
    "unknown option": (["sweep.dataset=blobs", "dataset.blobs.sep=3"], "dataset.blobs.sep"),
    "option out of bounds": (["dataset.blobs.k=0"], "dataset.blobs.k 0"),
    "option of wrong type": (["dataset.blobs.n=ten"], "dataset.blobs.n 'ten'"),
    "unused option wrong": (["dataset.blobs.n=-1"], "dataset.blobs.n -1"),
    "family with option": (["covariance.full.x=3"], "covariance.full.x"),
    "start option": (["start.kmeans.max_iter=0"], "start.kmeans.max_iter 0"),
    "kind unknown": (["dataset.gmm.kind=flie"], "dataset.gmm.kind 'flie' did you mean 'file'"),
    "mixture contradicts": (["dataset.sample.counts=[1,2,3]"], "sample 2 means 3 counts"),
    "not positive definite": (
        ["dataset.sample.covariances=[[1,1],[[1,2],[2,1]]]"],
        "covariances[1] positive definite",
    ),
    "unknown figure": (["figures.names=[cluster]"], "figures.names 'cluster' 'clusters'"),
    "unknown format": (["figures.formats=[jpg]"], "figures.formats 'jpg' 'png'"),
    "no format": (["figures.formats=[]"], "figures.formats"),
    "dpi text": (["figures.dpi=high"], "figures.dpi 'high'"),
    "dpi 1": (["figures.dpi=1"], "figures.dpi 1 50"),
    "dpi fraction": (["figures.dpi=99.5"], "figures.dpi 99.5"),
    "unknown width": (["figures.width=wide"], "figures.width 'wide' 'column'"),
    "unknown figures key": (["figures.dip=150"], "figures.dip figures.dpi"),
    "added key": (["+fit.tolx=1"], "fit.tolx"),
    "deleted key": (["~fit.tol"], "~fit.tol"),
    "deleted group": (["~fit"], "~fit"),
    "sweep grammar": (["sweep.k=1,2"], "sweep.k=1,2 [1,2]"),
    "range grammar": (["sweep.k=range(1,4)"], "give sweep.k=1..3"),
    "a range of colons": (["sweep.k=1:4"], "give sweep.k=1..4"),
    "a range backwards": (["sweep.k=3..1"], "give sweep.k=1..3"),
    "k alone": (["k=3"], "give sweep.k=3"),
    "K alone": (["K=1..3"], "give sweep.k=1..3"),
    "seed alone": (["seed=1"], "give sweep.seed=1"),
    "iterations": (["iterations=200"], "give sweep.iteration=200"),
    "tol alone": (["tol=1e-3"], "give fit.tol=0.001"),
    "an experiment's name": (["tutorial"], "give experiment=tutorial"),
    "a file's name": (["data/gmm.data"], "give --data data/gmm.data"),
    "Hydra's own key": (["hydra.run.dir=x"], "hydra.run.dir"),
    "interpolation": (["fit.tol=${oc.env:HOME}"], "${oc.env:HOME}"),
    "interpolation of a key": (["fit.tol=${fit.reg_covar}"], "${fit.reg_covar}"),
    "half an interpolation": (["sweep.dataset=['${']"], "${"),
    "no value": (["fit.tol"], "'fit.tol' key=value"),
    "no key": (["=3"], "key experiment sweep"),
    "bracket open": (["sweep.k=[1,2"], "'sweep.k=[1,2' key=value"),
    "an option": (["--fit.tol", "3"], "--fit.tol"),
    "a flag of Snakemake": (["--cores", "2"], "--cores"),
    "label without data": (["--label", "kind"], "label --data"),
    "columns without data": (["--columns", "a,b"], "columns --data"),
}


# arguments of a stage -> words of the one line; d.npz is a sound data set, n.npz normalised
SOUND = {"covariance": {"family": "full"}, "start": {"method": "points"}}
SOUND |= {"fit": {"tol": 0.0}, "k": [1, 2], "seed": [0], "iteration": [1]}
COMMANDS = {
    "no command": ([], "command"),
    "unknown command": (["rnu"], "'rnu' run"),
    "unknown option": (["list", "--all"], "--all"),
    "option without value": (["run", "--data"], "--data"),
    "-- with another command": (["show", "--", "-n"], "-- gmmpipe run"),
    "a shortened option": (["run", "--dat", "x"], "--dat did you mean --data?"),
    "a dry run": (["run", "-n"], "`gmmpipe run -- -n`"),
    "jobs": (["run", "-j", "2", "sweep.k=3"], "`gmmpipe run -- -j 2`"),
    "a word too many": (["list", "start", "x"], "unrecognized x"),
    "no such list": (["list", "x"], "KIND 'x' choose normaliser"),
    "two data sets": (["show", "--data", "d.npz", "sweep.dataset=[gmm]"], "--data sweep.dataset"),
    "settings after --": (["run", "--", "--config", "a=1"], "--config before"),
    "no output": (["fit", "n.npz"], "--output"),
    "no input": (["normalise", "-o", "o.npz", "--config", '{"method": "none"}'], "INPUT"),
    "two inputs": (["normalise", "d.npz", "d.npz", "-o", "o"], "d.npz"),
    "input missing": (["fit", "x.npz", "-o", "o"], "x.npz no such file"),
    "input a folder": (["fit", "conf", "-o", "o"], "conf not a regular file"),
    "input of another stage": (["fit", "o.npz", "-o", "o"], "o.npz"),
    "not JSON": (["generate", "-o", "o.npz", "--config", "{k: 2}"], "--config JSON"),
    "JSON, no object": (["generate", "-o", "o.npz", "--config", "[1]"], "--config [1] object"),
    "JSON file missing": (["generate", "-o", "o", "--config", "c.json"], "c.json no such file"),
    "no kind": (["generate", "-o", "o.npz"], "kind blobs"),
    "unknown kind": (["generate", "-o", "o", "--config", '{"kind": "blob"}'], "'blob' 'blobs'"),
    "unknown option of a kind": (
        ["generate", "-o", "o", "--config", '{"kind": "blobs", "sep": 2}'],
        "blobs 'sep'",
    ),
    "no method": (["normalise", "d.npz", "-o", "o.npz"], "method minmax"),
    "no threads": (["fit", "n.npz", "-o", "o", "--threads", "0"], "--threads 0"),
    "threads a word": (["fit", "n.npz", "-o", "o", "--threads", "all"], "--threads 'all'"),
    "plan missing": (["evaluate", "p.json", "-o", "o"], "p.json no such file"),
    "plan not JSON": (["evaluate", "Snakefile", "-o", "o"], "Snakefile not JSON"),
    "plan not a plan": (["evaluate", "no.json", "-o", "o"], "no.json plan"),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_bad_setting(case, project, refused):
    arguments, words = SETTINGS[case]
    refused(words, "run", *arguments)
    assert not (project / "results/default").exists()


@pytest.mark.parametrize("case", COMMANDS)
def test_bad_command(case, project, refused):
    arguments, words = COMMANDS[case]
    rng = np.random.default_rng(0)
    np.savez("d.npz", x=rng.random((9, 2)), features=np.array(["a", "b"]))
    np.savez("n.npz", x=rng.random((9, 2)))
    np.savez("o.npz", y=rng.random((9, 2)))
    (project / "no.json").write_text("{}")
    if arguments[:1] == ["fit"]:
        arguments = [*arguments, "--config", json.dumps(SOUND)]
    refused(words, *arguments)


def test_data_that_changed_after_planning(project, refused):
    config = {"kind": "file", "path": "data/gmm.data", "sha256": "0" * 64}
    arguments = ["generate", "data/gmm.data", "-o", "o.npz", "--config", json.dumps(config)]
    refused("data/gmm.data changed", *arguments)
    assert not (project / "o.npz").exists()


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("method", ["minmax", "standard"])
def test_constant_column(method, refused, gmmpipe):
    np.savez("d.npz", x=np.array([[1.0, 2.0], [3.0, 2.0]]), features=np.array(["a", "b"]))
    config = json.dumps({"method": method})
    refused("'b' constant none", "normalise", "d.npz", "-o", "o.npz", "--config", config)
    assert gmmpipe("normalise", "d.npz", "-o", "o.npz", "--config", '{"method": "none"}').code == 0


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "pickled"])
def test_damaged_arrays(damage, project, refused):
    np.savez("n.npz", x=np.random.default_rng(0).random((50, 2)))
    content = bytearray((project / "n.npz").read_bytes())
    if damage == "cut":
        content = content[:-30]
    elif damage == "flipped":
        content[300] ^= 1
    elif damage == "empty":
        content.clear()
    (project / "n.npz").write_bytes(content)
    if damage == "pickled":
        np.savez("n.npz", x=np.array([{}, None], dtype=object))
    refused("n.npz damaged", "fit", "n.npz", "-o", "o", "--config", json.dumps(SOUND))


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("key", SOUND)
def test_fit_lacks_a_key(key, refused):
    rest = {k: v for k, v in SOUND.items() if k != key}
    refused(f"--config.{key} is missing", "fit", "n.npz", "-o", "o", "--config", json.dumps(rest))
