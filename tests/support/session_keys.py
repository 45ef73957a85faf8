"""A key of a session: commands that give one to a command, and that look for it."""

import os

from netmodes.engine.keys import JOIN_SESSION_KEYRING, KEYCTL

NUMBER = KEYCTL.get(os.uname().machine, 0)

CALL = "import ctypes, os, sys; call = ctypes.CDLL(None).syscall; "

#: Has a key of a new session (keyctl(2), add_key(2)), then runs a command.
GIVE = f"""{CALL} call({NUMBER}, {JOIN_SESSION_KEYRING}, None)
call({NUMBER - 2}, b"user", b"of-the-session", b"secret", 6, -3)
os.execvp(sys.argv[1], sys.argv[1:])"""

#: Prints whether there is that key; 10 searches, and -3 is the session's keyring.
FIND = f"""{CALL} print(call({NUMBER}, 10, -3, b"user", b"of-the-session", 0) > 0)"""

GIVEN, FOUND = ("python3", "-c", GIVE), ("python3", "-c", FIND)
