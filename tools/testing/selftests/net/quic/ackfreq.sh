#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ackfreq.sh: a sender that wants fewer ACKs asks for that (draft-ietf-quic-ack-frequency),
# and gets them, on a clean link and where packets are lost.
. "$(dirname "$0")/netns.sh"

setup
in_order
netem delay 20ms rate 16mbit || skip_all "no netem"
# packet by packet: a GSO batch has one ACK in any case
n0 sysctl -qw net.tquic.gso=0
size=$((2 << 20))

xfer "nothing asked" $addr1 --bytes $size
usual=$(mib n1 TX_ACK_ONLY)
chk_mib n0 TX_ACK_FREQUENCY -eq 0 "nothing asked"

n0 sysctl -qw net.tquic.ack_every=40
mib_mark
xfer "an ACK for forty packets" $addr1 --bytes $size
fewer=$(mib n1 TX_ACK_ONLY)
chk_mib n0 TX_ACK_FREQUENCY -ge 1
chk_mib n1 RX_ACK_FREQUENCY -ge 1
check "there are fewer ($fewer, not $usual)" test $((fewer * 2)) -lt "$usual"

netem delay 20ms rate 16mbit loss 3%
mib_mark
xfer "and 3 % loss" $addr1 --bytes $size
note "asked $(mib n0 TX_ACK_FREQUENCY) times: the window may stay too small for it"
chk_mib n0 STREAM_BYTES_RETRANS -gt 0
chk_mib n0 PROTOCOL_ERRORS -eq 0
chk_mib n1 PROTOCOL_ERRORS -eq 0

finish
