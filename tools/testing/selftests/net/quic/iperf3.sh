#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# iperf3.sh: the distribution's iperf3 through bench/iperf3 --quic, with the options
# that people use; its own report must say that the bytes arrived, and the counters that
# they went through QUIC.
. "$(dirname "$0")/netns.sh"

iperf3=../../../../../bench/iperf3
[ -x $iperf3 ] || skip_all "no bench/iperf3"
command -v iperf3 >/dev/null || skip_all "no iperf3"
setup
port=5201
MB=1048576
size=$((128 * MB / SCALE))
[ "$SCALE" = 1 ] || note "sizes are divided by $SCALE"

# bytes KEY: of the end section of the report, e.g. sum_received
bytes() {
	tr -d ' \t\n' <"$work/client" | sed -nE "s/.*\"$1\":\\{[^}]*\"bytes\":([0-9]+).*/\\1/p"
}

# run NAME ARGS: one test, the report as JSON, unless as_text is set
as_text=
run() {
	local name=$1 rc=0 arg opts=(--quic) form=(-J)

	shift
	for arg; do [ "$arg" != --no-encrypt ] || opts+=(--no-encrypt); done
	[ -z "$as_text" ] || form=()
	mib_mark
	bg1 timeout $((60 * SLOW)) $iperf3 "${opts[@]}" -s -1 -p $port >"$work/server" 2>"$work/server.err"
	server_pid=$!
	wait_until 20 is_listening $port || note "the server does not listen"
	n0 timeout $((60 * SLOW)) $iperf3 --quic -c $addr1 -p $port "${form[@]}" "$@" >"$work/client" 2>"$work/client.err" || rc=$?
	[ $rc = 0 ] || kill $server_pid 2>/dev/null
	wait $server_pid || rc=$?
	if [ $rc = 0 ] && [ -n "$as_text" ]; then
		ok "$name"
	elif [ $rc = 0 ] && ! grep -q '"error"' "$work/client" && [ "$(bytes sum_received)" -gt 100000 ]; then
		ok "$name"
		note "$(bytes sum_sent) bytes sent, $(bytes sum_received) received"
	else
		not_ok "$name"
		note "status $rc; $(grep -h '"error"' "$work/client")"
		tail -n 5 "$work/server" | sed 's/^/# /'
		show_errors
	fi
}

# what runs for a time has no need to move much in it
netem rate 50mbit
run "for a time (-t 1)" -t 1
chk_mib n0 CONN_ESTABLISHED -eq 2 "control and data"
chk_mib n1 RX_BYTES -gt "$(bytes sum_received)" "through QUIC"
run "both ways (--bidir)" -t 1 --bidir
check "both ways: bytes came back" test "$(bytes sum_received_bidir_reverse)" -gt 100000
as_text=1
run "intervals as text (-i 0.2)" -t 1 -i 0.2 -f m
intervals=$(grep -cE '[0-9.]+-[0-9.]+ +sec .*Mbits/sec' "$work/client")
# a CPU that stands still makes one of several
check "5 intervals and 2 sums ($intervals lines)" test "$intervals" -ge $((SLOW > 1 ? 4 : 6)) -a "$intervals" -le 8
as_text=
netem
run "4 at once (-P 4)" -n $size -P 4
chk_mib n0 CONN_ESTABLISHED -eq 5 "control and data"
run "backwards (-R)" -n $size -R
chk_mib n0 RX_BYTES -gt "$(bytes sum_received)" "through QUIC"
run "so many bytes (-n)" -n $size
check "so many bytes: all of them" test "$(bytes sum_sent)" -ge $size
run "small writes (-l 1000)" -n $size -l 1000
run "large writes (-l 1M)" -n $size -l 1M
run "sendfile (-Z)" -n $size -Z
if is_on zerocopy; then
	# it refers to the pages of the file; ends of less than half a page may be copied
	chk_mib n0 TX_SPLICE_BYTES -ge $(($(bytes sum_sent) * 95 / 100)) "sendfile copies nothing"
	chk_mib n0 TX_COPIED_BYTES -lt $(($(bytes sum_sent) / 20)) "sendfile copies nothing"
else
	chk_mib n0 TX_SPLICE_BYTES -eq 0 "sendfile copies all"
	chk_mib n0 TX_COPIED_BYTES -ge "$(bytes sum_sent)" "sendfile copies all"
fi
run "without encryption" -n $size --no-encrypt
run "no delay, window (-N -w 200K)" -n $size -N -w 200K
check "the report has retransmissions" grep -q '"retransmits"' "$work/client"
chk_mib n1 PROTOCOL_ERRORS -eq 0
finish
