#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2046,SC2086,SC2154,SC2317
# ngtcp2.sh: HTTP/3 with the example programs of ngtcp2, in both roles.
. "$(dirname "$0")/lib.sh"
need ngtcp2
program=quic_h3
[ -x "$here/$program" ] || skip_all "quic_h3 was not built: no libnghttp3-dev"

ciphers="NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+CHACHA20-POLY1305"

peer_server() {
	local options=()

	case ${1:-} in
	chacha20) options=("--ciphers=$ciphers") ;;
	retry) options=(--validate-addr) ;;
	v2) options=("--preferred-versions=v2,v1") ;;
	esac
	p1 gtlsserver -q -d "$work/www" "${options[@]}" '*' $port "$work/key" "$work/cert" >"$work/peer" 2>&1 &
	within 60 udp_bound
}
udp_bound() { n1 ss -Hnul "sport = :$port" | grep -q .; }

peer_client() {
	local to=$1 files=$2 options=() host=$1

	[[ $to != *:* ]] || host="[$to]"
	case ${3:-} in
	chacha20) options=("--ciphers=$ciphers") ;;
	key-update) options=(--key-update=1ms) ;;
	strange-version) options=(--version=0x1a2a3a4a --preferred-versions=v1) ;;
	v2) options=(--version=v2) ;;
	esac
	p0 gtlsclient -q --download="$work/dl" --exit-on-all-streams-close "${options[@]}" \
		$to $port $(printf "https://$host:$port%s " $files)
}

cases client handshake ipv6 chacha20 retry v2 keyupdate longrtt multiplexing transfer resumption
cases server handshake ipv6 chacha20 retry v2 versionnegotiation keyupdate keyupdate_by_us longrtt multiplexing transfer
finish
