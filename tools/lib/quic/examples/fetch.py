#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""fetch: gets a file from a server like files.c: the socket is Python's own, the handshake libquic's.

fetch.py ADDRESS PORT NAME FILE >copy
"""
import ctypes
import os
import socket
import sys

IPPROTO_QUIC = 261


def connect(address, port, name, alpn):
    """A socket on which data may be sent; name: whom the certificate has to be for"""
    libquic = ctypes.CDLL("libquic.so.1")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, IPPROTO_QUIC)
    sock.connect((address, port))
    err = libquic.quic_client_handshake(sock.fileno(), None, name.encode(), alpn.encode())
    if err:
        raise OSError(-err, "handshake: " + os.strerror(-err))
    return sock


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    address, port, name, file = sys.argv[1:]
    try:
        with connect(address, int(port), name, "hq-interop") as sock:
            sock.sendall(b"GET /" + file.encode() + b"\r\n")
            sock.shutdown(socket.SHUT_WR)
            while data := sock.recv(1 << 16):
                sys.stdout.buffer.write(data)
    except OSError as e:
        sys.exit(f"fetch.py: {e.strerror}")


main()
