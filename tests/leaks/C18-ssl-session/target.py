"""Reading SSLSocket.session: _ssl makes a copy of the session, and loses it when it is the one already held."""

import socket
import ssl
import threading


def context(protocol):
    made = ssl.SSLContext(protocol)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.maximum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers("aNULL:@SECLEVEL=0")  # anonymous: no certificate is needed
    return made


def handshake():
    """The client's end of a TLS connection over a pair of sockets."""
    near, far = socket.socketpair()
    server = context(ssl.PROTOCOL_TLS_SERVER).wrap_socket(
        far, server_side=True, do_handshake_on_connect=False
    )
    thread = threading.Thread(target=server.do_handshake)
    thread.start()
    client = context(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(near)
    thread.join()
    return client, server


client, server = handshake()


def call():
    for _ in range(10):
        client.session
