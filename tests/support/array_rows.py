"""Rows of the catalogue for arrays: what is handed over, and what comes of it.

An outcome is "defined", perhaps with what the fit records of it after a colon, or the words of a
refusal. Data that are fine give their outcome too: the catalogue is about the edges, not errors.
"""

from decimal import Decimal

import numpy as np
import pandas as pd
from scipy import sparse

RNG = np.random.default_rng(6)
X = RNG.normal(size=(80, 2)) + np.repeat([[0, 0], [6, 3]], 40, axis=0)
FRAME = pd.DataFrame(X, columns=["a", "b"])
READ_ONLY = X.copy()
READ_ONLY.flags.writeable = False


def put(value, at=(3, 1)):
    """Return the data with one value replaced."""
    x = np.array(X, dtype=np.result_type(X, type(value)))
    x[at] = value
    return x


def masked(*places):
    mask = np.zeros(X.shape, bool)
    for place in places:
        mask[place] = True
    return np.ma.array(X, mask=mask)


# name -> the data, outcome in em.fit, outcome in the estimator (where not the same)
DATA = {
    "plain": (X, "defined"),
    "list of lists": (X.tolist(), "defined"),
    "data frame": (pd.DataFrame(X, columns=["a", "b"]), "defined"),
    "Fortran order": (np.asfortranarray(X), "defined"),
    "every other row": (np.repeat(X, 2, axis=0)[::2], "defined"),
    "backwards": (X[::-1, ::-1], "defined"),
    "other byte order": (X.astype(">f8"), "defined"),
    "read only": (READ_ONLY, "defined"),
    "float32": (X.astype(np.float32), "defined"),
    "float16": (X.astype(np.float16), "defined"),
    "long double": (X.astype(np.longdouble), "defined"),
    "int8": (np.round(X).astype(np.int8), "defined"),
    "unsigned": (np.round(X + 9).astype(np.uint64), "defined"),
    "integers beyond 2^53": (put(2**53 + 1).astype(np.int64) + 1, "[3, 1] integer 2^53"),
    "no rows": (np.empty((0, 2)), "(0, 2)"),
    "no columns": (np.empty((5, 0)), "(5, 0)"),
    "one row": (X[:1], "defined: constant features [0, 1]", "minimum of 2"),
    "a vector": (X[:, 0], "(80,)", "1D array"),
    "a cube": (X[:, :, None], "(80, 2, 1)", "dim 3"),
    "a number": (np.float64(3), "(1,)", "scalar"),
    "nothing": (None, "object", "scalar"),
    "a word": ("data", "U4", "'data'"),
    "ragged": ([[1.0, 2.0], [3.0], [4.0, 5.0]], "inhomogeneous", "inhomogeneous"),
    "words": (X.astype(str), "U real", "defined"),
    "words that are no numbers": (np.full((9, 2), "x"), "U1 real", "'x'"),
    "objects": (X.astype(object), "object real", "defined"),
    "None among objects": (np.where(X > 9, None, X.astype(object)), "object real", "defined"),
    "booleans": (X > 1, "bool real", "defined"),
    "nullable columns": (FRAME.convert_dtypes(), "object real", "defined"),
    "Arrow's columns": (FRAME.convert_dtypes(dtype_backend="pyarrow"), "object real", "defined"),
    "a column of booleans": (FRAME.assign(c=FRAME["a"] > 1), "object real", "defined"),
    "a column of objects": (FRAME.astype({"b": object}), "object real", "defined"),
    "decimals": (FRAME.map(lambda value: Decimal(repr(value))), "object real", "defined"),
    "a list of decimals": (
        [[Decimal(repr(v)) for v in row] for row in X.tolist()],
        "object real",
        "defined",
    ),
    "NA": (FRAME.mask(FRAME > 6).astype("Float64"), "object real", 'NaN row column missing="mar"'),
    "integers beyond 2^53 beside floats": (FRAME.assign(c=2**53 + 1), "[0, 2] integer 2^53"),
    "a list with an integer beyond 2^53": ([[1.5, 2**53 + 1], *X.tolist()], "[0, 1] integer 2^53"),
    "a column of dates": (
        FRAME.assign(when=pd.Timestamp("2020-01-01")),
        "object real",
        "column 'when' is datetime64",
    ),
    "complex": (X + 0j, "complex128 real", "Complex"),
    "dates": (np.full((9, 2), np.datetime64("2020-01-01")), "datetime64 real", "datetime64"),
    "records": (np.zeros(9, [("a", float)]), "real", "array"),
    "sparse": (sparse.csr_matrix(X), "real", "Sparse"),
    "NaN": (put(np.nan), "nan row 3, column 1", "NaN"),
    "infinity": (put(np.inf), "inf row 3, column 1", "infinity"),
    "minus infinity": (put(-np.inf), "-inf row 3, column 1", "infinity"),
    "masked": (masked((3, 1)), "masked [3, 1]"),
    "a mask that hides nothing": (masked(), "defined"),
    "constant column": (np.column_stack([X, np.full(80, 7.0)]), "defined: constant features [2]"),
    "huge constant column": (
        np.column_stack([X, np.full(80, 1e300)]),
        "defined: constant",
        "column 2 rescale",
    ),
    "identical rows": (np.full((9, 2), 3.0), "defined: constant features [0, 1]"),
    "two distinct rows": (np.repeat(X[:2], 5, axis=0), "defined: component"),
    "duplicated rows": (np.repeat(X, 3, axis=0), "defined"),
    "collinear": (np.column_stack([X, X.sum(axis=1)]), "defined: component"),
    "a column twice": (np.column_stack([X, X[:, 0]]), "defined: component"),
    "more columns than rows": (RNG.normal(size=(5, 12)), "defined: component"),
    "scale 1e-300": (X * 1e-300, "column 0 rescale"),
    "scale 1e-160": (X * 1e-160, "column 0 rescale"),
    "scale 1e-100": (X * 1e-100, "defined", "defined: component"),
    "scale 1e100": (X * 1e100, "defined"),
    "scale 1e150": (X * 1e150, "defined", "column 0 rescale"),
    "scale 1e160": (X * 1e160, "column 0 rescale"),
    "scale 1e300": (X * 1e300, "column 0 rescale"),
    "scales 1e-100 and 1e100": (X * [1e-100, 1e100], "defined", "defined: component"),
    "a range that overflows": (put(1.7e308) - put(1.7e308, (4, 1)) + X, "column 1 rescale"),
    "the smallest double": (put(5e-324), "defined"),
    "minus zero": (put(-0.0), "defined"),
    "offset 1e8": (X + 1e8, "defined"),
    "offset 1e15": (X + 1e15, "defined"),
    "an outlier of 1e8 deviations": (put(1e8), "defined"),
    "an outlier of 1e150": (put(1e150), "defined", "column 1 rescale"),
}

# name -> options of the estimator, outcome
PARAMETERS = {
    "K = 0": ({"n_components": 0}, "n_components 0"),
    "K negative": ({"n_components": -1}, "n_components -1"),
    "K a fraction": ({"n_components": 2.5}, "n_components 2.5"),
    "K a round float": ({"n_components": 2.0}, "n_components 2.0"),
    "K true": ({"n_components": True}, "n_components True"),
    "K a word": ({"n_components": "2"}, "n_components '2'"),
    "K none": ({"n_components": None}, "n_components None"),
    "K = 1e9": ({"n_components": 10**9}, "n_components 1000000000 n_samples"),
    "K more than rows": ({"n_components": 81}, "n_components 81 80"),
    "K = rows": ({"n_components": 80}, "defined: component"),
    "K = 1": ({"n_components": 1}, "defined"),
    "numpy's K": ({"n_components": np.int32(2)}, "defined"),
    "no iterations": ({"max_iter": 0}, "defined"),
    "iterations negative": ({"max_iter": -1}, "max_iter -1"),
    "iterations a fraction": ({"max_iter": 1.5}, "max_iter 1.5"),
    "iterations true": ({"max_iter": True}, "max_iter True"),
    "tol negative": ({"tol": -1e-9}, "tol -1e-09"),
    "tol NaN": ({"tol": np.nan}, "tol nan"),
    "tol infinite": ({"tol": np.inf}, "tol inf"),
    "tol a word": ({"tol": "small"}, "tol 'small'"),
    "reg_covar negative": ({"reg_covar": -1.0}, "reg_covar -1"),
    "reg_covar NaN": ({"reg_covar": np.nan}, "reg_covar nan"),
    "reg_covar infinite": ({"reg_covar": np.inf}, "reg_covar inf"),
    "unknown family": ({"covariance_type": "ful"}, "covariance_type 'ful'"),
    "unknown start": ({"init_params": "kmean"}, "init_params 'kmean'"),
    "no starts": ({"n_init": 0}, "n_init 0"),
    "seed -1": ({"random_state": -1}, "random_state -1"),
    "seed 2^40": ({"random_state": 2**40}, f"random_state {2**40}"),
    "seed true": ({"random_state": True}, "random_state True"),
    "seed a fraction": ({"random_state": 1.5}, "random_state 1.5"),
    "seed a word": ({"random_state": "1"}, "random_state '1'"),
    "seed none": ({"random_state": None}, "defined"),
    "no threads": ({"n_jobs": 0}, "n_jobs 0"),
    "weights of another K": ({"weights_init": [1.0]}, "(2,) (1,)"),
    "weights that do not sum to 1": ({"weights_init": [0.9, 0.9]}, "normalized 1.8"),
    "a negative weight": ({"weights_init": [-0.5, 1.5]}, "range"),
    "NaN weight": ({"weights_init": [np.nan, 1]}, "NaN"),
    "means of another shape": ({"means_init": np.zeros((2, 3))}, "(2, 2) (2, 3)"),
    "means NaN": ({"means_init": np.full((2, 2), np.nan)}, "NaN"),
    "means infinite": ({"means_init": np.full((2, 2), np.inf)}, "infinity"),
    "means far away": ({"means_init": np.array([[1e8, 0], [0, 1e8]])}, "defined"),
    "equal means": ({"means_init": np.zeros((2, 2))}, "defined"),
    "precisions of another shape": ({"precisions_init": np.eye(2)}, "(2, 2, 2) (2, 2)"),
    "precisions not symmetric": (
        {"precisions_init": np.array([[[1, 0.5], [0, 1]]] * 2)},
        "symmetric",
    ),
    "precisions not definite": ({"precisions_init": -np.array([np.eye(2)] * 2)}, "definite"),
    "precisions singular": ({"precisions_init": np.ones((2, 2, 2))}, "definite"),
    "precisions zero": ({"precisions_init": np.zeros((2, 2, 2))}, "definite"),
    "precisions NaN": ({"precisions_init": np.full((2, 2, 2), np.nan)}, "NaN"),
}

# name -> options of em.fit, outcome
SETTINGS = {
    "unknown family": ({"family": "ful"}, "'ful' 'full'"),
    "no iterations": ({"iterations": [0]}, "defined"),
    "no iteration counts": ({"iterations": []}, "one count"),
    "iterations negative": ({"iterations": [-1, 2]}, "[-1, 2]"),
    "iterations a fraction": ({"iterations": [2.5]}, "[2.5] whole"),
    "iterations true": ({"iterations": [True]}, "[True] whole"),
    "iterations out of order": ({"iterations": [3, 1]}, "in order"),
    "tol NaN": ({"tol": np.nan}, "tol nan"),
    "tol infinite": ({"tol": np.inf}, "tol inf"),
    "tol true": ({"tol": True}, "tol True"),
    "tol a word": ({"tol": "1"}, "tol '1'"),
    "regularisation negative": ({"regularisation": -0.1}, "regularisation -0.1"),
    "regularisation NaN": ({"regularisation": np.nan}, "regularisation nan"),
    "reg_covar infinite": ({"reg_covar": np.inf}, "reg_covar inf"),
    "no threads": ({"threads": 0}, "threads 0"),
    "threads a fraction": ({"threads": 1.5}, "threads 1.5"),
    "threads true": ({"threads": True}, "threads True"),
    "sample weights too few": ({"sample_weight": np.ones(3)}, "80 finite"),
    "sample weights NaN": ({"sample_weight": np.full(80, np.nan)}, "80 finite"),
    "sample weights negative": ({"sample_weight": -np.ones(80)}, "80 finite"),
    "sample weights zero": ({"sample_weight": np.zeros(80)}, "sum 0"),
    "sample weights overflow": ({"sample_weight": np.full(80, 1e308)}, "sum inf"),
    "sample weights complex": ({"sample_weight": np.ones(80) * 1j}, "complex128"),
    "sample weights tiny": ({"sample_weight": np.full(80, 1e-300)}, "sum > 1e-80"),
    "sample weights huge": ({"sample_weight": np.full(80, 1e200)}, "defined"),
    "one sample has all weight": ({"sample_weight": np.eye(80)[0]}, "defined: "),
    "noise 1": ({"noise": 1.0}, "noise 1.0 < 1"),
    "noise negative": ({"noise": -0.1}, "noise -0.1"),
    "frozen unknown": ({"frozen": ["mean"]}, "'mean' 'means'"),
    "all frozen": ({"frozen": ["weights", "means", "covariances"]}, "nothing is left"),
    "missing unknown": ({"missing": "ignore"}, "'ignore'"),
}

# name -> changes of a sound start (weights, means, covariances), outcome
STARTS = {
    "weights do not sum to 1": ({"weights": np.array([0.9, 0.9])}, "sum 1"),
    "a negative weight": ({"weights": np.array([-0.5, 1.5])}, "each >= 0"),
    "a weight of 0": ({"weights": np.array([0.0, 1.0])}, "defined: component index 0"),
    "a weight NaN": ({"weights": np.array([np.nan, 1.0])}, "finite"),
    "no components": (
        {"weights": np.empty(0), "means": np.empty((0, 2)), "covariances": np.empty((0, 2, 2))},
        "0 weights",
    ),
    "means of another D": ({"means": np.zeros((2, 3))}, "(2, 3)"),
    "means of another K": ({"means": np.zeros((3, 2))}, "(3, 2)"),
    "a mean NaN": ({"means": np.full((2, 2), np.nan)}, "finite"),
    "a mean infinite": ({"means": np.full((2, 2), np.inf)}, "finite"),
    "means at 1e100": ({"means": np.full((2, 2), 1e100)}, "defined"),
    "means at 1e300": ({"means": np.full((2, 2), 1e300)}, "defined"),
    "equal components": ({"means": np.zeros((2, 2))}, "defined"),
    "covariances of another shape": ({"covariances": np.ones((2, 2))}, "(2, 2)"),
    "a covariance NaN": ({"covariances": np.full((2, 2, 2), np.nan)}, "finite"),
    "covariances zero": ({"covariances": np.zeros((2, 2, 2))}, "positive definite"),
    "covariances singular": ({"covariances": np.ones((2, 2, 2))}, "positive definite"),
    "covariances negative": ({"covariances": -np.array([np.eye(2)] * 2)}, "positive definite"),
    "covariances not symmetric": (
        {"covariances": np.array([[[1, 0.5], [-0.5, 1]]] * 2)},
        "symmetric",
    ),
    "covariances of 1e-200": ({"covariances": 1e-200 * np.array([np.eye(2)] * 2)}, "defined"),
    "covariances of 1e200": ({"covariances": 1e200 * np.array([np.eye(2)] * 2)}, "defined"),
    "complex means": ({"means": np.zeros((2, 2), complex)}, "complex128"),
}

# name -> a sample to be judged by a sound mixture
FAR = {
    "1e8 deviations": [1e8, -1e8],
    "1e150": [1e150, 1e150],
    "1e155, whose square overflows": [1e155, -1e155],
    "1e300": [-1e300, 1e300],
    "the largest double": [1.7e308, -1.7e308],
    "the smallest double": [5e-324, -5e-324],
    "one feature far": [0.0, 1e200],
}
