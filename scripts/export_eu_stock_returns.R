#!/usr/bin/env Rscript
# Writes data/eu_stock_returns.csv: daily log returns, in percent, of four stock indices on the business days of
# 1991-1998, from the data set EuStockMarkets that comes with R itself (Debian package r-base-core).
#
#   Rscript scripts/export_eu_stock_returns.R data/eu_stock_returns.csv

arguments <- commandArgs(trailingOnly = TRUE)
file <- if (length(arguments) > 0) arguments[1] else "data/eu_stock_returns.csv"

returns <- 100 * diff(log(as.matrix(datasets::EuStockMarkets)))
cells <- apply(returns, 2, function(column) sprintf("%.6f", column))
write.csv(data.frame(t = seq_len(nrow(cells)), cells), file, row.names = FALSE, quote = FALSE)
