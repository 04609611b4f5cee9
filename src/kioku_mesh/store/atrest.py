"""Headers and bodies at rest: deflate with a preset dictionary, halving the file for one small function.

The first byte names the packing, so older rows stay readable for ever; a dictionary is never changed, only followed
by a new one under a new byte.
"""

from __future__ import annotations

import zlib

from ..wire import Malformed

_RAW, _DEFLATE_1 = b"\x00", b"\x01"

# What every record contains, most frequent last (deflate reaches the end of the dictionary with the shortest distances).
_DICTIONARY_1 = (
    b'"agent_family":"claude","client_id":"claude-code","agent_family":"codex","client_id":"codex-cli",'
    b'"agent_family":"gemini","client_id":"gemini-cli","agent_family":"human","client_id":"cli",'
    b'"memory_type":"note","memory_type":"bug","memory_type":"pattern","memory_type":"config","memory_type":"summary",'
    b'"memory_type":"preference","memory_type":"instruction","memory_type":"fact","memory_type":"decision",'
    b'"references":["https://github.com/","session_id":"","source_files":["src/"],"tags":[".py",".ts",".md",".rs",".go"'
    b" because  instead of  must  should  the  and  with  that  when  from  is  in  to  of  for  not  error  test  file "
    b'"summary":"","host":"localhost","project":"","subject":"","importance":3,"importance":2,"created_at":17,"pc_id":"'
    b'{"salt":"","content":"'
    b'"kind":"tombstone","kind":"purge","kind":"undo","kind":"alias","lane":"msg","scope":"local","scope":"user/'
    b'"scope":"team/","prev":"","names":["","until":17'
    b'{"v":1,"lane":"mem","scope":"mesh","origin":"","seq":1,"prev":"","floor":1,"hlc":17,"kind":"observation","id":"'
    b'","names":[],"until":null,"body":"","size":'
)


def pack(data: bytes) -> bytes:
    squeeze = zlib.compressobj(6, zlib.DEFLATED, -12, 5, zlib.Z_DEFAULT_STRATEGY, _DICTIONARY_1)
    small = squeeze.compress(data) + squeeze.flush()
    return _DEFLATE_1 + small if len(small) < len(data) else _RAW + data


def unpack(stored: bytes) -> bytes:
    """Raises Malformed for damaged bytes."""
    form, data = stored[:1], stored[1:]
    if form == _RAW:
        return data
    if form != _DEFLATE_1:
        raise Malformed("unknown packing")
    try:
        stretch = zlib.decompressobj(-12, _DICTIONARY_1)
        return stretch.decompress(data) + stretch.flush()
    except zlib.error as damaged:
        raise Malformed(str(damaged)) from None
