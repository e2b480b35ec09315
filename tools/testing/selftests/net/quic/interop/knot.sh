#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2046,SC2086,SC2154,SC2317
# knot.sh: DNS over QUIC: kdig asks us, and we ask knotd.
. "$(dirname "$0")/lib.sh"
need knot
port=8853
answer=192.0.2.53

peer_server() {
	mkdir -p "$work/knot"
	cat >"$work/knot/example.test.zone" <<-ZONE
		@ 60 SOA ns.example.test. root.example.test. 1 60 60 600 60
		@ 60 NS ns
		ns 60 A $answer
		www 60 A $answer
	ZONE
	cat >"$work/knot/knot.conf" <<-CONF
		server:
		    rundir: $work/knot
		    user: root:root
		    listen-quic: [ $addr1@$port, $addr1_6@$port ]
		    cert-file: $work/cert
		    key-file: $work/key
		log:
		  - target: stdout
		    any: info
		database:
		    storage: $work/knot
		zone:
		  - domain: example.test
		    storage: $work/knot
	CONF
	p1 knotd -c "$work/knot/knot.conf" >"$work/peer" 2>&1 &
	within 60 grep -q 'server started' "$work/peer"
}

peer_client() {
	p0 kdig +quic +tls-ca="$work/cert" +tls-hostname=$name @$1 -p $port www.example.test A
}

ask_us() {
	our_server -a doq || return 1
	peer_client "$1" >"$work/peer" 2>&1
	grep -qE "^www.example.test.*\sA\s$answer" "$work/peer" && counted n1 PROTOCOL_ERRORS -eq 0 &&
		counted n1 CONN_ESTABLISHED -eq 1
}

ask_it() {
	peer_server && our_client -a doq "$1" www.example.test ns.example.test www.example.test &&
		[ "$(grep -c "answer=$answer" "$work/client")" = 3 ] && counted n0 PROTOCOL_ERRORS -eq 0
}

run client handshake ask_it $addr1
run client ipv6 ask_it $addr1_6
# kdig ends when its own probe timer fires, which the ACK of its Initial starts; in a guest where TLS
# takes 30 ms, that is before our ServerHello
if [ "$SLOW" -gt 1 ] || [ -n "$DEBUG" ]; then
	for case in handshake ipv6; do
		skipped server $case "kdig gives up at its first probe timeout, too soon for TLS here"
	done
else
	run server handshake ask_us $addr1
	run server ipv6 ask_us $addr1_6
fi
finish
