"""The implementations that ``engine.py`` compares, a module each.

A module needs numpy and its library, nothing else, and gives

``version()``: what is measured;
``prepare(x, starts, iterations, threads)``: a function that does the fits, called once and timed;
all that is no fit (conversion, compilation) is done before. x (N, D); a start is weights (K,),
means (K, D), covariances (K, D, D). The function returns for each start the log-likelihood (None:
not from this start) and the iterations done. ESTIMATOR, if there is one, is a class with
scikit-learn's parameters.
"""

PEERS = {
    "gmmpipe": "ours",
    "scikit-learn": "scikit_learn",
    "oneDAL": "onedal",
    "mclust": "mclust",
    "mlpack": "mlpack",
    "pomegranate": "pomegranate",
    "gmmx": "gmmx",
}
