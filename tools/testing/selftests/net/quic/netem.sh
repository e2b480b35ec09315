#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# netem.sh: 16 MB over links that lose, delay, reorder, duplicate, corrupt and fall silent:
# every byte right, no stall longer than probe timeouts allow, and counters that tell.
# shellcheck disable=SC2317
. "$(dirname "$0")/netns.sh"

setup
in_order
netem delay 1ms || skip_all "no netem"
netem
MB=1048576
# a lossy path is slow by its nature: small runs stay long enough to lose something
scale=$((SCALE > 16 ? 16 : SCALE))
size=$((16 * MB / scale))
[ $scale = 1 ] || note "sizes are divided by $scale"

# netem takes a batch for one packet: there shall be none
switches gso=0
# a server that misses the last packet waits no longer than this
xfer_both=(--idle-ms 8000)

# stalls LIMIT_MS NAME: nothing stood still for longer, at either end
stalls() {
	local worst limit=$(($1 * SLOW))

	worst=$(printf '%s\n' "$(result client max_stall_ms)" "$(result server max_stall_ms)" | sort -n | tail -n 1)
	check "$2: no stall over $limit ms (${worst:-none})" test "${worst:-999999}" -le $limit
}

# begin NETEM_ARGS
begin() {
	netem "$@" || not_ok "netem $*"
	mib_mark
}

begin delay 10ms
xfer "no loss, 20 ms round trip" $addr1 --bytes $size
chk_sent_once n0 "no loss"
chk_mib n0 PKT_LOST -eq 0 "no loss"
chk_mib n0 PKT_SPURIOUS -eq 0 "no loss"

# With 1 ms the probe timeout is about 30 ms, and doubles with each probe that is lost,
# too: five in a row make a second
begin loss 1% delay 1ms
xfer "1 % loss" $addr1 --bytes $size
stalls 2000 "1 % loss"
chk_mib n0 PKT_LOST -gt 0 "1 % loss"
chk_mib n0 STREAM_BYTES_RETRANS -gt 0 "1 % loss"
lost=$(mib n0 PKT_LOST)
sent=$(mib n0 TX_PACKETS)
check "1 % loss: no more than 5 % are taken for lost ($lost of $sent)" test $((lost * 20)) -le "$sent"

begin loss 10% delay 1ms
xfer "10 % loss" $addr1 --bytes $size
stalls 5000 "10 % loss"
chk_mib n0 PKT_LOST -gt 0 "10 % loss"
chk_mib n0 STREAM_BYTES_RETRANS -gt 0 "10 % loss"
chk_mib n0 PTO -gt 0 "10 % loss"
switches
batches || note "there are no batches: they are switched off"
mib_mark
xfer "10 % loss of batches, both directions, IPv6" $addr1_6 --bytes $((size / 4)) --streams 4 --both
stalls 5000 "10 % loss of batches, both directions"
chk_mib n1 STREAM_BYTES_RETRANS -gt 0 "10 % loss of batches, both directions"
switches gso=0

begin delay 50ms reorder 10% 25%
xfer "50 ms delay, 10 % out of order" $addr1 --bytes $size
stalls 2000 "reordering"
chk_mib n1 DROP_DECRYPT -eq 0 "reordering"

begin delay 1ms duplicate 2%
xfer "2 % duplication" $addr1 --bytes $size
stalls 1000 "duplication"
chk_mib n1 DROP_DUPLICATE -gt 0 "duplication"
chk_mib n0 PKT_LOST -eq 0 "duplication"
chk_sent_once n0 "duplication"

begin delay 1ms corrupt 1%
xfer "1 % corruption" $addr1 --bytes $size
stalls 2000 "corruption"
chk_mib n0 STREAM_BYTES_RETRANS -gt 0 "corruption"
chk_mib n0 PROTOCOL_ERRORS -eq 0 "corruption"
chk_mib n1 PROTOCOL_ERRORS -eq 0 "corruption"

# 3 s of silence in the middle, or how long the commands take that make it: the next
# probe after it comes at most as late as the silence was long, and then one timeout more.
# The link is so slow that the transfer takes 4 s without it, and its queue so short that
# the round trip, and with it the probe timeout, does not grow to seconds in it.
silence() {
	silence=$(now_ms)
	netem loss 100%
	sleep 3
	netem delay 10ms rate 16mbit limit 100
	silence=$(($(now_ms) - silence))
	note "$silence ms of silence"
}

# meanwhile NAME COMMAND: a transfer, of which a quarter has arrived when the command runs
meanwhile() {
	local rc=0 name=$1 bytes=$((8 * MB))

	begin delay 10ms rate 16mbit limit 100
	server --conns 1 --timeout 30 --idle-ms 15000 || { not_ok "$name"; return; }
	bg0 ./quic_xfer client --port $port --insecure --timeout 30 --idle-ms 15000 --bytes $bytes $addr1 \
		>"$work/client" 2>"$work/client.err"
	client_pid=$!
	if wait_until 20 mib_is n1 RX_BYTES -ge $((bytes / 4)); then
		$2
	else
		note "a quarter of it did not arrive in time"
		rc=1
	fi
	wait $client_pid || rc=1
	[ $rc = 0 ] || server_stop
	wait "$server_pid" || rc=1
	if [ $rc = 0 ] && [ "$(result client tx_hash)" = "$(result server rx_hash)" ]; then
		ok "$name"
	else
		not_ok "$name"
		show_errors
	fi
	chk_mib n0 STREAM_BYTES_RETRANS -gt 0 "$name"
	chk_mib n0 CONN_IDLE_TIMEOUT -eq 0 "$name"
}
name="3 s of blackhole"
meanwhile "$name" silence
check "$name: it did stand still" test "$(result server max_stall_ms)0" -ge 25000
stalls $((2 * silence + 1500)) "$name"
chk_mib n0 PTO -gt 0 "$name"

# The far end takes no more than 1300 bytes from now on, and nobody is told: three losses in a row
# show it, probe timeouts of 200, 400 and 800 ms while the queue is full
name="the path narrows"
narrow() { ip -n "$ns1" link set veth1 mtu 1300; }
meanwhile "$name" narrow
stalls 5000 "$name"
chk_mib n0 TX_MTU_PROBES -gt 1 "$name"
netem
finish
