"""As much of a Redis server as a result backend of celery asks for; ends with its standard input."""

import os
import socketserver
import sys
import threading


def words(stream):
    """The next command: an array of strings as the Redis protocol writes them."""
    head = stream.readline()
    if not head:
        return None
    found = []
    for _ in range(int(head[1:])):
        size = int(stream.readline()[1:])
        found.append(stream.read(size + 2)[:-2])
    return found


class Client(socketserver.StreamRequestHandler):
    def handle(self):
        channels = set()
        while command := words(self.rfile):
            name = command[0].upper()
            if name in (b"SUBSCRIBE", b"UNSUBSCRIBE"):
                for channel in command[1:]:
                    (channels.add if name == b"SUBSCRIBE" else channels.discard)(channel)
                    text = (name.lower(), channel)
                    reply = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in text)
                    self.wfile.write(b"*3\r\n%s:%d\r\n" % (reply, len(channels)))
            elif name == b"DEL":
                self.wfile.write(b":0\r\n")
            elif name == b"GET":
                self.wfile.write(b"$-1\r\n")
            else:
                self.wfile.write(b"+OK\r\n")


def main():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Client) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_address[1], flush=True)
        sys.stdin.read()
        os._exit(0)


main()
