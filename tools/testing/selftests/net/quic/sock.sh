#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# sock.sh: what socket calls answer: quic_sock, quic_stream and the like in a namespace that
# has nothing but a loopback interface and one link.
. "$(dirname "$0")/netns.sh"

setup

suite quic_sock
suite quic_stream
suite quic_reset
suite quic_datagram
suite quic_wait
suite quic_early
chk_mib n0 PROTOCOL_ERRORS -eq 7 "those that quic_sock and quic_early make"
suite quic_wire
suite quic_migrate
finish
