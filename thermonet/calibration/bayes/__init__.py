"""Bayesian update of a model's inputs by measurements; the model is any smooth function with derivatives."""
