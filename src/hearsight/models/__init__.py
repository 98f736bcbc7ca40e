"""What turns features into maps and directions: plain functions and modules on tensors.

A model knows neither files nor settings; it returns the same type whatever the mode.
"""
