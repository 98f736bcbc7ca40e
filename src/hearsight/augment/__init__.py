"""Training examples changed so that their labels stay true.

Augmentations take batches of features before normalization: signs of intensities, for one, cannot
be turned once their mean is shifted. All randomness is drawn from a generator passed in.
"""
