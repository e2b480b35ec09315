#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2046,SC2086,SC2154,SC2317
# aioquic.sh: hq-interop with aioquic, which is written in Python, in both roles.
. "$(dirname "$0")/lib.sh"
need aioquic

# option_of WORD...: how aioquic_hq.py says it
options_of() {
	local word

	for word in "$@"; do
		case $word in
		chacha20) echo --cipher=chacha20 ;;
		compatible) echo --versions=1,2 ;;
		v2) echo --versions=2,1 ;;
		only-v2) echo --versions=2 ;;
		strange-version) echo --first=1a2a3a4a ;;
		resumption) ;;	# it gives tickets in any case
		*) echo "--$word" ;;
		esac
	done
}

# one process in each namespace has imported aioquic, and forks for each command
for i in 0 1; do
	mkfifo "$work/fifo$i"
	"p$i" python3 -B "$work/aioquic_hq.py" wait "$work/fifo$i" >"$work/ready$i" 2>&1 &
done
ready() { grep -q ready "$work/ready0" && grep -q ready "$work/ready1"; }
within 300 ready ||
	skip_all "aioquic does not start: $(tail -n 1 "$work/ready0")"
kept=$({ ip netns pids "$ns0"; ip netns pids "$ns1"; } | xargs)

peer_server() {
	echo "$work/peer server $port $work/www $work/key $work/cert" $(options_of "$@") >"$work/fifo1"
	within 60 grep -qs listening "$work/peer"
}

peer_client() {
	local to=$1 files=$2

	shift 2
	rm -f "$work/peer.client"*
	echo "$work/peer.client client $to $port $work/dl" $files "--ca=$work/cert --name=$name" \
		$(options_of "$@") >"$work/fifo0"
	within $limit test -e "$work/peer.client.status"
	cat "$work/peer.client"
	return "$(cat "$work/peer.client.status" 2>/dev/null || echo 124)"
}

cases client handshake ipv6 zerolength chacha20 retry v2 versionnegotiation keyupdate keyupdate_by_peer longrtt multiplexing transfer \
	resumption zerortt $impaired $moved
cases server handshake ipv6 chacha20 retry v2 compatible versionnegotiation keyupdate keyupdate_by_us longrtt multiplexing \
	transfer resumption zerortt $impaired $moved
no_ecn client server
skipped client compatible "its server takes the first version of the client's list, which is the one in use"
skipped client connectionmigration "its server answers PATH_CHALLENGE only on the path in use"
finish
