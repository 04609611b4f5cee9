"""A real `zenohd` with RocksDB: fetching it, configuring it, looking at it. A router and a durable cache of records.

Nothing here runs it for good: systemd, Docker or a person does. The resident process uses one and never owns it.
"""
