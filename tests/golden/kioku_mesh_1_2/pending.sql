CREATE TABLE pending_puts (
          key_expr TEXT PRIMARY KEY,
          kind TEXT NOT NULL,
          observation_id TEXT NOT NULL,
          payload_json TEXT NOT NULL,
          queued_at TEXT NOT NULL
        );
INSERT INTO pending_puts VALUES ('mem/mesh/obs/claude/claude-code/d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4/s-one/da0e7ed23f1249fe8be7a41837cd373a', 'observation', 'da0e7ed23f1249fe8be7a41837cd373a', '{"content": "saved while the hub was away", "agent_family": "claude", "client_id": "claude-code", "pc_id": "d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4", "session_id": "s-one", "project": "", "tags": [], "observation_id": "da0e7ed23f1249fe8be7a41837cd373a", "created_at": "2025-11-21T22:11:14.069853Z", "memory_type": "note", "importance": 2, "subject": "pending", "summary": "waiting", "source_files": [], "references": [], "supersedes": [], "visibility": "mesh", "scope_id": "", "expires_at": ""}', '2025-11-21T22:11:14.364012Z');
