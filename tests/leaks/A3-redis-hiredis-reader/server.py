"""Answers every command with +OK, as a Redis server would. Ends when its standard input does."""

import os
import socketserver
import sys
import threading


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


class Redis(socketserver.StreamRequestHandler):
    def handle(self):
        while line := self.rfile.readline():
            for _ in range(2 * int(line[1:])):
                self.rfile.readline()
            self.wfile.write(b"+OK\r\n")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


threading.Thread(target=end_with_parent, daemon=True).start()
with Server(("127.0.0.1", 0), Redis) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
