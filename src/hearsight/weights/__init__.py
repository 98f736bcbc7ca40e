"""Trained weights: kept as safetensors and JSON, and taken over from the originals.

One file for each origin turns published names of parameters into ours; nothing is unpickled.
"""
