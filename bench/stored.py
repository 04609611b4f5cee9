"""How many keys the storage of one router holds, not counting what others answer; run in an environment that has Zenoh."""

from __future__ import annotations

import json
import sys

import zenoh

SETTINGS = {"mode": "client", "connect": {"endpoints": [sys.argv[1]]}, "scouting": {"multicast": {"enabled": False}}}

with zenoh.open(zenoh.Config.from_json5(json.dumps(SETTINGS))) as session:
    router = {str(each) for each in session.info.routers_zid()}
    found = set()
    replies = session.get(
        sys.argv[2], target=zenoh.QueryTarget.ALL, consolidation=zenoh.ConsolidationMode.NONE, timeout=10.0
    )
    for reply in replies:
        if reply.ok is not None and reply.replier_id is not None and str(reply.replier_id.zid) in router:
            found.add(str(reply.ok.key_expr))
    print(len(found))
