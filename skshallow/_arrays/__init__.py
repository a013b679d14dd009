"""Arrays: which library they are of, products, special functions, BLAS threads."""
