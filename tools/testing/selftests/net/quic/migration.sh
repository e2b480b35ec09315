#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# migration.sh: a NAT between client and server forgets its mapping in the middle of a
# transfer: the server sees another address, has it proven, and goes on there.
#
#    n0: client -- 127.0.0.1 quic_nat 192.0.2.1 ------ 192.0.2.2 server: n1
# shellcheck disable=SC2317
. "$(dirname "$0")/netns.sh"

setup
# so slow that there is time for it: 3 s and more between two of them
netem delay 2ms rate 8mbit limit 100 || skip_all "no netem"
part=$((3 << 20))
ip -n "$ns0" link set lo mtu 1500

# nat INSIDE SERVER
nat() {
	bg0 ./quic_nat "$1" $port "$2" $port >"$work/nat"
	nat_pid=$!
	wait_until 10 grep -q ready "$work/nat" || not_ok "the NAT starts"
}

# reached COUNTER NUMBER: the server has, or there is nothing more to wait for
reached() { mib_is n1 "$1" -ge "$2" || ! kill -0 "$client_pid" 2>/dev/null; }

# rebinds NAME INSIDE SERVER TIMES ARGS: a transfer through a NAT that forgets so often
rebinds() {
	local name=$1 inside=$2 to=$3 times=$4 rc=0 i

	shift 4
	nat "$inside" "$to"
	mib_mark
	server --conns 1 --timeout $((30 * SLOW)) || { not_ok "$name"; return; }
	bg0 ./quic_xfer client --port $port --insecure --timeout $((30 * SLOW)) --bytes $((part * (times + 1))) "$@" "$inside" \
		>"$work/client" 2>"$work/client.err"
	client_pid=$!
	for ((i = 1; i <= times; i++)); do
		wait_until 30 reached RX_BYTES $((part * i - part / 2)) || note "no data flows"
		kill -USR1 $nat_pid
		wait_until 30 reached CONN_MIGRATED $i
	done
	wait $client_pid || rc=1
	[ $rc = 0 ] || server_stop
	wait "$server_pid" || rc=1
	if [ $rc = 0 ] && [ "$(result client tx_hash)" = "$(result server rx_hash)" ] &&
	   [ "$(result client rx_hash)" = "$(result server tx_hash)" ]; then
		ok "$name"
	else
		not_ok "$name"
		show_errors
	fi
	chk_mib n1 CONN_MIGRATED -eq "$times" "$name"
	check "$name: the NAT did forget" test "$(grep -c rebound "$work/nat")" = "$times"
	chk_mib n0 PROTOCOL_ERRORS -eq 0 "$name"
	chk_mib n1 PROTOCOL_ERRORS -eq 0 "$name"
	chk_mib n1 DROP_PATH -eq 0 "$name"
	chk_mib n0 CONN_RESET_RECEIVED -eq 0 "$name"
	kill $nat_pid
	wait $nat_pid 2>/dev/null
}

rebinds "the client sends" 127.0.0.1 $addr1 1
rebinds "both send" 127.0.0.1 $addr1 1 --both
rebinds "five times" 127.0.0.1 $addr1 5 --both
# an observer who sees both paths cannot tell by the flow label that they are of one connection, RFC 9000 section 9.7
if command -v tcpdump >/dev/null; then
	bg1 tcpdump -i veth1 -U -w "$work/pcap" "udp and src $addr1_6" 2>"$work/tcpdump"
	wait_until 10 grep -qs 'listening on' "$work/tcpdump" || note "tcpdump: $(cat "$work/tcpdump")"
fi
rebinds "IPv6" ::1 $addr1_6 2 --both --streams 3
if [ -e "$work/pcap" ]; then
	# of each packet the label and the port that it goes to
	tcpdump -nv -r "$work/pcap" 2>/dev/null | sed -nE 's/.*flowlabel (0x[0-9a-f]+).* > [0-9a-f:]+\.([0-9]+): .*/\1 \2/p' |
		sort -u >"$work/labels"
	distinct() { cut -d ' ' -f "$1" "$work/labels" | sort -u | wc -l; }
	check "IPv6: three paths, and each has a flow label of its own" \
		test "$(distinct 1)/$(distinct 2)/$(wc -l <"$work/labels")" = 3/3/3
fi
finish
