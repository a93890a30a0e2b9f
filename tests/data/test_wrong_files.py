"""Files that are wrong: the user's data, and what stands in conf/."""

import gzip

import pytest

GOOD = "a,b,kind\n1,2,x\n2,1,y\n3,5,x\n4,4,y\n"


# bytes of a file, its name, further arguments of `gmmpipe run --data FILE` -> words of the line
FILES = {
    "empty": ("", "t.csv", "", "t.csv empty"),
    "blank": (" \n\n", "t.csv", "", "t.csv empty"),
    "header only": ("a,b\n", "t.csv", "", "t.csv line 1 header"),
    "ragged": ("a,b\n1,2\n3\n4,5\n", "t.csv", "", "t.csv line 3 'b'"),
    "one cell too many": ("a,b\n1,2\n3,4,5\n", "t.csv", "", "t.csv line 3 '5'"),
    "text among numbers": ("a,b\n1,2\n3,four\n5,6\n", "t.csv", "", "t.csv line 3 'b' 'four'"),
    "text column": (GOOD, "t.csv", "--columns a,kind", "t.csv 'kind' 'x' --label kind"),
    "NaN": ("a,b\n1,2\nnan,3\n", "t.csv", "", "t.csv line 3 'a' 'nan' --missing drop"),
    "infinity": ("a,b\n1,2\n1,-inf\n", "t.csv", "", "t.csv line 3 'b' '-inf'"),
    "missing": ("a,b\n1,2\n,3\n", "t.csv", "", "t.csv line 3 'a'"),
    "two readings": ("a;b\n1,500;2\n3;4\n", "t.csv", "", "t.csv line 2 'a' '1,500' --decimal"),
    "one row": ("a,b\n1,2\n", "t.csv", "", "t.csv 1 equal"),
    "one distinct row": ("1,2\n1,2\n1,2\n", "t.csv", "", "t.csv 3 equal"),
    "k more than rows": (GOOD, "t.csv", "--label kind sweep.k=5", "sweep.k 5 4 rows"),
    "same name twice": ("a,a\n1,2\n3,4\n", "t.csv", "", "t.csv 'a'"),
    "unknown label": (GOOD, "t.csv", "--label knid", "t.csv 'knid' did you mean 'kind'"),
    "unknown column": (GOOD, "t.csv", "--columns a,c", "t.csv 'c' a, b, kind"),
    "column beyond": (GOOD, "t.csv", "--columns 1,9", "t.csv 9 1 to 3"),
    "column twice": (GOOD, "t.csv", "--columns a,1", "t.csv twice"),
    "label among columns": (GOOD, "t.csv", "--columns a,b --label b", "t.csv 'b' label"),
    "nameless column": (GOOD, "t.csv", "--columns a,,b", "t.csv column a, b, kind"),
    "not UTF-8": (b"a,b\n1,\xff2\n3,4\n", "t.csv", "", "t.csv encoding"),
    "kind of file unknown": (GOOD, "t.docx", "", "t.docx .csv .parquet"),
    "not gzip": (GOOD, "t.csv.gz", "", "t.csv.gz gzip"),
    "gzip cut off": (gzip.compress(GOOD.encode())[:-9], "t.csv.gz", "", "t.csv.gz cut off"),
    "not npy": (GOOD, "t.npy", "", "t.npy .npy"),
    "not parquet": (GOOD, "t.parquet", "", "t.parquet Parquet"),
}

# file of conf/, its text, arguments of `gmmpipe run` -> words of the line
PACKAGE = "# @package _global_\n"
CONF = {
    "broken YAML": ("experiment/my.yaml", PACKAGE + "sweep: {k: [1\n", "my.yaml"),
    "a tab": ("experiment/my.yaml", PACKAGE + "sweep:\n\tk: [1]\n", "my.yaml"),
    "a list": ("experiment/my.yaml", PACKAGE + "- 1\n", "experiment/my"),
    "no package line": ("experiment/my.yaml", "sweep: {k: [1]}\n", "experiment.sweep @package"),
    "unknown key": ("experiment/my.yaml", PACKAGE + "swep: {k: [1]}\n", "'swep' 'sweep'"),
    "unknown key inside": ("experiment/my.yaml", PACKAGE + "fit: {tl: 1}\n", "fit.tl fit.tol"),
    "key twice": ("experiment/my.yaml", PACKAGE + "fit: {tol: 1}\nfit: {}\n", "my.yaml fit"),
    "group missing": (
        "experiment/my.yaml",
        PACKAGE + "defaults:\n  - override /fit: loose\n",
        "fit/loose",
    ),
    "interpolation to nowhere": (
        "experiment/my.yaml",
        PACKAGE + "fit: {tol: '${fit.no}'}\n",
        "fit.no",
    ),
    "not UTF-8": ("experiment/my.yaml", b"# caf\xe9\nfit: {tol: 0}\n", "conf utf-8"),
    "broken data set": ("dataset/gmm.yaml", "kind: [file\n", "gmm.yaml"),
    "data set a list": ("dataset/gmm.yaml", "- kind\n", "gmm.yaml key: value"),
    "data set empty": ("dataset/gmm.yaml", "", "gmm.yaml key: value"),
    "data set key twice": ("dataset/gmm.yaml", "kind: file\npath: a\npath: b\n", "gmm.yaml path"),
    "data set without kind": ("dataset/gmm.yaml", "path: x.csv\n", "dataset.gmm.kind"),
    "data set without path": ("dataset/gmm.yaml", "kind: file\n", "dataset.gmm.path missing"),
    "data set, no such file": (
        "dataset/gmm.yaml",
        "kind: file\npath: x.csv\n",
        "x.csv no such file",
    ),
    "data set not UTF-8": ("dataset/gmm.yaml", b"kind: file\npath: \xe9.csv\n", "gmm.yaml"),
    "start unknown method": ("start/mixed.yaml", "method: kmean\n", "start.mixed 'kmeans'"),
    "root broken": ("config.yaml", "defaults: [\n", "config"),
}

pytestmark = pytest.mark.usefixtures("no_job_starts")


@pytest.mark.parametrize("case", FILES)
def test_bad_file(case, project, refused):
    content, name, options, words = FILES[case]
    (project / name).write_bytes(content.encode() if isinstance(content, str) else content)
    refused(words, "run", "--data", str(project / name), *options.split())


@pytest.mark.parametrize("case", CONF)
def test_bad_conf(case, project, refused):
    path, text, words = CONF[case]
    (project / "conf" / path).write_bytes(text.encode() if isinstance(text, str) else text)
    chosen = ["experiment=my"] if "my.yaml" in path else []
    refused(words, "run", *chosen)


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("path", "words"),
    [("no.csv", "no.csv no such file"), ("data", "data not a regular file"), ("", "--data")],
)
def test_data_is_no_file(path, words, refused):
    refused(words, "run", "--data", path)


def test_data_cannot_be_a_device(project, refused):
    (project / "t.csv").symlink_to("/dev/zero")
    refused("t.csv not a regular file", "run", "--data", "t.csv")
