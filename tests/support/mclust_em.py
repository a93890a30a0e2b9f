"""EM by R's mclust from a given mixture, to compare with."""

import numpy as np
from mclust_case import in_r

from gmmpipe.mixture.mixture import Mixture

# mclust's own names for what its M steps want of a covariance
SCRIPT = """
n <- value[1]; d <- value[2]; k <- value[3]; steps <- value[4]; used <- 4
take <- function(size) { out <- value[used + seq_len(size)]; used <<- used + size; out }
x <- matrix(take(n * d), n, d, byrow = TRUE)
z <- matrix(take(n * (length(value) - 4 - n * d) / n), n, byrow = TRUE)
for (model in MODELS) {
  options <- list(data = x, modelName = model, z = z, prior = PRIOR,
    control = emControl(tol = c(0, 0), itmax = c(steps, steps)), warn = FALSE)
  if (VOLUME > 0) options$Vinv <- 1 / VOLUME
  fit <- do.call(me, options)
  sigma <- fit$parameters$variance$sigma
  if (d == 1) sigma <- rep_len(fit$parameters$variance$sigmasq, k)
  cat(format(c(fit$loglik, fit$parameters$pro[1:k], fit$parameters$mean, sigma), digits = 17), "\n")
}
"""


def mclust(x, z, models, steps, *, prior="NULL", volume=0.0):
    """Return (log-likelihood, mixture) of each model after M step, E step, ..., from z (N, K).

    With a volume the last column of z is that of the noise. Skips where mclust is not there.
    """
    (n, d), k = x.shape, z.shape[1] - (volume > 0)
    numbers = np.concatenate([[n, d, k, steps], x.ravel(), z.ravel()])
    names = "c(" + ", ".join(f'"{model}"' for model in models) + ")"
    script = (
        SCRIPT.replace("MODELS", names).replace("PRIOR", prior).replace("VOLUME", f"{volume!r}")
    )
    found = []
    for line in in_r(script, numbers):
        value = np.array(line.split(), np.float64)
        means, sigmas = value[1 + k : 1 + k + k * d], value[1 + k + k * d :]
        mixture = Mixture(value[1 : 1 + k], means.reshape(k, d), sigmas.reshape(k, d, d))
        found.append((value[0], mixture))
    return found
