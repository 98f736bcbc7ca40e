"""One file per system: its features, model and settings tied together, with the paper."""
