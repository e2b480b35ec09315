#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# errors.sh: connections that must not come about, or break: the caller gets the right
# errno in bounded time, and the counters say why.
# shellcheck disable=SC2317
. "$(dirname "$0")/netns.sh"

setup

# fails NAME ERRNO LIMIT_MS ARGS: the client ends with that error, in time
fails() {
	local name=$1 want=$2 limit=$(($3 * SLOW)) start took

	shift 3
	start=$(now_ms)
	if timeout 120 ip netns exec "$ns0" ./quic_xfer client --port $port "$@" >"$work/client" 2>"$work/client.err"; then
		not_ok "$name: $want"
		note "it succeeded"
		return
	fi
	took=$(($(now_ms) - start))
	if grep -q "($want)" "$work/client.err"; then
		ok "$name: $want"
	else
		not_ok "$name: $want"
		show_errors
	fi
	check "$name: within $limit ms ($took)" test $took -le $limit
}

mkdir "$work/a" "$work/b"
./quic_xfer cert "$work/a"
./quic_xfer cert "$work/b"
printf 'someone:%s\n' 00112233445566778899aabbccddeeff >"$work/psk.a"
printf 'someone:%s\n' ffeeddccbbaa99887766554433221100 >"$work/psk.b"

# the certificate
server --conns 0 --cert "$work/a/cert.pem" --key "$work/a/key.pem"
mib_mark
# trusting ARGS: a client that verifies
trusting() { n0 ./quic_xfer client --port "$port" "$@" >"$work/client" 2>"$work/client.err"; }
check "right certificate" trusting --ca "$work/a/cert.pem" --name localhost $addr1
mib_mark
fails "certificate of somebody else" EKEYREJECTED 3000 --ca "$work/b/cert.pem" --name localhost $addr1
chk_mib n0 CONN_HANDSHAKE_FAILED -eq 1
chk_mib n0 CONN_TLS_ALERT_SENT -eq 1
wait_until 5 mib_is n1 CONN_TLS_ALERT_RECEIVED -ge 1
chk_mib n1 CONN_TLS_ALERT_RECEIVED -eq 1
chk_mib n1 CONN_HANDSHAKE_FAILED -eq 1
chk_mib n0 CONN_ESTABLISHED -eq 0
mib_mark
fails "certificate for another name" EKEYREJECTED 3000 --ca "$work/a/cert.pem" --name example.org $addr1
chk_mib n0 CONN_TLS_ALERT_SENT -eq 1
server_stop

# the application protocol
server --conns 0 --alpn apples
mib_mark
fails "application protocol" ENOPROTOOPT 3000 --insecure --alpn pears $addr1
chk_mib n0 CONN_ESTABLISHED -eq 0
chk_mib n0 CONN_HANDSHAKE_FAILED -eq 1
chk_mib n0 CONN_TLS_ALERT_RECEIVED -eq 1
server_stop

# the pre-shared key
server --conns 0 --psk "$work/psk.a"
check "right pre-shared key" trusting --psk "$work/psk.a" $addr1
mib_mark
fails "pre-shared key" EKEYREJECTED 3000 --psk "$work/psk.b" $addr1
chk_mib n0 CONN_ESTABLISHED -eq 0
server_stop

# nobody there, once what the last connection leaves is over: it would take what comes, and say nothing
nobody() { ! n1 grep -q ":$port " /proc/net/quic/eps; }
wait_until 20 nobody
mib_mark
fails "no listener" ECONNREFUSED 2000 --insecure --handshake-ms 20000 $addr1
chk_mib n0 CONN_REFUSED -eq 1
mib_mark
fails "no listener, IPv6" ECONNREFUSED 2000 --insecure --handshake-ms 20000 $addr1_6
chk_mib n0 CONN_REFUSED -eq 1
netem loss 100%
mib_mark
fails "no answer" ETIMEDOUT 6000 --insecure --handshake-ms 3000 $addr1
chk_mib n0 PTO -gt 0 "the Initial is sent again"
chk_mib n0 CONN_HANDSHAKE_FAILED -eq 1
netem

# a peer that goes without a word, with the client waiting
server --conns 0
mib_mark
hold "peer vanished while we wait" --idle-ms 3000 $addr1
start=$(now_ms)
netem loss 100%
wait $client_pid
took=$(($(now_ms) - start))
check "peer vanished while we wait: ETIMEDOUT" grep -q '(ETIMEDOUT)' "$work/client.err"
check "peer vanished while we wait: in its time ($took ms)" test $took -ge 1500 -a $took -le $((3000 + 3000 * SLOW))
chk_mib n0 CONN_IDLE_TIMEOUT -eq 1
wait_until 10 mib_is n1 CONN_IDLE_TIMEOUT -ge 1
chk_mib n1 CONN_IDLE_TIMEOUT -eq 1
netem
server_stop

# and with the client sending
server --conns 0
netem rate 20mbit
mib_mark
bg0 ./quic_xfer client --port $port --insecure --bytes 1G --idle-ms 3000 $addr1 >"$work/client" 2>"$work/client.err"
client_pid=$!
wait_until 10 mib_is n1 RX_BYTES -ge 100000
start=$(now_ms)
netem loss 100%
wait $client_pid
took=$(($(now_ms) - start))
check "peer vanished while we send: ETIMEDOUT or EPIPE" grep -qE '\((ETIMEDOUT|EPIPE)\)' "$work/client.err"
check "peer vanished while we send: in its time ($took ms)" test $took -ge 1500 -a $took -le $((3000 + 6000 * SLOW))
chk_mib n0 CONN_IDLE_TIMEOUT -eq 1
chk_mib n0 PTO -gt 0
netem
server_stop

# a peer that has lost its memory tells by a stateless reset
server --conns 0
mib_mark
hold "peer forgot us" --idle-ms 60000 --keepalive $addr1
n1 tc qdisc replace dev veth1 root netem loss 100%
server_stop
wait_until 20 no_conns n1
server --conns 0		# the port is QUIC's again
n1 tc qdisc del dev veth1 root
wait $client_pid
check "peer forgot us: ECONNRESET" grep -qE '\((ECONNRESET|EPIPE)\)' "$work/client.err"
chk_mib n1 CONN_RESET_SENT -gt 0
chk_mib n0 CONN_RESET_RECEIVED -eq 1
[ $failed = 0 ] || show_errors
server_stop

# killed, not vanished: the kernel closes for it
server --conns 0
mib_mark
hold "peer killed" $addr1
kill -KILL "$server_pid"
wait "$server_pid" 2>/dev/null
start=$(now_ms)
wait $client_pid
took=$(($(now_ms) - start))
check "peer killed: known at once ($took ms)" test $took -le $((2000 * SLOW))
chk_mib n1 CONN_CLOSE_SENT -gt 0
chk_mib n0 CONN_CLOSE_RECEIVED -eq 1
chk_mib n0 CONN_IDLE_TIMEOUT -eq 0
finish
