# EM by mclust's estep and mstep from a given start.
# Arguments: folder, model, n, d, k, iterations. Reads folder/case.bin: x (n, d), weights (k),
# means (d, k), covariances (d, d, k). Writes folder/steps.bin, for each iteration from 0 on:
# log-likelihood, weights, means, covariances. All little-endian doubles, columns first. Prints
# why it stopped early, if it did.
suppressPackageStartupMessages(library(mclust))
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
model <- arguments[2]
sizes <- as.integer(arguments[3:6])
n <- sizes[1]
d <- sizes[2]
k <- sizes[3]

input <- file(file.path(folder, "case.bin"), "rb")
take <- function(count) readBin(input, "double", count, endian = "little")
x <- if (d == 1) take(n) else matrix(take(n * d), n, d)
weights <- take(k)
means <- if (d == 1) take(k) else matrix(take(d * k), d, k)
covariances <- array(take(d * d * k), c(d, d, k))
close(input)

# A density has no family: the start is given as VVV (or V), whatever the model.
if (d == 1) {
  dense <- "V"
  variance <- list(modelName = dense, d = 1, G = k, sigmasq = as.vector(covariances))
} else {
  dense <- "VVV"
  factors <- array(apply(covariances, 3, chol), c(d, d, k))
  variance <- list(modelName = dense, d = d, G = k, sigma = covariances, cholsigma = factors)
}
parameters <- list(pro = weights, mean = means, variance = variance)
control <- emControl(tol = c(0, 1e-14), itmax = c(1, 10000)) # the second of each: inside an mstep

output <- file(file.path(folder, "steps.bin"), "wb")
for (iteration in 0:sizes[4]) {
  if (iteration > 0) {
    step <- mstep(data = x, modelName = model, z = pmin(z, 1), warn = FALSE, control = control)
    parameters <- step$parameters
    variance <- parameters$variance
    covariances <- if (d == 1) rep_len(variance$sigmasq, k) else variance$sigma
  }
  current <- if (iteration == 0) dense else model
  step <- estep(data = x, modelName = current, parameters = parameters, warn = FALSE)
  z <- step$z
  if (!is.finite(step$loglik) || anyNA(z)) {
    cat("its estep has no finite log-likelihood: a covariance is singular or a component empty")
    break
  }
  row <- c(step$loglik, parameters$pro, parameters$mean, covariances)
  writeBin(as.double(row), output, endian = "little")
}
close(output)
