"""The resident process of a machine: background work, and whatever is shared with other machines."""
