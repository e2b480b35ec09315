#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# rekey.sh: both ends change their keys again and again while packets are lost, come late
# and come twice: each key opens what was sealed with it, and nothing else is sent twice.
. "$(dirname "$0")/netns.sh"

setup
# a new update waits for three probe timeouts, 80 ms and more: slow enough for some
netem delay 1ms rate 16mbit || skip_all "no netem"
size=$((2 << 20))
xfer_both=(--rekey 64K --idle-ms 15000)

# rekeyed NAME: what is true of all of them
rekeyed() {
	chk_mib n0 KEY_UPDATES -ge 2 "$1"
	chk_mib n1 KEY_UPDATES -ge 2 "$1"
	chk_mib n0 PROTOCOL_ERRORS -eq 0 "$1"
	chk_mib n1 PROTOCOL_ERRORS -eq 0 "$1"
	note "$(mib n0 KEY_UPDATES) and $(mib n1 KEY_UPDATES) updates," \
		"$(mib n0 DROP_DECRYPT) and $(mib n1 DROP_DECRYPT) packets not opened"
}

mib_mark
xfer "a clean link" $addr1 --bytes $size --both
rekeyed "clean"
# a CPU that stands still for three probe timeouts has not prepared the next keys in time
if [ "${ICOUNT:-0}" = 1 ] || [ "$EMULATED" = 0 ]; then
	chk_mib n0 DROP_DECRYPT -eq 0 "clean"
	chk_mib n1 DROP_DECRYPT -eq 0 "clean"
fi

netem delay 5ms rate 16mbit loss 5%
mib_mark
xfer "5 % loss" $addr1 --bytes $size --both
rekeyed "loss"
chk_mib n0 STREAM_BYTES_RETRANS -gt 0 "loss"

netem delay 10ms 3ms rate 16mbit reorder 20% duplicate 2% loss 1%
mib_mark
xfer "late, twice, lost" $addr1_6 --bytes $size --both --streams 3
rekeyed "late, twice, lost"

# nobody asks: each key is good for so many packets
xfer_both=(--idle-ms 15000)
n0 sysctl -qw net.tquic.rekey_packets=200
netem delay 1ms rate 16mbit
mib_mark
xfer "net.tquic.rekey_packets=200" $addr1 --bytes $size
chk_mib n0 KEY_UPDATES -ge 2 "net.tquic.rekey_packets=200"
chk_mib n1 KEY_UPDATES -ge 2 "net.tquic.rekey_packets=200"
chk_mib n0 PROTOCOL_ERRORS -eq 0 "net.tquic.rekey_packets=200"
netem
finish
