"""Teaching systems and judging them: settings, features computed before, windows, runs, scores."""
