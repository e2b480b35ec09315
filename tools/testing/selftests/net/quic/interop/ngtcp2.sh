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
	preferred) options=("--preferred-ipv4-addr=$addr1_other:4434" "--preferred-ipv6-addr=[$addr1_other_6]:4434") ;;
	esac
	p1 gtlsserver -q -d "$work/www" "${options[@]}" '*' $port "$work/key" "$work/cert" >"$work/peer" 2>&1 &
	within 60 udp_bound
}
udp_bound() { n1 ss -Hnul "sport = :$port" | grep -q .; }

# peer_client ADDRESS FILES [WORD]; zero-rtt: a connection for the first file, then one for the others
peer_client() {
	local to=$1 files=$2 options=() host=$1

	[[ $to != *:* ]] || host="[$to]"
	case ${3:-} in
	chacha20) options=("--ciphers=$ciphers") ;;
	key-update) options=(--key-update=1ms) ;;
	strange-version) options=(--version=0x1a2a3a4a --preferred-versions=v1) ;;
	compatible) options=(--version=v1 "--available-versions=v1,v2") ;;
	v2) options=(--version=v2) ;;
	migrate) options=(--change-local-addr=100ms) ;;
	zero-rtt)
		rm -f "$work/session" "$work/parameters"
		options=(--session-file="$work/session" --tp-file="$work/parameters")
		fetch_by_it --wait-for-ticket "${options[@]}" $to $port "https://$host:$port${files%% *}" || return 1
		files=${files#* }
		;;
	esac
	fetch_by_it "${options[@]}" $to $port $(printf "https://$host:$port%s " $files)
}
fetch_by_it() { p0 gtlsclient -q --download="$work/dl" --exit-on-all-streams-close "$@"; }

cases client handshake ipv6 zerolength chacha20 retry v2 compatible keyupdate longrtt multiplexing transfer resumption zerortt \
	connectionmigration preferredaddress $impaired $moved $measured ecn
cases server handshake ipv6 chacha20 retry v2 compatible versionnegotiation keyupdate keyupdate_by_us longrtt multiplexing \
	transfer zerortt connectionmigration preferredaddress $impaired $moved $measured ecn
finish
