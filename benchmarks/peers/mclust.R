# Answers mclust.py: "read FILE" (doubles: n, d, number of starts, x, then k and parameters of
# each) with "ready", "fit ITERATIONS" with log-likelihood and iterations of each start.
suppressPackageStartupMessages(library(mclust))

read <- function(path) {
  numbers <- readBin(path, "double", file.size(path) / 8)
  at <- 0
  take <- function(count) {
    at <<- at + count
    numbers[seq.int(at - count + 1, length.out = count)]
  }
  n <- take(1)
  d <- take(1)
  n_starts <- take(1)
  x <<- matrix(take(n * d), n, d)
  starts <<- lapply(seq_len(n_starts), function(i) {
    k <- take(1)
    pro <- take(k)
    mean <- matrix(take(d * k), d, k)
    sigma <- array(take(d * d * k), c(d, d, k))
    variance <- list(
      modelName = "VVV", d = d, G = k, sigma = sigma,
      cholsigma = array(apply(sigma, 3, chol), c(d, d, k))
    )
    list(pro = pro, mean = mean, variance = variance)
  })
  "ready"
}

fit <- function(iterations) {
  control <- emControl(tol = c(0, 0), itmax = rep(as.integer(iterations), 2))
  unlist(lapply(starts, function(start) {
    result <- emVVV(x, start, control = control, warn = FALSE)
    done <- abs(attr(result, "info")[["iterations"]])
    c(if (is.na(result$loglik)) "nan" else sprintf("%.17g", result$loglik), done)
  }))
}

cat(format(packageVersion("mclust")), "\n", sep = "")
input <- file("stdin", "r")
while (length(line <- readLines(input, 1))) {
  words <- strsplit(line, " ", fixed = TRUE)[[1]]
  cat(switch(words[1], read = read(words[2]), fit = fit(words[2])), "\n")
}
