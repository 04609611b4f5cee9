CREATE TABLE raw_schema_version (
    version INTEGER PRIMARY KEY
);
INSERT INTO raw_schema_version VALUES (1);
CREATE TABLE migration_meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
CREATE TABLE local_obs (
    observation_id TEXT PRIMARY KEY,
    payload_json TEXT NOT NULL,
    created_at TEXT
);
INSERT INTO local_obs VALUES ('ad0ae207063a4eddb662e771d9830d2b', '{"content": "local only note on ports", "agent_family": "claude", "client_id": "claude-code", "pc_id": "c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3", "session_id": "s-one", "project": "net", "tags": [], "observation_id": "ad0ae207063a4eddb662e771d9830d2b", "created_at": "2025-11-21T21:50:29.078802Z", "memory_type": "note", "importance": 2, "subject": "ports", "summary": "ports are 7000", "source_files": [], "references": [], "supersedes": [], "visibility": "mesh", "scope_id": "", "expires_at": ""}', '2025-11-21T21:50:29.078802Z');
INSERT INTO local_obs VALUES ('f8c53423315d418da8a6be3bb809ffc8', '{"content": "local two on ports", "agent_family": "claude", "client_id": "claude-code", "pc_id": "c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3", "session_id": "s-one", "project": "net", "tags": [], "observation_id": "f8c53423315d418da8a6be3bb809ffc8", "created_at": "2025-11-21T21:50:30.599163Z", "memory_type": "note", "importance": 2, "subject": "ports2", "summary": "ports are 7001", "source_files": [], "references": [], "supersedes": ["ad0ae207063a4eddb662e771d9830d2b"], "visibility": "mesh", "scope_id": "", "expires_at": ""}', '2025-11-21T21:50:30.599163Z');
INSERT INTO local_obs VALUES ('ce4d45f58a8f43a28e47206b08fcdb3f', '{"content": "local gone", "agent_family": "claude", "client_id": "claude-code", "pc_id": "c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3", "session_id": "s-one", "project": "", "tags": [], "observation_id": "ce4d45f58a8f43a28e47206b08fcdb3f", "created_at": "2025-11-21T21:50:32.041669Z", "memory_type": "note", "importance": 2, "subject": "gone", "summary": "gone away", "source_files": [], "references": [], "supersedes": [], "visibility": "mesh", "scope_id": "", "expires_at": ""}', '2025-11-21T21:50:32.041669Z');
INSERT INTO local_obs VALUES ('208c4832d84e4790a4c8f5c8a71dc5e7', '{"content": "local user", "agent_family": "claude", "client_id": "claude-code", "pc_id": "c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3", "session_id": "s-one", "project": "", "tags": [], "observation_id": "208c4832d84e4790a4c8f5c8a71dc5e7", "created_at": "2025-11-21T21:50:35.085360Z", "memory_type": "note", "importance": 2, "subject": "mine", "summary": "mine mine", "source_files": [], "references": [], "supersedes": [], "visibility": "user", "scope_id": "kim", "expires_at": ""}', '2025-11-21T21:50:35.085360Z');
CREATE TABLE local_tomb (
    observation_id TEXT PRIMARY KEY,
    tomb_json TEXT NOT NULL,
    deleted_at TEXT
);
INSERT INTO local_tomb VALUES ('ce4d45f58a8f43a28e47206b08fcdb3f', '{"observation_id": "ce4d45f58a8f43a28e47206b08fcdb3f", "reason": "nope", "deleted_at": "2025-11-21T21:50:33.531274Z"}', '2025-11-21T21:50:33.531274Z');
