#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# leak.sh: connections come and go, well and badly, and leave no memory behind; then the
# namespaces go, with connections in them, and nothing holds the module any more.
# shellcheck disable=SC2317
. "$(dirname "$0")/netns.sh"

setup
rounds=200
[ "$QUICK" = 0 ] || rounds=40

server --conns 0 --timeout 60
check "data flows" client --bytes 1000 $addr1
wait_until 30 memory_is 0
check "at first nothing is held" memory_is 0
# of all namespaces; the column after the size
sockets() { awk '$1 ~ /^QUIC/ {sum += $3} END {print sum + 0}' /proc/net/protocols; }
before=$(sockets)

# one process for 20 connections, so that connections are what it takes time for
mib_mark
bad=0
for ((i = 0; i < rounds; i += 20)); do
	client --conns 20 --bytes 5000 --streams 2 --both $addr1 || { bad=$((bad + 1)); sed 's/^/# /' "$work/client.err"; }
done
check "$rounds connections come and go" test $bad = 0
chk_mib n1 CONN_ESTABLISHED -eq $rounds
chk_mib n1 CONN_CLOSE_RECEIVED -eq $rounds "each said good-bye"
wait_until 30 memory_is 0
check "$rounds connections later nothing is held" memory_is 0

# killed in the middle
for ((i = 0; i < 10; i++)); do
	mib_mark
	bg0 ./quic_xfer client --port $port --insecure --bytes 1G $addr1 >/dev/null 2>&1
	pid=$!
	wait_until 10 mib_is n1 RX_BYTES -gt 100000
	kill -KILL $pid
	wait $pid 2>/dev/null
done
wait_until 60 memory_is 0
check "killed in the middle, 10 times: nothing is held" memory_is 0
check "nobody keeps a socket that was not there at first" \
	test "$(sockets)" -le "$before"

# a namespace ends while its connections live
mib_mark
hold "5 connections" --conns 5 $addr1
chk_mib n1 CONN_ESTABLISHED -eq 5
disown -a
for ns in "$ns0" "$ns1"; do
	pids=$(ip netns pids "$ns")
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill -KILL $pids
	ip netns del "$ns"
done
empty() { [ "$(slab_objects)" = 0 ]; }
wait_until 60 empty
check "the namespaces are gone, nothing is held" empty
note "slabs: $(slab_objects) objects"
unused() { [ "$(cat /sys/module/quic/refcnt)" = 0 ]; }
wait_until 30 unused
check "nothing uses the module" unused
finish
