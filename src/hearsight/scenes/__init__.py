"""Synthetic recordings with exact labels: sounds, paths, rooms, microphones and cameras.

Every test recording and the demonstration come from here.
"""
