#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# spin.sh: an observer of the link sees the spin bit change about twice for each round trip
# that it wants to measure, and never where that is switched off.
. "$(dirname "$0")/netns.sh"

command -v tcpdump >/dev/null || skip_all "no tcpdump"
setup
in_order
netem delay 20ms rate 20mbit || skip_all "no netem"
n0 sysctl -qw net.tquic.gso=0
n1 sysctl -qw net.tquic.gso=0

# flips: how often the bit changes in the short headers from client to server
flips() {
	tcpdump -n -x -r "$work/pcap" "udp dst port $port" 2>/dev/null | awk '
		$1 == "0x0010:" && $8 ~ /^[4-7]/ {
			bit = $8 ~ /^[67]/
			n += seen++ && bit != last
			last = bit
		}
		END {print n + 0}'
}

# watched NAME: a transfer with an observer
watched() {
	bg1 tcpdump -i veth1 -U -s 64 -w "$work/pcap" udp port $port 2>"$work/tcpdump"
	dump=$!
	wait_until 10 grep -q 'listening on' "$work/tcpdump" || { not_ok "$1: tcpdump"; return; }
	xfer "$1" $addr1 --bytes 1500000
	kill $dump
	wait $dump
	ms=$(result client ms)
	flips=$(flips)
	note "$flips changes in $ms ms"
}

# one connection of 16 does not spin at each end
for _ in 1 2 3 4; do
	watched "spin bit, 40 ms round trip"
	[ "${flips:-0}" -lt 2 ] || break
done
check "it changes while data flows ($flips in $ms ms)" test "$flips" -ge 5
check "and not more often than the round trip lets it" test $((flips * 40)) -le $((ms + 200))

n0 sysctl -qw net.tquic.spin=0
n1 sysctl -qw net.tquic.spin=0
watched "net.tquic.spin=0"
check "net.tquic.spin=0: it never changes" test "$flips" = 0

finish
