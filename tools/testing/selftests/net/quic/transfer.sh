#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# transfer.sh: much data over a link that loses nothing: one stream, many streams, many
# connections, both directions, both address families, three MTUs; every byte verified.
. "$(dirname "$0")/netns.sh"

setup
in_order
MB=1048576
big=$((1024 * MB / SCALE))
part=$((128 * MB / SCALE))
[ "$SCALE" = 1 ] || note "sizes are divided by $SCALE"

# clean: nothing of the last transfer was lost, or sent twice, or dropped
clean() {
	chk_sent_once n0 "$1"
	chk_mib n0 PKT_SPURIOUS -eq 0 "$1"
	chk_mib n1 PKT_LOST -eq 0 "$1"
	check "$1: nothing is dropped" test "$(mib_drops n0)/$(mib_drops n1)" = 0/0
	chk_mib n1 DROP_DECRYPT -eq 0 "$1"
	# one may be chance: an event between epoll_wait() and our own look
	check "$1: no wakeup is missed" test $(($(result client missed_wakeups) + $(result server missed_wakeups))) -le 1
	mib_mark
}

xfer "1 stream, IPv4" $addr1 --bytes $big
chk_mib n0 CONN_ACTIVE_OPENS -eq 1
chk_mib n1 CONN_PASSIVE_OPENS -eq 1
chk_mib n1 CONN_ESTABLISHED -eq 1
chk_mib n1 RX_BYTES -ge $big "the data went through QUIC"
chk_switches "1 stream, IPv4" $big
clean "1 stream, IPv4"
xfer "1 stream, IPv6" $addr1_6 --bytes $part
clean "1 stream, IPv6"
xfer "8 streams at once" $addr1 --bytes $part --streams 8
clean "8 streams at once"
xfer "both directions at once" $addr1 --bytes $part --streams 2 --both
clean "both directions at once"
xfer "without encryption" $addr1 --bytes $part --no-encrypt
mib_mark
xfer "32 connections at once" $addr1 --bytes $((part / 8)) --conns 32 --both
chk_mib n1 CONN_ESTABLISHED -eq 32
mib_mark
xfer "90 streams of few bytes" $addr1 --bytes 1001 --streams 90 --both
xfer "streams of no bytes" $addr1 --bytes 0 --streams 3
xfer "streams of one byte" $addr1_6 --bytes 1 --streams 3 --both
mib_mark
for mtu in 1280 9000; do
	set_mtu $mtu
	xfer "MTU $mtu, IPv4" $addr1 --bytes $part --streams 2
	xfer "MTU $mtu, IPv6" $addr1_6 --bytes $part --both
	mib_mark
done
# the path's MTU is found, and used
chk_large() {
	local pkts bytes all=$((part * 2))

	# enough for what leaves before it is found not to count
	[ $all -ge $((8 << 20)) ] || all=$((8 << 20))
	set_mtu 9000
	xfer "MTU 9000 is used" $addr1 --bytes $all
	pkts=$(mib n0 TX_PACKETS)
	bytes=$(mib n0 TX_BYTES)
	check "packets of more than 4000 bytes on average" test $((bytes / (pkts + 1))) -gt 4000
	note "$bytes bytes in $pkts packets"
}
chk_large
chk_mib n0 PROTOCOL_ERRORS -eq 0
chk_mib n1 PROTOCOL_ERRORS -eq 0

# switched NAME ZEROCOPY GSO GRO: a transfer, and what the counters say that each switch did
switched() {
	switches zerocopy="$2" gso="$3" gro="$4"
	mib_mark
	xfer "$1" $addr1 --bytes $part --streams 2
	chk_switches "$1" $((2 * part))
}

set_mtu 1500
lost=0
for loss in "" "loss 1%"; do
	# shellcheck disable=SC2086
	netem ${loss:+$loss delay 1ms}
	for i in 0 1 2 3 4 5 6 7; do
		set -- $((i >> 2)) $((i >> 1 & 1)) $((i & 1))
		switched "zerocopy=$1 gso=$2 gro=$3${loss:+, $loss}" "$@"
		lost=$((lost + $(mib n0 PKT_LOST)))
	done
	[ -z "$loss" ] || check "packets were lost, and sent again" test $lost -gt 0
done
netem
switches
switches hpbatch=0
mib_mark
xfer "header protection one by one" $addr1 --bytes $part --both
chk_switches "header protection one by one" $part

# small_skbs NAME SIZE OPERATOR: packets for two batches, on a device that takes so much in one skb
small_skbs() {
	ip -n "$ns0" link set veth0 gso_max_size "$2"
	mib_mark
	xfer "$1" $addr1 --bytes $big
	if batches; then
		chk_mib n0 TX_GSO -gt 0 "$1"
		check "$1: packets of two batches" test "$(mib n0 TX_PACKETS)" "$3" $((2 * $(mib n0 TX_BATCHES)))
	fi
}
switches
small_skbs "gso_max_size 4000" 4000 -le
small_skbs "gso_max_size 65536" 65536 -gt

# while bytes are on their way
# shellcheck disable=SC2016
bg0 sh -c 'cd /proc/sys/net/tquic; v=0; while sleep 0.02; do
	v=$((v ^ 1)); echo $v >zerocopy; echo $((v ^ 1)) >hpbatch; done'
turning=$!
mib_mark
xfer "switches are turned all the time" $addr1 --bytes $((big * 2))
kill $turning
chk_mib n0 TX_PAYLOAD_COPIED -gt 0
if is_on gso; then chk_mib n0 TX_GSO -gt 0; else chk_mib n0 TX_GSO -eq 0; fi
chk_mib n1 PROTOCOL_ERRORS -eq 0
finish
