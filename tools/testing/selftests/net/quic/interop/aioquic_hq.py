#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""aioquic_hq: hq-interop client and server over aioquic, the peer of our own quic_hq.

    aioquic_hq.py server PORT FOLDER KEY CERT [OPTIONS]
    aioquic_hq.py client ADDRESS PORT FOLDER PATH... [OPTIONS]
    aioquic_hq.py wait FIFO      each line of it is a file for output and the words of a command
                                 as above; its status goes to that file's name with .status

    --versions=2,1 (as preferred)  --first=1a2a3a4a (the client's first attempt)
    --cipher=chacha20  --retry  --key-update (once, after some bytes)  --ca=FILE  --name=NAME
    --resume (the client: what follows the first PATH with a connection that resumes the first)
    --zero-rtt (the same, and the requests of the second connection in 0-RTT)
"""
import asyncio
import os
import signal
import sys
import traceback

from aioquic.asyncio import QuicConnectionProtocol, connect, serve
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted, StreamDataReceived
from aioquic.tls import CipherSuite

VERSIONS = {"1": 1, "2": 0x6B3343CF}
REKEY_BYTES = 16384
option, words = {}, []


def configuration(is_client):
    conf = QuicConfiguration(is_client=is_client, alpn_protocols=["hq-interop"], idle_timeout=30)
    if "versions" in option:
        conf.supported_versions = [VERSIONS[v] for v in option["versions"].split(",")]
    if "first" in option:
        conf.original_version = int(option["first"], 16)
        conf.supported_versions.append(conf.original_version)  # it needs keys for its Initial
    if option.get("cipher") == "chacha20":
        conf.cipher_suites = [CipherSuite.CHACHA20_POLY1305_SHA256]
    return conf


class Hq(QuicConnectionProtocol):
    """What both ends do: count bytes, change keys once"""
    moved = 0
    rekeyed = False

    def move(self, count):
        self.moved += count
        if "key-update" in option and not self.rekeyed and self.moved >= REKEY_BYTES:
            self.rekeyed = True
            self.request_key_update()


class Server(Hq):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.requests = {}

    def quic_event_received(self, event):
        if isinstance(event, HandshakeCompleted):
            print(f"resumed={event.session_resumed:d} early={event.early_data_accepted:d}", flush=True)
        if not isinstance(event, StreamDataReceived):
            return
        text = self.requests.get(event.stream_id, b"")
        if text is None:
            return
        self.requests[event.stream_id] = text + event.data
        if b"\n" in text + event.data or event.end_stream:
            path = (text + event.data).split()[1].decode()
            self.requests[event.stream_id] = None
            with open(words[2] + "/" + os.path.basename(path), "rb") as f:
                data = f.read()
            self._quic.send_stream_data(event.stream_id, data, end_stream=True)
            self.move(len(data))


class Client(Hq):
    def fetch(self, paths):
        self.files, self.left, self.done = {}, len(paths), self._loop.create_future()
        for path in paths:
            sid = self._quic.get_next_available_stream_id()
            self.files[sid] = open(words[3] + path, "wb")
            self._quic.send_stream_data(sid, f"GET {path}\r\n".encode(), end_stream=True)
        self.transmit()

    def quic_event_received(self, event):
        if isinstance(event, ConnectionTerminated) and self.left and not self.done.done():
            self.done.set_exception(ConnectionError(f"{event.error_code:#x} {event.reason_phrase}"))
        if not isinstance(event, StreamDataReceived):
            return
        self.files[event.stream_id].write(event.data)
        self.move(len(event.data))
        if event.end_stream:
            self.files[event.stream_id].close()
            self.left -= 1
            if not self.left:
                self.done.set_result(None)


async def server():
    conf = configuration(False)
    conf.load_cert_chain(words[4], words[3])
    tickets = {}
    await serve("::", int(words[1]), configuration=conf, create_protocol=Server, retry="retry" in option,
                session_ticket_fetcher=tickets.pop, session_ticket_handler=lambda t: tickets.update({t.ticket: t}))
    print("listening", flush=True)
    await asyncio.Future()


async def client():
    conf = configuration(True)
    conf.load_verify_locations(option["ca"])
    conf.server_name = option["name"]
    ticket = asyncio.get_running_loop().create_future()
    early, resume = "zero-rtt" in option, "resume" in option or "zero-rtt" in option
    for paths in (words[4:5], words[5:]) if resume else (words[4:],):
        async with connect(words[1], int(words[2]), configuration=conf, create_protocol=Client,
                           wait_connected=not early or not conf.session_ticket,
                           session_ticket_handler=lambda t: ticket.done() or ticket.set_result(t)) as conn:
            conn.fetch(paths)
            await conn.done
            if resume:
                conf.session_ticket = await ticket
        tls = conn._quic.tls
        print(f"version={conn._quic._version:x} bytes={conn.moved} resumed={tls.session_resumed:d} "
              f"early={tls.early_data_accepted:d}")


def run(args):
    option.update(a[2:].partition("=")[::2] for a in args if a.startswith("--"))
    words.extend(a for a in args if not a.startswith("--"))
    asyncio.run(server() if words[0] == "server" else client())


def wait(fifo):
    """Importing aioquic takes long on an emulated CPU: do it once, then fork"""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with os.fdopen(os.open(fifo, os.O_RDWR), encoding="ascii") as lines:  # stays open without a writer
        print("ready", flush=True)
        for line in lines:
            if os.fork() == 0:
                break
    args, status = line.split(), 1
    fd = os.open(args[0], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(fd, 1)
    os.dup2(fd, 2)
    try:
        run(args[1:])
        status = 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    with open(args[0] + ".new", "w", encoding="ascii") as f:
        f.write(f"{status}\n")
    os.rename(args[0] + ".new", args[0] + ".status")


if sys.argv[1] == "wait":
    wait(sys.argv[2])
else:
    run(sys.argv[1:])
