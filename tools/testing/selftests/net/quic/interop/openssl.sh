#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2046,SC2086,SC2154,SC2317
# openssl.sh: OpenSSL's own QUIC, `openssl s_client -quic`; that program has no server, and
# opens one stream: one file in a connection.
. "$(dirname "$0")/lib.sh"
need openssl

# peer_client ADDRESS FILES [WORDS]: a connection for each of them
peer_client() {
	local to=$1 files=$2 file

	shift 2
	[[ $to != *:* ]] || to="[$to]"
	for file in $files; do
		# it closes when its input ends: when all is there, or time is over
		{ printf 'GET %s\r\n' $file; within $limit complete $file; } |
			p0 openssl s_client -quic -alpn hq-interop -connect $to:$port -quiet -no_ign_eof -nocommands \
				-CAfile "$work/cert" -verify_return_error -servername $name \
				$([ "${1:-}" != chacha20 ] || echo -ciphersuites TLS_CHACHA20_POLY1305_SHA256) \
				>"$work/dl$file" || return 1
	done
}

complete() { [ "$(stat -c %s "$work/dl$1" 2>/dev/null)" = "$(stat -c %s "$work/www$1")" ]; }

hello=2	# for a key of ML-KEM
cases server handshake ipv6 chacha20 retry longrtt transfer keyupdate_by_us $impaired $moved
no_ecn server
finish
