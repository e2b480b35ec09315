#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# sock.sh: what socket calls answer: quic_sock, quic_stream, quic_wait and quic_wire in a namespace
# that has nothing but a loopback interface and one link.
. "$(dirname "$0")/netns.sh"

setup

suite quic_sock
suite quic_stream
suite quic_datagram
suite quic_wait
chk_mib n0 PROTOCOL_ERRORS -eq 2 "those that quic_sock itself makes"
suite quic_wire
finish
