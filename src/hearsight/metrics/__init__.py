"""How right a prediction is: scores with their floors, ceilings and confidence intervals.

Truth and prediction are both `Events`. NumPy only, so that anyone can score a file without torch.
"""
