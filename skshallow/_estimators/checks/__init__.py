"""Validation of user input: arrays, hyperparameters, and floating-point overflow."""
