"""gmmpipe.run: an experiment from Python."""

import numpy as np
import pandas as pd
import pytest

import gmmpipe
from gmmpipe.errors import InputError

TINY = {"k": range(1, 3), "seed": [0], "covariance": "full", "figures.formats": ["png"]}
TINY |= {"figures.names": ["clusters"], "fit.restarts": "fixed", "sweep.iteration": [20]}


def test_a_frame_becomes_an_experiment(tmp_path, capfd):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": [*rng.normal(0, 1, 30), *rng.normal(9, 1, 30)], "kind": list("uv") * 30}
    )
    run = gmmpipe.run(frame, name="mine", project=tmp_path, quiet=True, label="kind", **TINY)
    assert capfd.readouterr().out == ""
    assert run.folder == tmp_path / "results/mine" / run.version
    assert run.config["sweep"]["k"] == [1, 2]
    assert run.labels["label"].tolist() == list("uv") * 30
    np.testing.assert_array_equal(run.data()["a"], frame["a"])
    assert run.table("winner").shape == (2, 4)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"k": [0]}, "sweep.k holds 0; allowed is 1"),
        ({"kk": 2}, "did you mean 'k'"),
        ({"label": "kind"}, "label is of your own data; give data"),
        ({"k": object()}, "give a number, a text or a list"),
        ({"data": np.eye(2), "name": "a/b"}, "a name is"),
    ],
)
def test_what_is_wrong_is_said_as_on_the_command_line(settings, words, tmp_path):
    with pytest.raises(InputError) as error:
        gmmpipe.run(project=tmp_path, **settings)
    assert words in str(error.value)
    assert not list(tmp_path.glob("results/*/*/manifest.json"))


def test_a_frame_is_not_written_through_a_link(project, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (project / "results").mkdir()
    (project / "results/frames").symlink_to(elsewhere)
    with pytest.raises(InputError, match="results/frames: is a symbolic link"):
        gmmpipe.run(pd.DataFrame({"a": [1.0, 2.0, 3.0]}), k=[1], quiet=True)
    assert not list(elsewhere.iterdir())
