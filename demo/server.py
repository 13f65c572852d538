"""A loopback HTTP server for the demo: one port answers, the other closes without an answer.

Prints the two port numbers, then serves until its standard input is closed.
"""

import http.server
import socketserver
import sys
import threading


class Answering(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b'{"ok": true}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Closing(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(65536)


class ThreadingTCPServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main():
    servers = [ThreadingTCPServer(("127.0.0.1", 0), handler) for handler in (Answering, Closing)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(*(server.server_address[1] for server in servers), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
