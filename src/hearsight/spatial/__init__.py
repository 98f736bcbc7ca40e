"""Directions, channel orders, microphones and cameras: geometry without sound.

Conventions everywhere: x points to the front, y to the left, z up. Azimuth is counter-clockwise
from the front, +90 degrees is left; elevation is positive upwards. Public angles are in degrees;
inside, directions are unit vectors of shape `(..., 3)`.
"""
