#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# sock.sh: what socket calls answer: quic_sock, quic_stream, quic_wait and quic_wire in a namespace
# that has nothing but a loopback interface and one link.
. "$(dirname "$0")/netns.sh"

setup

# suite PROGRAM: its cases become ours
suite() {
	local line

	n0 "./$1" >"$work/$1.tap" 2>&1
	while IFS= read -r line; do
		case $line in
		"ok "*) ok "$1: $(cut -d' ' -f3- <<<"$line")" ;;
		"not ok "*) not_ok "$1: $(cut -d' ' -f4- <<<"$line")" ;;
		1..* | TAP*) ;;
		*) printf '%s\n' "$line" ;;
		esac
	done <"$work/$1.tap"
	check "$1 has run to its end" grep -q '^1\.\.[1-9]' "$work/$1.tap"
}

suite quic_sock
suite quic_stream
suite quic_wait
chk_mib n0 PROTOCOL_ERRORS -eq 2 "those that quic_sock itself makes"
suite quic_wire
finish
