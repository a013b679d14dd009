"""The estimators: the side of the package that scikit-learn and its users see."""
