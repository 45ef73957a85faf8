"""A machine that lets others wait, for the tests: ``answer_late.py DEVICE ADDRESS SECONDS``.

It answers the first question by ARP for its address so many seconds late (RFC 826).
"""

import socket
import sys
import time

#: The types of ARP's frames and of its answers.
ARP, ANSWER = 0x0806, 2


def main(device: str, address: str, seconds: str) -> None:
    """Wait for the question, and answer it."""
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ARP))
    link.bind((device, ARP))
    own = link.getsockname()[4]
    print("ready", flush=True)
    wanted = socket.inet_aton(address)
    while (asked := link.recv(60))[38:42] != wanted:
        pass
    time.sleep(float(seconds))
    asker = asked[22:32]  # its MAC, its address
    head = asked[6:12] + own + asked[12:20] + ANSWER.to_bytes(2, "big")
    link.send(head + own + wanted + asker)


if __name__ == "__main__":
    main(*sys.argv[1:])
