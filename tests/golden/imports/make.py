"""Makes the samples in this folder with the products themselves: `python tests/golden/imports/make.py mesh …`.

It installs each into a throw-away folder and speaks to it as a person or a client would. Nothing runs it in the tests: a
sample is made once for a version of a product, and kept. engram is on no registry that can be reached, and Claude Code
writes what a model tells it to: their samples are written by hand, after what is documented.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
MESH = "mesh-context-layer==0.8.3"
SERVER_MEMORY = "@modelcontextprotocol/server-memory@2026.8.31"
CLAUDE_MEM, BUN = "claude-mem@13.25.3", "@oven/bun-linux-x64@1.4.5"
BASIC_MEMORY, PYTHON = "basic-memory==0.24.1", "python3.13"  # it wants a Python of its own


def run(*command: str | Path, folder: Path, told: str = "", **env: str) -> str:
    """Run a command in a home of its own; what it prints."""
    env = {**os.environ, "HOME": str(folder), **env}
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=env, input=told, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stdout}{done.stderr}")
    return done.stdout


def keep(path: Path, name: str) -> None:
    """A database, small."""
    (HERE / name).write_bytes(gzip.compress(path.read_bytes(), mtime=0))


def python(folder: Path, package: str, interpreter: str = sys.executable) -> Path:
    """The folder of commands of a fresh environment with a package in it."""
    run(interpreter, "-m", "venv", folder / "venv", folder=folder)
    run(folder / "venv/bin/pip", "-q", "install", package, folder=folder)
    return folder / "venv/bin"


def mesh(folder: Path) -> None:
    """Two namespaces and one that is encrypted; the export of one of them."""
    commands = python(folder, MESH)
    script = """
import os
from mesh import Mesh
from mesh.io import export_namespace
shop = Mesh(namespace="shop", agent_id="codex", trusted_local=True)
learn = lambda *given, **more: shop.learn(*given, deduplicate=False, **more)
learn("Uploads are retried 3 times, then the lease is given back", memory_type="decision", tags=["uploads", "lease"])
learn("The gateway answers 502 while a deployment is under way", memory_type="error", tags=["gateway"])
learn("アップロードは三回まで再試行する", memory_type="fact")
learn("Only on this machine: staging listens on port 5433", local_only=True)
learn("Freeze of the branch until the release is out", memory_type="context", ttl_days=36500)
learn("This was true for a moment", ttl_days=1e-9)
learn("Somebody should look at this first", quarantined=True)
learn("Where the deploy key is", memory_type="secret_ref", secret_ref={"uri": "env://DEPLOY_KEY", "key_name": "DEPLOY_KEY"})
shop.create_work_item("Write the runbook")
changed = learn("Tests run with two workers", memory_type="process")["memory_id"]
shop.update(changed, content="Tests run with four workers")
gone = learn("Forget this")["memory_id"]
shop.forget(gone)
export_namespace("shop", "shop.json", include_embeddings=False)
Mesh(namespace="shared", agent_id="cursor").learn("Answers are in British English", memory_type="preference")
os.environ["MESH_PASSPHRASE"] = "correct horse battery staple"
Mesh(namespace="sealed", agent_id="codex", trusted_local=True).learn("Nobody reads this without the passphrase")
export_namespace("shop", "sealed.json", include_embeddings=False, encrypt=True, passphrase="correct horse battery staple")
"""
    run(commands / "python", "-c", script, folder=folder)
    for name in ("shop", "shared", "sealed"):
        keep(folder / f".mesh/mesh_{name}.db", f"mesh_{name}.db.gz")
    shutil.copyfile(folder / "shop.json", HERE / "mesh_export.json")
    shutil.copyfile(folder / "sealed.json", HERE / "mesh_export_sealed.json")


def server_memory(folder: Path) -> None:
    """A graph made by calls of its tools."""
    run("npm", "install", "--no-save", SERVER_MEMORY, folder=folder)
    server = "node_modules/@modelcontextprotocol/server-memory/dist/index.js"
    entities = [
        {
            "name": "Upload gateway", "entityType": "service",
            "observations": ["Upload gateway retries 3 times", "listens on port 5433", "担当は Kim"],
        },
        {"name": "Kim", "entityType": "person", "observations": ["prefers tabs"]},
        {"name": "Storage lease", "entityType": "concept", "observations": []},
    ]  # fmt: skip
    relations = [{"from": "Upload gateway", "to": "Storage lease", "relationType": "depends_on"}]
    gone = [{"entityName": "Kim", "contents": ["was said by mistake"]}]
    calls = [
        ("create_entities", {"entities": entities}),
        ("create_relations", {"relations": relations}),
        ("add_observations", {"observations": gone}),
        ("delete_observations", {"deletions": [{"entityName": "Kim", "observations": gone[0]["contents"]}]}),
    ]
    told = [
        {"method": "initialize", "id": 0, "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "make", "version": "1"}}},
        {"method": "notifications/initialized"},
    ]  # fmt: skip
    told += [{"method": "tools/call", "id": n, "params": {"name": name, "arguments": given}} for n, (name, given) in enumerate(calls, 1)]  # fmt: skip
    with subprocess.Popen(
        ["node", server], cwd=folder, env={**os.environ, "MEMORY_FILE_PATH": str(folder / "memory.jsonl")},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as started:  # fmt: skip
        assert started.stdin
        assert started.stdout
        for message in told:
            started.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
            started.stdin.flush()
            if "id" in message:
                answer = json.loads(started.stdout.readline())
                assert "error" not in answer, answer
        started.stdin.close()
        started.kill()
    shutil.copyfile(folder / "memory.jsonl", HERE / "server_memory.jsonl")


def claude_mem(folder: Path) -> None:
    """What its own store writes for two sessions."""
    run("npm", "install", "--no-save", BUN, folder=folder)
    run("npm", "pack", CLAUDE_MEM, folder=folder)
    run("tar", "xzf", next(folder.glob("*.tgz")), folder=folder)
    (folder / "fill.mjs").write_text("""
import { SessionStore } from './package/plugin/sqlite/SessionStore.js';
const store = new SessionStore(process.argv[2]);
const session = (client, own, project, prompt) => {
  store.ensureMemorySessionIdRegistered(store.createSDKSession(client, project, prompt), own);
  store.saveUserPrompt(client, 1, prompt);
};
const none = { subtitle: null, facts: [], narrative: null, concepts: [], files_read: [], files_modified: [] };
session('8d3f0000-0000-4000-8000-000000000001', 'own-1', 'shop', 'why do uploads fail?');
store.storeObservation('own-1', 'shop', { ...none, type: 'bugfix', title: 'Uploads failed behind the proxy',
  subtitle: 'The proxy cut bodies above 1 MB', narrative: 'client_max_body_size was missing.\\n\\nIt is set to 50m now.',
  facts: ['nginx 1.27 is in front', 'the limit was 1 MB'], concepts: ['problem-solution', 'gotcha'],
  files_read: ['deploy/README.md'], files_modified: ['deploy/nginx.conf'] }, 1, 0, 1760000000000);
store.storeObservation('own-1', 'shop', { ...none, type: 'decision', title: 'リトライは三回', narrative: '三回で十分。' }, 1, 0, 1760000001000);
store.storeObservation('own-1', 'shop', { ...none, type: 'discovery', title: 'Only a title' }, 1, 0, 1760000002000);
store.storeSummary('own-1', 'shop', { request: 'why do uploads fail?', investigated: 'nginx', learned: 'bodies are cut',
  completed: 'the limit is raised', next_steps: null, notes: null }, 1, 0, 1760000003000);
session('8d3f0000-0000-4000-8000-000000000002', 'own-2', 'blog', 'new theme');
store.storeObservation('own-2', 'blog', { ...none, type: 'feature', title: 'Dark theme', narrative: 'Follows the system.' }, 1, 0, 1760000004000);
store.close();
""")
    database = folder / "claude-mem.db"
    run(folder / "node_modules/@oven/bun-linux-x64/bin/bun", "fill.mjs", database, folder=folder)
    keep(database, "claude_mem.db.gz")


def basic_memory(folder: Path) -> None:
    """Three notes in its own project, written by its own command; one note with nothing but prose."""
    commands = python(folder, BASIC_MEMORY, PYTHON)
    written = {
        "Upload retries": (
            "net", "uploads",
            "# Upload retries\n\nWhy we retry.\n\n## Observations\n- [decision] Uploads are retried 3 times #uploads #net"
            " (measured in May)\n- [preference] Backoff is exponential\n- a plain line with #tag\n- [ ] a task\n\n"
            "## Relations\n- relates_to [[Storage lease]]\n- part_of [[Upload gateway]] (old name)\n",
        ),
        "Storage lease": ("net", "lease", "- [fact] A lease lasts 30 s\n- [rule] Give it back after the last retry\n"),
        "覚え書き": ("", "", "見出しのない文章。\n\n```sh\n# no heading\n- [x] no observation\n```\n"),
    }  # fmt: skip
    for title, (where, tags, text) in written.items():
        more = ("--tags", tags) if tags else ()
        run(commands / "basic-memory", "tool", "write-note", "--title", title, "--folder", where, *more, folder=folder, told=text)  # fmt: skip
    shutil.rmtree(HERE / "basic-memory", ignore_errors=True)
    shutil.copytree(folder / "basic-memory", HERE / "basic-memory")


MADE = {"mesh": mesh, "server-memory": server_memory, "claude-mem": claude_mem, "basic-memory": basic_memory}

if __name__ == "__main__":
    for name in sys.argv[1:] or MADE:
        with tempfile.TemporaryDirectory() as folder:
            MADE[name](Path(folder))
