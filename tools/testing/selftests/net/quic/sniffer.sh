#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# sniffer.sh: packets are opened in the memory they came in, and somebody else reads the
# same memory: what a sniffer sees must stay what was on the wire, and data intact.
# shellcheck disable=SC2317
. "$(dirname "$0")/netns.sh"

setup
MB=1048576
size=$((64 * MB / SCALE))
[ "$SCALE" = 1 ] || note "sizes are divided by $SCALE"

# one frame is one datagram, at both ends alike
ip -n "$ns0" link set veth0 gso_max_segs 1
ip -n "$ns1" link set veth1 gso_max_segs 1
bg0 ./quic_garbage sniff veth0 $port >"$work/sniff0"
pid0=$!
bg1 ./quic_garbage sniff veth1 $port >"$work/sniff1"
pid1=$!
both_ready() { grep -q ready "$work/sniff0" && grep -q ready "$work/sniff1"; }
wait_until 10 both_ready
dump=0
if command -v tcpdump >/dev/null; then
	bg0 tcpdump -i veth0 -U -w "$work/veth0.pcap" udp port $port 2>"$work/tcpdump0"
	dump0=$!
	bg1 tcpdump -i veth1 -U -w "$work/veth1.pcap" udp port $port 2>"$work/tcpdump1"
	dump1=$!
	dumping() { grep -q 'listening on' "$work/tcpdump0" && grep -q 'listening on' "$work/tcpdump1"; }
	if wait_until 10 dumping; then dump=1; else note "tcpdump does not start: $(cat "$work/tcpdump0")"; fi
fi
mib_mark
xfer "data, with sniffers at both ends" $addr1 --bytes $size
xfer "data in both directions, IPv6 unseen" $addr1_6 --bytes $((size / 4)) --both
xfer "data in both directions, IPv4" $addr1 --bytes $((size / 4)) --both --streams 4
chk_mib n1 DROP_DECRYPT -eq 0
chk_mib n0 DROP_DECRYPT -eq 0
chk_mib n1 RX_COPIED -gt 0 "what somebody else holds is not opened in place"
if [ $dump = 1 ]; then
	kill "$dump0" "$dump1"
	wait "$dump0" "$dump1"
	check "tcpdump has captured at both ends" test -s "$work/veth0.pcap" -a -s "$work/veth1.pcap"
	# no fragments and nothing that could be made some, RFC 9000 section 14; in IPv6 a flow label, section 9.7
	unseen() { ! seen "$@"; }
	seen() { tcpdump -r "$work/veth0.pcap" -c 1 "$@" 2>/dev/null | grep -q .; }
	check "IPv4: there are packets with Don't Fragment" seen "ip[6:2] == 0x4000"
	check "IPv4: and no others" unseen "ip and ip[6:2] != 0x4000"
	check "IPv6: there are packets with a flow label" seen "ip6[0:4] & 0xfffff != 0"
	check "IPv6: and no others" unseen "ip6 and ip6[0:4] & 0xfffff == 0"
fi
wait_until 20 no_conns n0
wait_until 20 no_conns n1
kill -TERM $pid0 $pid1
wait $pid0 $pid1
note "n0: $(tail -n 1 "$work/sniff0")"
note "n1: $(tail -n 1 "$work/sniff1")"
check "the sniffers missed nothing" test "$(grep -c 'missed=0$' "$work/sniff0" "$work/sniff1" | grep -c ':1$')" = 2
check "there was something to see" grep -qE 'packets=[1-9][0-9]+ ' "$work/sniff0"
check "both ends of the link saw the same bytes" \
	test "$(tail -n 1 "$work/sniff0")" = "$(tail -n 1 "$work/sniff1")"
finish
