"""The page on which a person looks at a result; it opens from disk without a network."""
