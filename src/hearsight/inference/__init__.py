"""A file in, a scene out: windows, the run over many files, and the result folder."""
