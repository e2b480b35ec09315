#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""hostile: a client that breaks the rules, or looks whether the server keeps them; with the packet
protection of aioquic, and packets of its own making.

    hostile.py ADDRESS PORT RETRY_PORT NAME CA [CASE...]

The server has hq-interop and the files /one and /f10 (more than 20000 bytes); that of RETRY_PORT asks for addresses to be proven.  A line for each case: "ok CASE",
or "not ok CASE: why".
"""
import os
import select
import socket
import sys
import time

from aioquic.buffer import Buffer
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, StreamDataReceived
from aioquic.quic.packet import pull_quic_header
from aioquic.tls import Epoch

PATIENCE = 20  # seconds for what must come, on an emulated CPU
QUIET = 1.5  # seconds in which nothing may come
LONG = {Epoch.INITIAL: 0, Epoch.HANDSHAKE: 2}  # types of long headers
cases = {}


class Failed(Exception):
    pass


def case(function):
    cases[function.__name__] = function
    return function


def check(what, why):
    if not what:
        raise Failed(why)


def v(*numbers):
    """Variable-length integers, RFC 9000 section 16"""
    out = b""
    for n in numbers:
        for bits, size in ((6, 1), (14, 2), (30, 4), (62, 8)):
            if n < 1 << bits:
                out += (n | (size.bit_length() - 1) << (8 * size - 2)).to_bytes(size, "big")
                break
    return out


def frames_of(payload):
    """(type, fields or bytes) of each frame but PADDING"""
    b, frames = Buffer(data=payload), []

    def ints(n):
        return [b.pull_uint_var() for _ in range(n)]

    while not b.eof():
        t = b.pull_uint_var()
        if t in (2, 3):
            f = ints(4)
            f += ints(2 * f[2] + (3 if t == 3 else 0))
        elif t == 6 or t == 7:
            f = ints(2 if t == 6 else 1)
            f.append(b.pull_bytes(f[-1]))
        elif 8 <= t <= 15:
            f = ints(1 + (t >> 2 & 1))
            size = b.pull_uint_var() if t & 2 else b.capacity - b.tell()
            f = [f[0], f[1] if t & 4 else 0, b.pull_bytes(size), bool(t & 1)]
        elif t == 0x18:
            f = ints(2)
            f += [b.pull_bytes(b.pull_uint8()), b.pull_bytes(16)]
        elif t in (0x1A, 0x1B):
            f = b.pull_bytes(8)
        elif t in (0x1C, 0x1D):
            f = ints(2 if t == 0x1C else 1)
            f.append(b.pull_bytes(b.pull_uint_var()))
        else:
            f = ints({0: 0, 1: 0, 4: 3, 5: 2, 0x11: 2, 0x15: 2, 0x1E: 0, 0x1F: 0, 0xAF: 4}.get(t, 1))
        if t:
            frames.append((t, f))
    return frames


class Client:
    """One connection; received: (epoch, datagram's number, payload) of each packet that opened"""

    def __init__(self, port=None, **conf):
        self.conf = QuicConfiguration(is_client=True, alpn_protocols=["hq-interop"], idle_timeout=60, **conf)
        self.conf.load_verify_locations(ca)
        self.conf.server_name = name
        self.conn = QuicConnection(configuration=self.conf)
        self.peer = address, port or server_port
        self.sock = udp(port)
        self.events, self.received, self.datagrams = [], [], []
        self.deaf = self.mute = False
        self.conn._payload_received = self.opened
        self.conn.connect(self.peer, now=time.time())
        self.flush()

    def opened(self, context, plain, crypto_frame_required=False):
        self.received.append((context.epoch, len(self.datagrams) - 1, plain))
        return type(self.conn)._payload_received(self.conn, context, plain, crypto_frame_required)

    def flush(self):
        for data, _ in self.conn.datagrams_to_send(now=time.time()):
            if not self.mute:
                self.sock.send(data)

    def step(self, seconds):
        """Take what has come, or time out, and answer"""
        due = self.conn.get_timer()
        wait = min(seconds, max(0, due - time.time())) if due else seconds
        if select.select([self.sock], [], [], wait)[0]:
            try:
                data = self.sock.recv(65536)
            except ConnectionRefusedError:
                return
            self.datagrams.append(data)
            if not self.deaf:
                self.conn.receive_datagram(data, self.peer, now=time.time())
        elif due and due <= time.time():
            self.conn.handle_timer(now=time.time())
        event = self.conn.next_event()
        while event:
            self.events.append(event)
            event = self.conn.next_event()
        self.flush()

    def until(self, what, why, seconds=PATIENCE):
        end = time.time() + seconds
        while not what():
            check(time.time() < end, why)
            self.step(end - time.time())
        return self

    def listen(self, seconds=QUIET):
        """What comes for so long: numbers of datagrams"""
        before, end = len(self.datagrams), time.time() + seconds
        while time.time() < end:
            self.step(end - time.time())
        return self.datagrams[before:]

    def keyed(self):
        """With handshake keys, and saying nothing by itself from now on"""
        self.mute = True
        return self.until(lambda: self.conn._cryptos[Epoch.HANDSHAKE].send.is_valid(), "no handshake keys")

    def confirmed(self):
        return self.until(lambda: self.conn._handshake_confirmed, "the handshake is not confirmed")

    def frames(self, *types):
        return [f for _, _, p in self.received for f in frames_of(p) if f[0] in types]

    def packet(self, payload, epoch=Epoch.ONE_RTT, dcid=None, bits=0, number=None):
        """A packet of our own, its number in four bytes"""
        if number is None:
            number = self.conn._packet_number
            self.conn._packet_number += 1
        dcid = self.conn._peer_cid.cid if dcid is None else dcid
        if epoch == Epoch.ONE_RTT:
            head = bytes([0x43 | self.conn._cryptos[epoch].key_phase << 2 | bits]) + dcid
        else:
            head = bytes([0xC3 | LONG[epoch] << 4 | bits]) + self.conn._version.to_bytes(4, "big")
            head += bytes([len(dcid)]) + dcid + bytes([len(self.conn.host_cid)]) + self.conn.host_cid
            head += (b"\0" if epoch == Epoch.INITIAL else b"") + (len(payload) + 20 | 0x4000).to_bytes(2, "big")
        return self.conn._cryptos[epoch].encrypt_packet(head + number.to_bytes(4, "big"), payload, number)

    def send(self, payload, **how):
        self.sock.send(self.packet(payload, **how))

    def closed_with(self, code):
        def ended():
            return [e for e in self.events if isinstance(e, ConnectionTerminated)]

        self.until(ended, f"not closed, {code:#x} was expected")
        check(ended()[0].error_code == code, f"closed with {ended()[0].error_code:#x}, not {code:#x}")

    def ask(self, path):
        sid = self.conn.get_next_available_stream_id()
        self.conn.send_stream_data(sid, f"GET {path}\r\n".encode(), end_stream=True)
        self.flush()
        return sid

    def got(self, sid):
        mine = [e for e in self.events if isinstance(e, StreamDataReceived) and e.stream_id == sid]
        return b"".join(e.data for e in mine), any(e.end_stream for e in mine)


def udp(port=None):
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((address, port or server_port))
    return s


def answers(sock, seconds=QUIET):
    got, end = [], time.time() + seconds
    while select.select([sock], [], [], max(0, end - time.time()))[0]:
        got.append(sock.recv(65536))
    return got


# ---- what ends the connection, RFC 9000 section 20.1, and the frame that does it

FLOW, LIMIT, STATE, FINAL, ENCODING, IDS = 3, 4, 5, 6, 7, 9
VIOLATION, BUFFER, TLS_UNEXPECTED = 0xA, 0xD, 0x10A
ID8 = bytes(range(8))
TOKEN = bytes(16)
CLOSED_BY = {
    "stream_beyond_its_window": (v(0x0E, 0, 1 << 40, 1) + b"x", FLOW),
    "stream_beyond_the_number_allowed": (v(0x0A, 4 << 20, 1) + b"x", LIMIT),
    "stream_of_ours_that_it_did_not_open": (v(0x0A, 1, 1) + b"x", STATE),
    "stream_that_only_it_sends_on": (v(0x0A, 3, 1) + b"x", STATE),
    "stream_beyond_2_62": (v(0x0E, 0, (1 << 62) - 1, 1) + b"x", ENCODING),
    "final_size_that_shrinks": (v(0x0B, 0, 9) + b"GET /one\n" + v(0x0F, 0, 2, 1) + b"x", FINAL),
    "data_beyond_the_final_size": (v(0x0B, 0, 9) + b"GET /one\n" + v(0x0E, 0, 20, 1) + b"x", FINAL),
    "reset_with_another_final_size": (v(0x0B, 0, 9) + b"GET /one\n" + v(0x04, 0, 0, 5), FINAL),
    "reset_of_a_stream_it_sends_on": (v(0x04, 3, 0, 0), STATE),
    "stop_sending_on_a_stream_it_receives_on": (v(0x0A, 2, 1) + b"x" + v(0x05, 2, 0), STATE),
    "stop_sending_on_a_stream_it_did_not_open": (v(0x05, 1, 0), STATE),
    "max_stream_data_on_a_stream_it_receives_on": (v(0x0A, 2, 1) + b"x" + v(0x11, 2, 1 << 20), STATE),
    "max_stream_data_on_a_stream_it_did_not_open": (v(0x11, 1, 1 << 20), STATE),
    "stream_data_blocked_on_a_stream_it_sends_on": (v(0x15, 3, 9), STATE),
    "max_streams_beyond_2_60": (v(0x12, (1 << 60) + 1), ENCODING),
    "streams_blocked_beyond_2_60": (v(0x16, (1 << 60) + 1), ENCODING),
    "handshake_done_from_a_client": (v(0x1E), VIOLATION),
    "new_token_from_a_client": (v(0x07, 4) + b"word", VIOLATION),
    "unknown_frame": (v(0x2F), ENCODING),
    "frame_type_longer_than_needed": (b"\x40\x01", VIOLATION),
    "truncated_frame": (v(0x04, 0), ENCODING),
    "packet_without_frames": (b"", VIOLATION),
    "new_connection_id_without_bytes": (v(0x18, 20, 0) + b"\0" + TOKEN, ENCODING),
    "new_connection_id_that_retires_itself": (v(0x18, 20, 21) + b"\x08" + ID8 + TOKEN, ENCODING),
    "connection_ids_beyond_the_limit": (
        b"".join(v(0x18, 20 + i, 0) + b"\x08" + bytes([i]) * 8 + bytes([i]) * 16 for i in range(8)),
        IDS,
    ),
    "new_connection_id_that_changes": (v(0x18, 1, 0) + b"\x08" + ID8 + TOKEN, VIOLATION),
    "retire_connection_id_that_was_not_issued": (v(0x19, 1 << 20), VIOLATION),
    "retire_connection_ids_without_end": (b"".join(v(0x19, 1 + i) for i in range(300)), VIOLATION),
    "ack_of_a_packet_that_was_not_sent": (v(0x02, 1 << 20, 0, 0, 0), VIOLATION),
    "ack_below_zero": (v(0x02, 2, 0, 0, 3), ENCODING),
    "crypto_beyond_its_buffer": (v(0x06, 1 << 20, 1) + b"x", BUFFER),
    "tls_key_update": (v(0x06, 0, 5) + bytes([24, 0, 0, 1, 0]), TLS_UNEXPECTED),
    "datagram_that_was_not_allowed": (v(0x31, 1) + b"x", VIOLATION),
    "ack_frequency_below_the_least_delay": (v(0xAF, 0, 10, 999, 3), VIOLATION),
    "ack_frequency_of_2_14_milliseconds": (v(0xAF, 0, 10, 16384000, 3), VIOLATION),
}


# the same, in packets that are made otherwise
HANDSHAKE = {"epoch": Epoch.HANDSHAKE}
CLOSED_BY_PACKET = {
    "reserved_bits_of_a_short_header": (v(1), VIOLATION, {"bits": 0x18}),
    "reserved_bits_of_a_long_header": (v(1) + bytes(1000), VIOLATION, {"bits": 0x0C} | HANDSHAKE),
    "stream_frame_in_a_handshake_packet": (v(0x0A, 0, 1) + b"x", VIOLATION, HANDSHAKE),
}


def closed_by(frame, code, how):
    c = Client()
    if how.get("epoch") == Epoch.HANDSHAKE:
        c.keyed()
    else:
        c.confirmed()
    c.send(frame, **how)
    c.closed_with(code)


for _name, (_frame, _code, *_how) in (CLOSED_BY | CLOSED_BY_PACKET).items():
    cases[_name] = lambda f=_frame, n=_code, h=_how: closed_by(f, n, *h or [{}])


@case
def retire_connection_id_of_the_packet_itself():
    c = Client().confirmed()
    c.send(v(0x19, c.conn._peer_cid.sequence_number))
    c.closed_with(VIOLATION)


# ---- what it must do, or not


@case
def crypto_out_of_order_waits():
    """RFC 9000 section 7.5: 4096 bytes can"""
    c = Client().confirmed()
    for off in range(1, 4097, 1024):
        c.send(v(0x06, off, 1024) + bytes(1024))
    sid = c.ask("/one")
    c.until(lambda: c.got(sid)[1], "no answer after that")


@case
def path_challenge_is_answered():
    """Sections 8.2.2 and 9.3.3: once, at once, with its data, in 1200 bytes"""
    c = Client().confirmed()
    c.listen()
    c.received.clear()
    c.send(v(0x1A) + b"whatsup?" + bytes(1100))
    c.until(lambda: c.frames(0x1B), "no PATH_RESPONSE")
    c.listen()
    check([f for _, f in c.frames(0x1B)] == [b"whatsup?"], f"PATH_RESPONSE: {c.frames(0x1B)}")
    n = [d for _, d, p in c.received if any(t == 0x1B for t, _ in frames_of(p))][0]
    check(len(c.datagrams[n]) >= 1200, f"in a datagram of {len(c.datagrams[n])} bytes")


@case
def small_path_challenge_is_answered():
    c = Client().confirmed()
    c.send(v(0x1A) + b"tinytiny")
    c.until(lambda: c.frames(0x1B), "no PATH_RESPONSE")


@case
def closing_answers_and_calms_down():
    """Sections 10.2.1 and 11.1: CONNECTION_CLOSE comes again, but not for each packet"""
    c = Client().confirmed()
    c.listen()
    burst = [c.packet(v(0x2F))] + [c.packet(v(1) + bytes(20)) for _ in range(64)]
    for packet in burst:
        c.sock.send(packet)
    got = answers(c.sock)
    check(len(got) > 1, f"{len(got)} answers")
    check(len(got) <= 16, f"{len(got)} answers to 64 packets")
    check(sum(map(len, got)) <= 3 * sum(map(len, burst)), "more than three times what came")
    opened = [c.conn._cryptos[Epoch.ONE_RTT].decrypt_packet(d, 9, 0)[1] for d in got]
    closes = [p for p in opened if frames_of(p)[-1][0] == 0x1C]
    check(len(closes) >= 2, f"{len(closes)} of them are CONNECTION_CLOSE")


@case
def draining_is_silent():
    """Section 10.2.2"""
    c = Client().confirmed()
    c.listen()
    c.send(v(0x1C, 0, 0, 0))
    c.deaf = c.mute = True
    for _ in range(8):
        c.send(v(1) + bytes(20))
    got = answers(c.sock)
    check(not got, f"{len(got)} datagrams came")


@case
def amplification_is_limited():
    """Section 8.1, and no probe timeout beyond it: RFC 9002 section 6.2.2.1"""
    c = Client()
    c.deaf = c.mute = True
    got = answers(c.sock, 6)
    size = sum(map(len, got))
    check(got, "no answer")
    check(size <= 3600, f"{size} bytes came for 1200")
    check(len(got) > 2, "no probe came")


@case
def handshake_done_comes_until_acknowledged():
    """Section 13.3"""
    c = Client()
    c.until(lambda: c.conn._handshake_complete, "no handshake")
    c.mute = True
    c.until(lambda: len(c.frames(0x1E)) > 1, "HANDSHAKE_DONE came once only")


@case
def frames_are_where_they_may_be():
    """Sections 12.4, 12.5 and 17.2.2; RFC 9001 sections 4.9 and 8.3"""
    c = Client().confirmed()
    sid = c.ask("/one")
    c.until(lambda: c.got(sid)[1], "no answer")
    for epoch, _, p in c.received:
        check(p, "a packet without frames")
        types = {t for t, _ in frames_of(p)}
        check(epoch == Epoch.ONE_RTT or types <= {1, 2, 3, 6, 0x1C}, f"{types} in {epoch}")
        check(0x07 not in types or epoch == Epoch.ONE_RTT, "NEW_TOKEN early")
    confirmed = min(d for e, d, p in c.received if any(t == 0x1E for t, _ in frames_of(p)))
    late = [e for e, d, _ in c.received if d > confirmed and e != Epoch.ONE_RTT]
    check(not late, f"{late} after the handshake")
    for d in c.datagrams:
        h = pull_quic_header(Buffer(data=d), host_cid_length=8)
        check(h.version is None or not h.token, "a server's Initial with a token")


@case
def connection_ids_are_new():
    """Section 5.1: no ID comes twice, retired ones are replaced"""
    c = Client().confirmed()
    c.until(lambda: len(c.frames(0x18)) >= 1, "no NEW_CONNECTION_ID")
    for n in (0, 1):
        c.send(v(0x19, 1 + n))
        c.until(lambda: len(c.frames(0x18)) > n + 1, "a retired ID is not replaced")
    c.listen()
    ids = {}
    for _, (seq, _, cid, token) in c.frames(0x18):
        check(ids.setdefault(seq, (cid, token)) == (cid, token), "a number with two IDs")
    check(len({i for i, _ in ids.values()}) == len(ids), "an ID came under two numbers")
    check(len({t for _, t in ids.values()}) == len(ids), "a reset token came twice")


def blocks_in_use():
    """Of the log of sent packets"""
    with open("/proc/slabinfo") as f:
        return sum(int(line.split()[1]) for line in f if line.startswith("tquic_frame_cache "))


@case
def who_acknowledges_nothing_is_not_remembered():
    """What only acknowledges is not logged without bound: 64 of it are in two blocks"""
    c = Client(max_data=20000, max_stream_data=20000).confirmed()
    c.ask("/f10")
    before, number = blocks_in_use(), c.conn._packet_number
    for i in range(4000):
        c.send(v(1), number=number + 100 + 2 * i)
        if i % 50 == 0:
            answers(c.sock, 0.02)
    check(blocks_in_use() - before < 20, f"{blocks_in_use() - before} blocks for 4000 packets")


@case
def ack_frequency_is_kept():
    c = Client().confirmed()
    c.listen()

    def acked():
        return max(f[0] for _, f in c.frames(2, 3))

    asked = c.conn._packet_number
    c.send(v(0xAF, 1, 9, 5000000, 1, 0x1F))
    c.until(lambda: acked() >= asked, "no ACK for IMMEDIATE_ACK")
    c.send(v(0xAF, 0, 0, 1000, 1) + v(1))  # obsolete
    for _ in range(8):
        c.send(v(1))
    c.listen()
    check(acked() == asked, "an ACK for nine packets, ten were asked for")
    last = c.conn._packet_number
    c.send(v(1))
    c.until(lambda: acked() >= last, "no ACK for ten packets", QUIET)


@case
def stop_sending_is_answered_by_reset():
    """Section 3.5, with the final size"""
    c = Client(max_data=20000, max_stream_data=20000).confirmed()
    sid = c.ask("/f10")
    c.until(lambda: len(c.got(sid)[0]) >= 20000, "the window was not filled")
    c.send(v(0x05, sid, 77))
    c.until(lambda: c.frames(0x04), "no RESET_STREAM")
    got = c.frames(0x04)[0][1]
    check(got[:2] == [sid, 77] and got[2] >= len(c.got(sid)[0]), f"RESET_STREAM {got}")
    late = c.ask("/one")
    c.until(lambda: c.got(late)[1], "no other stream goes on")


@case
def no_stop_sending_after_reset():
    c = Client().confirmed()
    c.send(v(0x0A, 0, 4) + b"GET " + v(0x04, 0, 5, 4))
    c.listen()
    check(not c.frames(0x05), "STOP_SENDING for a stream that was reset")


@case
def data_blocked_is_said():
    """Sections 4.1 and 19.12"""
    c = Client(max_data=20000, max_stream_data=1 << 20)
    c.conn._write_connection_limits = lambda builder, space: None  # no credit from us
    c.confirmed()
    c.ask("/f10")
    c.until(lambda: c.frames(0x14), "no DATA_BLOCKED")
    check(c.frames(0x14)[0][1] == [20000], f"DATA_BLOCKED {c.frames(0x14)[0][1]}")


@case
def coalesced_with_another_id_is_ignored():
    """Section 12.2: what follows with another Destination Connection ID"""
    c = Client().keyed()
    c.listen(0.3)
    ping = c.packet(v(1) + bytes(20), epoch=Epoch.HANDSHAKE)
    other = c.packet(v(0x2F), epoch=Epoch.HANDSHAKE, dcid=bytes(len(c.conn._peer_cid.cid)))
    c.sock.send(ping + other)
    c.mute = False
    c.confirmed()


@case
def coalesced_behind_a_broken_one_is_taken():
    c = Client().keyed()
    broken = bytearray(c.packet(v(1) + bytes(20), epoch=Epoch.HANDSHAKE))
    broken[-1] ^= 1
    c.sock.send(bytes(broken) + c.packet(v(0x0A, 0, 1) + b"x", epoch=Epoch.HANDSHAKE))
    c.closed_with(VIOLATION)


@case
def initial_after_its_keys_went_is_dropped():
    """RFC 9001 section 4.9.1: a frame that would end the connection does nothing there"""
    c = Client()
    crypto = c.conn._cryptos_initial[c.conn._version]
    keys = crypto.send.aead, crypto.send.hp
    c.confirmed()
    check(keys[0] is not None, "no keys")
    crypto.send.aead, crypto.send.hp = keys
    c.conn._cryptos[Epoch.INITIAL] = crypto
    c.send(v(0x2F) + bytes(1200), epoch=Epoch.INITIAL)
    sid = c.ask("/one")
    c.until(lambda: c.got(sid)[1], "no answer after that")


@case
def version_negotiation_as_it_should_be():
    """Sections 5.2.2, 6.1 and 17.2.1"""
    s = udp()
    unknown = b"\xc0\x1a\x2a\x3a\x4a\x09" + b"destinati" + b"\x0d" + b"source-source"
    s.send(unknown + bytes(1000))
    check(not answers(s), "an answer to a small datagram")
    s.send(b"\xc0" + bytes(4) + unknown[5:] + bytes(1200))
    check(not answers(s), "an answer to a Version Negotiation packet")
    s.send((unknown + bytes(600)) * 2)
    got = answers(s)
    check(len(got) == 1, f"{len(got)} answers to one datagram")
    h = got[0]
    check(h[0] & 0x80 and h[1:5] == bytes(4), "not a Version Negotiation packet")
    check(h[5:29] == b"\x0dsource-source\x09destinati", "the IDs are not turned round")
    check(bytes([0, 0, 0, 1]) in [h[i : i + 4] for i in range(29, len(h), 4)], "version 1 is not there")


@case
def stateless_reset_as_it_should_be():
    """Sections 10.3 and 10.3.3: shorter than what it answers, like a random short header"""
    seen = set()
    for size in (22, 30, 43, 44, 100, 1200):
        s = udp()
        s.send(b"\x43" + os.urandom(size - 1))
        for r in answers(s, 0.5):
            check(len(r) < size, f"{len(r)} bytes for {size}")
            check(len(r) >= 21, f"{len(r)} bytes tell that it is a reset")
            check(r[0] & 0xC0 == 0x40, "not a short header")
            check(size > 43 or len(r) == size - 1, f"{len(r)} bytes for {size}")
            check(r[-16:] not in seen, "a token came twice")
            seen.add(r[-16:])
    check(len(seen) >= 3, f"{len(seen)} resets")
    s = udp()
    s.send(b"\xc3" + b"\0\0\0\1" + b"\x08" + os.urandom(1300))
    check(not [r for r in answers(s) if not r[0] & 0x80], "a long header is answered by a reset")


@case
def retry_as_it_should_be():
    """Section 17.2.5: another ID than ours, one for a datagram, and the handshake goes on"""
    c = Client(port=retry_port)
    first = c.conn._peer_cid.cid
    c.mute = True
    got = answers(c.sock)
    check(len(got) == 1, f"{len(got)} answers to an Initial")
    h = pull_quic_header(Buffer(data=got[0]), host_cid_length=8)
    check(got[0][0] & 0xF0 == 0xF0, "not a Retry")
    check(h.source_cid != first, "the ID that we chose")
    check(h.destination_cid == c.conn.host_cid and h.token, "not for us, or no token")
    c.mute = False
    c.conn.receive_datagram(got[0], c.peer, now=time.time())
    c.flush()
    c.confirmed()


@case
def token_of_another_address_counts_as_none():
    """Sections 8.1.2 and 8.1.3: rubbish as a token is answered with a Retry"""
    c = Client(port=retry_port, token=os.urandom(60)).confirmed()
    check(c.conn._retry_source_connection_id, "no Retry")


@case
def initial_with_another_source_id_is_dropped():
    """Section 7.2: the ID of our first Initial is the one it sends to"""
    c = Client()
    own, c.conn.host_cid = c.conn.host_cid, b"elsewise"
    c.send(v(0x2F) + bytes(1200), epoch=Epoch.INITIAL, number=100)
    c.conn.host_cid = own
    c.confirmed()


def run(which):
    failed = 0
    for n in which:
        try:
            cases[n]()
            print(f"ok {n}", flush=True)
        except Exception as e:
            why = str(e) if isinstance(e, Failed) else f"{type(e).__name__}: {e}, line {e.__traceback__.tb_next.tb_lineno}"
            print(f"not ok {n}: {why}", flush=True)
            failed += 1
    return failed


address, name, ca = sys.argv[1], sys.argv[4], sys.argv[5]
server_port, retry_port = int(sys.argv[2]), int(sys.argv[3])
sys.exit(bool(run(sys.argv[6:] or cases)))
