"""Measuring hearsight: speed (`python -m benchmarks`) and accuracy (`benchmarks.accuracy`)."""
