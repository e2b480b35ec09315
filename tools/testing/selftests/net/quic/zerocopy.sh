#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# zerocopy.sh: MSG_ZEROCOPY, sendfile() and splice() refer to the caller's pages: quic_zerocopy
# over the loopback, with packets of Ethernet's size, then of 64 KB, then with losses,
# then in copy mode.
. "$(dirname "$0")/netns.sh"

setup
n0 tc qdisc add dev lo root netem delay 1ms || skip_all "no netem"
n0 tc qdisc del dev lo root
flows="reuse reuse_odd reuse_plain sendfile splice"

ip -n "$ns0" link set lo mtu 1500
suite quic_zerocopy
ip -n "$ns0" link set lo mtu 65536
# shellcheck disable=SC2086
suite quic_zerocopy $flows

# netem takes a batch for one packet: there shall be none
n0 sysctl -qw net.tquic.gso=0
ip -n "$ns0" link set lo mtu 1500
n0 tc qdisc replace dev lo root netem loss 5% delay 1ms limit 20000
mib_mark
# shellcheck disable=SC2086
suite quic_zerocopy $flows
chk_mib n0 STREAM_BYTES_RETRANS -gt 0 "5 % loss"
if is_on zerocopy; then
	chk_mib n0 TX_PAYLOAD_COPIED -eq 0 "5 % loss"
else
	chk_mib n0 TX_PAYLOAD_COPIED -ge $((2 * $(mib n0 TX_COPIED_BYTES))) "5 % loss"
fi

# copy mode: the same flows arrive, and nothing is referred to
n0 sysctl -qw net.tquic.zerocopy=0 net.tquic.gso=1
mib_mark
# shellcheck disable=SC2086
suite quic_zerocopy $flows
chk_mib n0 TX_ZEROCOPY_BYTES -eq 0 "copy mode"
chk_mib n0 TX_SPLICE_BYTES -eq 0 "copy mode"
chk_mib n0 TX_GSO -eq 0 "copy mode"
chk_mib n0 TX_ZEROCOPY_COPIED -gt 0 "copy mode"
check "copy mode copies each byte twice" test "$(mib n0 TX_PAYLOAD_COPIED)" -ge \
	$((2 * $(mib n0 TX_COPIED_BYTES)))
chk_mib n0 PROTOCOL_ERRORS -eq 0
finish
