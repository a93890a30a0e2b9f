# Data sets of R and its packages, and mclust's best models of each: Rscript selection.R FOLDER
# Writes NAME.csv, NAME.bic.csv (all families and K) and NAME.models.csv (the best by BIC).
suppressMessages({library(mclust); library(MASS)})
folder <- commandArgs(TRUE)[1]
MOST <- 12 # models of which parameters are written

from <- function(name, package = "mclust") {
  here <- new.env()
  data(list = name, package = package, envir = here)
  as.list(here, sorted = TRUE)
}
sets <- list(
  acidity = from("acidity")[[1]], airquality = na.omit(airquality[, 1:4]),
  banknote = from("banknote")[[1]][, -1], cats = MASS::cats[, 2:3],
  chevron = from("chevron")[[1]][, -1], crabs = MASS::crabs[, 4:8],
  cross = from("cross")[[1]][, -1], diabetes = from("diabetes")[[1]][, -1], faithful = faithful,
  fgl = MASS::fgl[, 1:9], galaxies = MASS::galaxies, geyser = MASS::geyser, iris = iris[, 1:4],
  mtcars = mtcars[, c("mpg", "disp", "hp", "wt")], quakes = quakes[, 1:4], rock = rock,
  stackloss = stackloss, swiss = swiss, synth = MASS::synth.tr[, 1:2],
  thyroid = from("thyroid")[[1]][, -1], trees = trees,
  unemployment = from("EuroUnemployment")[[1]],
  wdbc = from("wdbc")[[1]][, c("Perimeter_mean", "Area_mean", "Smoothness_mean", "Concavity_mean")],
  wreath = from("wreath")[[1]]
)
baudry <- from("Baudry_etal_2010_JCGS_examples")
names(baudry) <- paste0("baudry_", names(baudry))
sets <- c(sets, baudry)

words <- function(numbers) paste(sprintf("%.17g", numbers), collapse = " ")
for (name in names(sets)) {
  x <- as.matrix(sets[[name]])
  write.csv(x, file.path(folder, paste0(name, ".csv")), row.names = FALSE)
  bic <- suppressWarnings(mclustBIC(x, G = 1:9, verbose = FALSE))
  table <- data.frame(k = rep(1:9, ncol(bic)), family = rep(colnames(bic), each = 9),
                      bic = -as.vector(bic))
  write.csv(table, file.path(folder, paste0(name, ".bic.csv")), row.names = FALSE)
  table <- na.omit(table)
  best <- head(table[order(table$bic), ], MOST)
  models <- lapply(seq_len(nrow(best)), function(i) {
    found <- summary(bic, x, G = best$k[i], modelNames = best$family[i])
    variance <- found$parameters$variance
    sigma <- if (is.null(variance[["sigma"]])) rep(variance$sigmasq, length.out = best$k[i]) else variance[["sigma"]]
    data.frame(best[i, ], weights = words(if (best$k[i] == 1) 1 else found$parameters$pro),
               means = words(found$parameters$mean), covariances = words(sigma))
  })
  write.csv(do.call(rbind, models), file.path(folder, paste0(name, ".models.csv")), row.names = FALSE)
  cat(name, best$family[1], best$k[1], best$bic[1], "\n")
}
