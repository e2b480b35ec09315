#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ecn.sh: packets are marked ECT(0) once the path has proven itself, CE slows the sender
# down without a packet lost, and where marks are taken off or are not wanted none is set.
# shellcheck disable=SC2016
. "$(dirname "$0")/netns.sh"

setup
in_order
netem delay 1ms || skip_all "no netem"
netem
size=$((16777216 / (SCALE > 16 ? 16 : SCALE)))
# netem marks a batch for one packet, and the counters of IP count it so
n0 sysctl -qw net.tquic.gso=0
n1 sysctl -qw net.tquic.gso=0

# ip_count n0|n1 NAME: packets that the IP layer has taken in with that mark
ip_count() {
	"$1" awk -v want="$2" '
		$1 == "IpExt:" && !n {n = split($0, names); next}
		$1 == "IpExt:" {for (i = 2; i <= n; i++) if (names[i] == want) print $i}
	' /proc/net/netstat
}

# marks n0|n1 NAME: how many since the last call of begin
marks() { echo $(($(ip_count "$1" "$2") - $(cat "$work/$1.$2"))); }

begin() {
	local name

	for name in InECT0Pkts InNoECTPkts InCEPkts; do
		ip_count n0 $name >"$work/n0.$name"
		ip_count n1 $name >"$work/n1.$name"
	done
	mib_mark
}

netem delay 1ms
begin
xfer "a path that keeps marks" $addr1 --bytes $size
sent=$(mib n0 TX_PACKETS)
check "most packets arrive marked ($(marks n1 InECT0Pkts) of $sent)" test $(($(marks n1 InECT0Pkts) * 10)) -gt $((sent * 9))
chk_mib n0 ECN_FAILED -eq 0
chk_mib n0 ECN_CE -eq 0

# marks CE what it would else drop
netem delay 1ms loss 2% ecn
begin
xfer "a congested path" $addr1 --bytes $size
check "the path has marked packets CE ($(marks n1 InCEPkts))" test "$(marks n1 InCEPkts)" -gt 0
chk_mib n0 ECN_CE -gt 0
chk_mib n0 ECN_FAILED -eq 0

netem delay 1ms
begin
xfer "a path that keeps marks, IPv6" $addr1_6 --bytes $((size / 4))
chk_mib n0 ECN_FAILED -eq 0 "IPv6"
check "IPv6: marked packets arrive" test "$(n1 awk '$1 == "Ip6InECT0Pkts" {print $2}' /proc/net/snmp6)" -gt 100

# bleach: on its way every packet loses its mark
bleach() {
	modprobe -q cls_u32 act_pedit act_csum 2>/dev/null
	n0 tc qdisc replace dev veth0 root handle 1: prio &&
		n0 tc filter add dev veth0 parent 1: protocol ip u32 match u32 0 0 \
			action pedit ex munge ip tos set 0 retain 0x3 pipe action csum ip4h
}

netem
if bleach 2>"$work/bleach"; then
	begin
	xfer "a path that takes marks off" $addr1 --bytes $size
	check "none arrives marked ($(marks n1 InECT0Pkts))" test "$(marks n1 InECT0Pkts)" = 0
	chk_mib n0 ECN_FAILED -eq 1 "marks were taken off"
	n0 tc qdisc del dev veth0 root
else
	note "$(cat "$work/bleach")"
	ok "a path that takes marks off # SKIP no pedit"
fi

n0 sysctl -qw net.tquic.ecn=0
begin
xfer "net.tquic.ecn=0" $addr1 --bytes $size
check "net.tquic.ecn=0: no packet is marked ($(marks n1 InECT0Pkts))" test "$(marks n1 InECT0Pkts)" = 0
check "net.tquic.ecn=0: and the other end's are ($(marks n0 InECT0Pkts))" test "$(marks n0 InECT0Pkts)" -gt 0

finish
