"""Checks of what users hand over: arrays, hyperparameters, and the limits of floats."""
