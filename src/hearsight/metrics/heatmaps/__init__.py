"""Heat maps judged by boxes: NumPy only, so that anyone's maps can be judged without a network."""
