"""From a query and a consistent view of the store to ranked rows."""
