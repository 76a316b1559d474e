# SPDX-License-Identifier: GPL-2.0-only
"""Reads a flattened device tree, with the place of each property in it."""
import collections
import struct

MAGIC = 0xd00dfeed
BEGIN_NODE, END_NODE, PROP, NOP, END = 1, 2, 3, 4, 9

# The offset is that of the value in the blob.
Property = collections.namedtuple("Property", "value offset")


class FdtError(Exception):
    """Why a blob is no device tree."""


def string(blob, offset):
    return blob[offset:blob.index(b"\0", offset)].decode()


def parse(blob):
    """{path of a node: {name: Property}}; the root's path is "/"."""
    magic, _, structure, strings = struct.unpack_from(">4I", blob)
    if magic != MAGIC:
        raise FdtError(f"no device tree: it starts with {magic:#x}")
    nodes, path, offset = {}, [], structure
    while True:
        token, = struct.unpack_from(">I", blob, offset)
        offset += 4
        if token == BEGIN_NODE:
            path.append(string(blob, offset))
            offset += (len(path[-1]) + 1 + 3) & ~3
            nodes["/".join(path) or "/"] = {}
        elif token == END_NODE:
            path.pop()
        elif token == PROP:
            length, name = struct.unpack_from(">2I", blob, offset)
            offset += 8
            nodes["/".join(path) or "/"][string(blob, strings + name)] = \
                Property(bytes(blob[offset:offset + length]), offset)
            offset += (length + 3) & ~3
        elif token == END:
            return nodes
        elif token != NOP:
            raise FdtError(f"token {token} at {offset - 4:#x}")


def native_u64(prop):
    """A number as the handover's root and its neighbours have it."""
    return struct.unpack("=Q", prop.value)[0]


def cells(prop, index):
    """One of the big-endian u64 that an image has in a property."""
    return struct.unpack_from(">Q", prop.value, 8 * index)[0]
