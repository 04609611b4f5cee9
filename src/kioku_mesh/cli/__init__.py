"""The command line `kioku-mesh`: options, one call on the service, one rendering."""
