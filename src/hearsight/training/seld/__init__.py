"""Systems that hear sound events and their directions: features, windows, scores."""
