# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's monitor, as far as tests need it."""
import json
import socket

TIMEOUT = 120


class QmpError(Exception):
    """QEMU has refused a command, or ended."""


def execute(path, command, **arguments):
    """Has the monitor at a Unix socket execute one command."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT)
        connection.connect(path)
        with connection.makefile("rw") as stream:
            stream.readline()
            request(stream, "qmp_capabilities")
            return request(stream, command, **arguments)


def request(stream, command, **arguments):
    json.dump({"execute": command, "arguments": arguments}, stream)
    stream.flush()
    while True:
        line = stream.readline()
        if not line:
            raise QmpError(f"{command}: QEMU has hung up")
        answer = json.loads(line)
        if "error" in answer:
            raise QmpError(f"{command}: {answer['error']['desc']}")
        if "return" in answer:
            return answer["return"]
