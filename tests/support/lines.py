"""Numbered lines over TCP, for the tests: ``lines.py listen PORT``, ``lines.py send HOST PORT``.

Each prints how many there were; the listener fails at the first that is lost or out of order.
"""

import select
import socket
import sys
from itertools import count


def send(host: str, port: str) -> None:
    """A line each millisecond, until stdin ends."""
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for number in count():
            connection.sendall(b"%d\n" % number)
            if select.select([sys.stdin], [], [], 0.001)[0]:
                print(number + 1)
                return


def listen(port: str) -> None:
    """The lines of one connection, to its end."""
    server = socket.create_server(("", int(port)))
    print("listening", flush=True)
    connection, _ = server.accept()
    received = 0
    for line in connection.makefile():
        assert line == f"{received}\n", f"line {received} is {line!r}"
        received += 1
    print(received)


if __name__ == "__main__":
    {"send": send, "listen": listen}[sys.argv[1]](*sys.argv[2:])
