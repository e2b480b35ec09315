#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# handshake.sh: what a handshake costs on the wire: no packet is sent twice because TLS, in
# user space, needs longer than a round trip; and one that loses packets comes about.
# shellcheck disable=SC2317,SC2086
. "$(dirname "$0")/netns.sh"

setup

# clean ADDRESS: one handshake and a few bytes; true when no end has lost its patience
clean() {
	mib_mark
	xfer "handshake, $1" "$1" --bytes 1000
	[ "$(mib n0 PTO)/$(mib n1 PTO)/$(mib n0 PKT_LOST)/$(mib n1 PKT_LOST)" = 0/0/0/0 ]
}

# patient ADDRESS: a guest whose CPU stood still may probe; not one try after the other
patient() {
	local tries=10

	until clean "$1"; do
		note "try $tries: $(mib n0 PTO) and $(mib n1 PTO) probe timeouts"
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
	done
}

check "no probe timeout, IPv4" patient $addr1
mib_show n0
mib_show n1
# ClientHello, Finished, HANDSHAKE_DONE and their ACKs, the data, its end, good-bye
chk_mib n0 TX_PACKETS -le 11 "packets of a client"
chk_mib n1 TX_PACKETS -le 11 "packets of a server"
check "no probe timeout, IPv6" patient $addr1_6

# every fifth packet is lost
if netem loss 20%; then
	xfer "5 handshakes, 20 % loss" $addr1 --bytes 1000 --conns 5
	chk_mib n0 CONN_ESTABLISHED -ge 5
	netem
fi

# nothing arrives at first: the Initial is sent again, and gets through
netem loss 100%
server --conns 1
mib_mark
bg0 ./quic_xfer client --port $port --insecure --bytes 1000 $addr1 >"$work/client" 2>"$work/client.err"
client_pid=$!
wait_until 10 mib_is n0 PTO -ge 1
check "nothing arrives: probe timeouts" mib_is n0 PTO -ge 1
chk_mib n1 RX_DATAGRAMS -eq 0
netem
wait $client_pid
check "the link is there: the handshake comes about" test $? = 0
wait "$server_pid"
chk_mib n1 CONN_ESTABLISHED -eq 1
finish
