"""What tests of several folders share: a throw-away home with the installed commands, and what a machine must have."""

from mcp_client import Agent, RpcError, ServerGone, ToolError, text_of

from .home import Home, Result, command
from .needs import NEEDS, needs

__all__ = ["NEEDS", "Agent", "Home", "Result", "RpcError", "ServerGone", "ToolError", "command", "needs", "text_of"]
