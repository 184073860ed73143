"""The quality gate: what must hold in a data set, measured on every row and judged with the sample size in mind."""
