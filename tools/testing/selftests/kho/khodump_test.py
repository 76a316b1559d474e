#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""khodump on handovers that are made here, as KTAP.

They are written from the description of mainline's format alone, with what
no guest of the other tests has: mainline's own subtrees.
"""
import os
import struct
import subprocess
import sys
import tempfile

KHODUMP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                       "..", "..", "build", "tools", "khodump")
PAGE = 4096
SIZE = 16 << 20
SCRATCH = (8 << 20, 4 << 20)
RELEASE = "7.2.0-test"


def fdt_blob(node, total=None):
    """A node is (name, {property: bytes}, [children]); returns an FDT."""
    strings, structure = bytearray(), bytearray()

    def aligned(data):
        return data + bytes(-len(data) % 4)

    def add(name, properties, children):
        structure.extend(struct.pack(">I", 1) + aligned(name.encode() + b"\0"))
        for prop, value in properties.items():
            place = len(strings)
            strings.extend(prop.encode() + b"\0")
            structure.extend(struct.pack(">3I", 3, len(value), place) +
                             aligned(value))
        for child in children:
            add(*child)
        structure.extend(struct.pack(">I", 2))

    add(*node)
    structure.extend(struct.pack(">I", 9))
    begin = 40 + 16
    end = begin + len(structure) + len(strings)
    header = struct.pack(">10I", 0xd00dfeed, total or end, begin,
                         begin + len(structure), 40, 17, 16, 0, len(strings),
                         len(structure))
    return header + bytes(16) + structure + strings


class Handover:
    """Memory of a kernel that hands something over."""

    def __init__(self):
        self.memory = bytearray(SIZE)
        self.next = 1 << 20
        self.blocks = []
        self.subtrees = {}
        self.root = self.pages(1)

    def pages(self, count, order=0, preserve=True):
        """Takes blocks of 2^order pages; returns the address."""
        size = PAGE << order
        self.next = (self.next + size - 1) // size * size
        place = self.next
        self.next += count * size
        if preserve:
            self.blocks += [(place + i * size, order) for i in range(count)]
        return place

    def write(self, place, data):
        self.memory[place:place + len(data)] = data

    def put(self, data):
        place = self.pages((len(data) + PAGE - 1) // PAGE)
        self.write(place, data)
        return place

    def add(self, name, data):
        self.subtrees[name] = (self.put(data), len(data))

    def u64(self, place):
        return struct.unpack_from("<Q", self.memory, place)[0]

    def map(self):
        """Six levels of tables, the last one bits."""
        root = self.pages(1, preserve=False)
        for place, order in self.blocks:
            key, node = 1 << (52 - order) | place >> (12 + order), root
            for shift in (51, 42, 33, 24, 15):
                entry = node + 8 * (key >> shift & 511)
                if not self.u64(entry):
                    self.write(entry, struct.pack(
                        "<Q", self.pages(1, preserve=False)))
                node = self.u64(entry)
            self.memory[node + (key & 0x7fff) // 8] |= 1 << key % 8
        return root

    def finish(self):
        """Writes map and root FDT."""
        self.map_root = self.map()
        children = [(name, {"preserved-data": struct.pack("<Q", place),
                            "blob-size": struct.pack("<Q", size)}, [])
                    for name, (place, size) in self.subtrees.items()]
        self.write(self.root, fdt_blob(
            ("", {"compatible": b"kho-v4\0", "preserved-memory-map":
                  struct.pack("<Q", self.map_root)}, children), PAGE))
        return self


def metadata(version=1):
    return struct.pack("<I65sI", version, RELEASE.encode(), 3)


def reserve_mem(handover):
    place = handover.pages(1, order=2)
    return fdt_blob(("", {"compatible": b"memblock-v1\0"}, [
        ("ramoops", {"compatible": b"reserve-mem-v1\0",
                     "start": struct.pack("<Q", place),
                     "size": struct.pack("<Q", 4 * PAGE)}, [])]))


def memfd(handover, nr_folios=3):
    """A memfd of single pages; their list is a vmalloc area of two pages."""
    folios = b"".join(struct.pack("<QQ", handover.pages(1) >> 12 | 3 << 52, i)
                      for i in range(nr_folios))
    area = [handover.put(folios), handover.pages(1)]
    chunk = handover.put(struct.pack("<3Q", 0, *area))
    return handover.put(struct.pack("<QQIIQQIHH", 0, nr_folios * PAGE, 0, 0,
                                    nr_folios, chunk, len(area), 1, 0))


def luo(handover):
    file = struct.pack("<48sQQ", b"memfd-v2", memfd(handover), 7)
    files = handover.put(struct.pack("<QQ", 0, 1) + file)
    session = struct.pack("<64sQQ", b"vm-1", files, 1)
    sessions = handover.put(struct.pack("<QQ", 0, 1) + session)
    shared = struct.pack("<QQ48sQQ", 1, 1, b"iommu", 0x1234, 2)
    return struct.pack("<8sQQQ", b"luo-v5", 4, sessions,
                       handover.put(shared))


def make():
    handover = Handover()
    handover.add("kexec-metadata", metadata())
    handover.add("memblock", reserve_mem(handover))
    handover.add("LUO", luo(handover))
    handover.add("other", b"whatever it is")
    return handover


def khodump(handover):
    with tempfile.NamedTemporaryFile() as file:
        file.write(handover.memory)
        file.flush()
        run = subprocess.run(
            [KHODUMP, f"--area={SCRATCH[0]},{SCRATCH[1]}", file.name],
            text=True, errors="replace", stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False)
    return run.returncode, run.stdout


EXPECTED = (
    f"written by {RELEASE} after 3 kexecs", "reserve_mem ramoops",
    f"{4 * PAGE} bytes at ", "luo-v5, live update 4", "session vm-1",
    "file 7: memfd-v2", f"memfd: {3 * PAGE} bytes, 3 folios",
    "vmalloc area: 2 pages, order 0", "shared object iommu: 0x1234, 2 users",
    "whatever it is", "order 2: 1 blocks")


def understood():
    status, output = khodump(make().finish())
    missing = [text for text in EXPECTED if text not in output]
    if status or missing:
        return f"status {status}, not found: {missing}\n{output}"
    return ""


def blob(handover, name):
    return handover.subtrees[name][0]


def unpreserve(handover, place):
    handover.blocks = [block for block in handover.blocks
                       if block[0] != place]


def after(change):
    """A change of what has been written."""
    def damage(handover):
        handover.finish()
        change(handover)
    return damage


def before(change):
    """A change of what will be written."""
    def damage(handover):
        change(handover)
        handover.finish()
    return damage


# name: (the complaint, how it comes about)
DAMAGE = {
    "metadata_of_another_version": ("its version is 2, not 1", after(
        lambda h: h.write(blob(h, "kexec-metadata"), metadata(2)))),
    "short_metadata": ("it has 72 bytes, not 73", before(
        lambda h: h.subtrees.update(
            {"kexec-metadata": (blob(h, "kexec-metadata"), 72)}))),
    "blob_not_preserved": ("not all of it is preserved", before(
        lambda h: unpreserve(h, blob(h, "other")))),
    "root_not_preserved": ("the root FDT isn't preserved", before(
        lambda h: unpreserve(h, h.root))),
    "reserve_mem_of_another_format": ("its format isn't memblock-v1", after(
        lambda h: h.write(h.memory.index(b"memblock-v1"), b"memblock-v9"))),
    "luo_of_another_format": ("its format isn't luo-v5", after(
        lambda h: h.write(blob(h, "LUO"), b"luo-v9"))),
    "sessions_in_a_loop": ("list of blocks doesn't end", after(
        lambda h: h.write(h.u64(blob(h, "LUO") + 16), struct.pack(
            "<Q", h.u64(blob(h, "LUO") + 16))))),
    "session_of_nowhere": ("aren't preserved", after(
        lambda h: h.write(blob(h, "LUO") + 16, struct.pack("<Q", 5 << 40)))),
    "preserved_in_scratch": ("is in scratch", before(
        lambda h: h.blocks.append((SCRATCH[0], 0)))),
    "preserved_twice": ("overlaps another one", before(
        lambda h: h.blocks.append((h.root & ~0x1fff, 1)))),
    "preserved_beyond_memory": ("isn't in the dump", before(
        lambda h: h.blocks.append((1 << 40, 0)))),
    "map_that_loops": ("is there twice", after(
        lambda h: h.write(h.map_root + 8, struct.pack("<Q", h.map_root)))),
    "property_of_no_format": ("is no property of this format", after(
        lambda h: h.write(h.memory.index(b"blob-size"), b"blob-sizf"))),
}


def complains(complaint, damage):
    handover = make()
    damage(handover)
    status, output = khodump(handover)
    if status == 1 and any("!!" in line and complaint in line
                           for line in output.splitlines()):
        return ""
    return f"status {status}, no complaint '{complaint}'\n{output}"


def main():
    tests = {"understood": understood}
    for name, (complaint, damage) in DAMAGE.items():
        tests[name] = lambda c=complaint, d=damage: complains(c, d)
    print(f"KTAP version 1\n1..{len(tests)}")
    failed = 0
    for number, (name, test) in enumerate(tests.items(), 1):
        error = test()
        failed += bool(error)
        for line in error.splitlines():
            print("# " + line)
        print("not ok" if error else "ok", f"{number} khodump_{name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
