"""The MCP server: what coding agents call, over stdin and stdout."""
