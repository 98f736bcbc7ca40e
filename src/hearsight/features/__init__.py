"""What the models look at: spectra, intensity vectors, phase correlations, onsets and motion.

Tensors are `(channels, frames, bins)`; torch begins here.
"""
