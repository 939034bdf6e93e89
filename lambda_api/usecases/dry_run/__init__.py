"""Dry runs of a submit: its validation, a look at its inputs, an estimate of time and cost."""
