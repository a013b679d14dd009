"""One call of `fit`: settings, data, training, and what it leaves on the estimator."""
