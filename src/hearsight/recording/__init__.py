"""What we hear and see: sound with its channel layout, pictures, their clocks, and media files.

Audio is `(channels, samples)` float32 in [-1, 1]; video is `(frames, 3, height, width)` uint8 RGB.
"""
