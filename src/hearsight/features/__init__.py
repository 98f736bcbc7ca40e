"""What the models look at: spectra, intensity vectors, phase correlations, onsets and motion.

Tensors are `(..., channels, frames, bins)`; torch begins here. The features of the
SELD systems are frozen dataclasses of settings, called with waveforms `(..., channels, samples)`;
their class methods are the published settings.
"""
