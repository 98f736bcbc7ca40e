"""Settings for all tests."""

from hypothesis import settings

# No deadline: the machine may be busy, and the first example pays for lazy imports.
settings.register_profile("hearsight", deadline=None)
settings.load_profile("hearsight")
