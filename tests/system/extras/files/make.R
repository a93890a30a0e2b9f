# The files of R beside this script: Rscript make.R
frame <- data.frame(
  u = c(1L, NA, 3L, 4L), v = c(0.5, 1.5, NA, 3.5), ok = c(TRUE, NA, FALSE, TRUE),
  kind = factor(c("b", "a", "b", NA)), day = as.Date("2020-01-31") + 0:3,
  time = as.POSIXct("2020-01-31 12:30:00", tz = "UTC") + 0:3, text = c("x", "\u00e4", NA, "x"),
  row.names = paste0("r", 1:4)
)
saveRDS(frame, "frame.rds")
saveRDS(matrix(c(1, 2, 3, 4, 5, 7), 3, dimnames = list(NULL, c("a", "b"))), "matrix.rds")
saveRDS(data.frame(a = 1:5, b = 5:1 / 2), "sequence.rds", compress = "bzip2")
bits <- data.frame(id = c(5e-324, 1e-323), v = 1:2) # as package bit64 keeps 1 and 2
class(bits$id) <- "integer64"
saveRDS(bits, "integer64.rds")
saveRDS(data.frame(a = 1:2000000000), "compact.rds")
saveRDS(list(a = 1, b = "x"), "list.rds")
first <- data.frame(a = c(1.5, 2, 4))
second <- data.frame(b = c(3, 4, 6.5))
fit <- list(coefficients = 1:3)
save(first, fit, second, file = "several.RData", compress = "xz")
save(first, fit, file = "one.RData", compress = FALSE)
