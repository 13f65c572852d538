"""An SSH server that goes through the key exchange, and hangs up when it is asked to log someone in. Prints its port;
ends with its standard input."""

import socket
import sys
import threading

from old_paramiko import paramiko

key = paramiko.RSAKey.generate(1024)


class HangsUp(paramiko.ServerInterface):
    def __init__(self, peer):
        self.peer = peer

    def check_auth_password(self, username, password):
        self.peer.close()
        return paramiko.AUTH_FAILED


def serve(peer):
    transport = paramiko.Transport(peer)
    transport.add_server_key(key)
    try:
        transport.start_server(server=HangsUp(peer))
    except (paramiko.SSHException, EOFError):
        pass


def accept(listener):
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
threading.Thread(target=accept, args=(listener,), daemon=True).start()
sys.stdin.read()
