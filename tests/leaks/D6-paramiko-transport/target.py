"""An SSH client connects, and the server hangs up while the client logs in. The client is closed and dropped."""

import atexit
import logging
import pathlib
import subprocess
import sys

from old_paramiko import paramiko

server = subprocess.Popen(
    [sys.executable, str(pathlib.Path(__file__).with_name("server.py"))],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    stderr=subprocess.DEVNULL,
    text=True,
)
atexit.register(server.stdin.close)
port = int(server.stdout.readline())
logging.getLogger("paramiko").addHandler(logging.NullHandler())
logging.getLogger("paramiko").propagate = False


class AnyHost(paramiko.MissingHostKeyPolicy):
    def missing_host_key(self, client, hostname, key):
        pass


def call():
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(AnyHost())
    try:
        client.connect(
            "127.0.0.1", port, username="x", password="y", allow_agent=False, look_for_keys=False
        )
    except (paramiko.SSHException, EOFError, OSError):
        pass
    client.close()
