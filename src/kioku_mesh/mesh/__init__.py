"""One memory on several machines: what nodes say to each other, and how each becomes equal to the others."""
