"""Systems that label the seconds of clips, or match them: their data, examples and judges."""
