#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# garbage.sh: 100,000 random and mutated datagrams at a listener and at an established
# connection: nothing breaks, the connection goes on with the right bytes, each datagram
# is counted, and memory is what it was.
# shellcheck disable=SC2317
. "$(dirname "$0")/netns.sh"

setup
MB=1048576
count=100000
[ "$DEBUG" = 0 ] || count=20000
[ "$QUICK" = 0 ] || count=4000
[ $count = 100000 ] || note "$count datagrams in each part"
ip -n "$ns0" link set veth0 gso_max_segs 1
ip -n "$ns1" link set veth1 gso_max_segs 1
n0 sysctl -qw net.core.netdev_max_backlog=20000 2>/dev/null || sysctl -qw net.core.netdev_max_backlog=20000

server --conns 0 --timeout 120
xfer_now() { client --timeout 60 --bytes "$1" $addr1; }
check "before: data flows" xfer_now $MB
wait_until 20 memory_is 0 || note "$(slab_objects) objects are in use before anything has come"
before=$(slab_objects)
check "there are tquic_* slabs" test "$before" != none

# a listener
mib_mark
n0 ./quic_garbage random $addr1 $port $count >"$work/random"
injected=$(sed -n 's/^injected=//p' "$work/random")
check "random: $count datagrams sent" test "$injected" = $count
all_seen() { [ "$(mib n1 RX_DATAGRAMS)" -ge "$injected" ]; }
wait_until 5 all_seen
seen=$(mib n1 RX_DATAGRAMS)
settled() {
	# shellcheck disable=SC2046
	[ $(($(mib_drops n1) + $(mib n1 TX_VERSION_NEGOTIATION))) -ge "$seen" ]
}
wait_until 10 settled
note "$seen of $injected seen, $(mib_drops n1) dropped, $(mib n1 TX_VERSION_NEGOTIATION) told our versions," \
	"$(mib n1 CONN_RESET_SENT) resets"
check "random: all of them are seen" test "$seen" -ge "$injected"
check "random: each is counted" settled
chk_mib n1 DROP_NO_CONN -gt 0
chk_mib n1 DROP_HEADER -gt 0
chk_mib n1 DROP_SHORT_INITIAL -gt 0
chk_mib n1 DROP_DECRYPT -gt 0
chk_mib n1 TX_VERSION_NEGOTIATION -gt 0
chk_mib n1 CONN_PASSIVE_OPENS -eq 0 "none of them makes a connection"
sent_bytes=$(mib n1 TX_BYTES)
check "random: it answers with less than it gets" test "$sent_bytes" -lt "$(mib n1 RX_BYTES)"
check "random: data flows" xfer_now $MB
wait_until 30 memory_is "$before"
check "random: memory is what it was" memory_is "$before"

# an established connection, from both sides at once
mib_mark
bg0 ./quic_garbage mutate veth0 $port $count >"$work/mutate0"
pid0=$!
bg1 ./quic_garbage mutate veth1 $port $((count / 4)) >"$work/mutate1"
pid1=$!
rounds=0 bad=0
while kill -0 $pid0 2>/dev/null || kill -0 $pid1 2>/dev/null; do
	xfer_now $((4 * MB)) || { bad=$((bad + 1)); sed 's/^/# /' "$work/client.err"; }
	rounds=$((rounds + 1))
	[ $bad -lt 3 ] || kill $pid0 $pid1 2>/dev/null
done
wait $pid0 $pid1
injected0=$(sed -n 's/^injected=//p' "$work/mutate0")
injected1=$(sed -n 's/^injected=//p' "$work/mutate1")
note "$rounds connections lived through $injected0 and $injected1 datagrams"
check "mutated: all sent" test "${injected0:-0}/${injected1:-0}" = $count/$((count / 4))
check "mutated: every connection goes on, every byte is right" test $bad/$((rounds > 0)) = 0/1
check "mutated: no connection ended in error" test "$(mib n0 PROTOCOL_ERRORS)/$(mib n1 PROTOCOL_ERRORS)/$(mib n0 CONN_RESET_RECEIVED)" = 0/0/0
mib_show n0
mib_show n1
# what came beyond the packets that the other end sent was dropped, one by one
for side in "n1 n0" "n0 n1"; do
	read -r to from <<<"$side"
	extra=$(($(mib "$to" RX_DATAGRAMS) - $(mib "$from" TX_PACKETS)))
	drops=$(($(mib_drops "$to") + $(mib "$to" TX_VERSION_NEGOTIATION)))
	check "mutated: $to saw $extra datagrams too many and counted $drops" test $drops -ge $extra
done
chk_mib n1 DROP_DECRYPT -gt 0
chk_mib n1 DROP_DUPLICATE -gt 0
chk_mib n1 DROP_NO_CONN -gt 0
chk_mib n0 DROP_DECRYPT -gt 0
chk_mib n0 DROP_DUPLICATE -gt 0

# each drop is an event of the tracepoint too, with the name of its counter
tracing=/sys/kernel/tracing/instances/garbage.$$
traced() {
	sed -n 's/.* tquic_drop: reason=\(DROP_[A-Z_]*\) len=[0-9]*$/\1/p' "$tracing/trace" | sort | uniq -c |
		awk '{print $2, $1}'
}
counted() {
	{ cat "$work/mib.n0" "$work/mib.n1"; echo; n0 cat /proc/net/quic/snmp; n1 cat /proc/net/quic/snmp; } |
		awk '!NF {now = 1} /^DROP_/ {sum[$1] += now ? $2 : -$2}
		     END {for (name in sum) if (sum[name]) print name, sum[name]}' | sort
}
if mkdir "$tracing" 2>/dev/null; then
	echo 1 >"$tracing/events/quic/tquic_drop/enable"
	mib_mark
	n0 ./quic_garbage random $addr1 $port 1000 >"$work/random"
	injected=$(sed -n 's/^injected=//p' "$work/random")
	wait_until 5 all_seen
	echo 0 >"$tracing/events/quic/tquic_drop/enable"
	note "traced: $(traced | tr '\n' ' ')"
	check "traced: each drop, by the name of its counter" test "$(traced)" = "$(counted)"
	chk_mib n1 DROP_HEADER -gt 0
	rmdir "$tracing"
else
	note "no tracefs here: the tracepoint was not looked at"
fi

check "after: data flows" xfer_now $MB
wait_until 30 memory_is "$before"
check "after: memory is what it was" memory_is "$before"
server_stop
finish
