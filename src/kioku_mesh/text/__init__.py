"""What can be told from text alone: tokens, identifiers, scripts, sizes."""
