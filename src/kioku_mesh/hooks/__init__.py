"""What clients call at events of a session: telling the agent what it should know, and keeping what it would lose."""
