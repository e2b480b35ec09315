#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# zerortt.sh: requests in the first flight, with the ticket and the limits of an earlier connection:
# accepted, sent again when they were lost, sent again when the server rejects them.
# shellcheck disable=SC2317,SC2086
. "$(dirname "$0")/netns.sh"

hq=interop/quic_hq
host=server.test
files="/a /b /c"
[ -x $hq ] || skip_all "quic_hq was not built: make -C interop"
command -v certtool >/dev/null || skip_all "no certtool (Debian: gnutls-bin)"
setup

printf 'cn = "%s"\ndns_name = "%s"\ntls_www_server\nsigning_key\nexpiration_days = 2\n' $host $host >"$work/template"
certtool --generate-privkey --key-type=ecdsa --outfile "$work/key" 2>/dev/null
certtool --generate-self-signed --load-privkey "$work/key" --template "$work/template" \
	--outfile "$work/cert" 2>/dev/null
mkdir "$work/www"
for file in $files; do
	head -c 100000 /dev/urandom >"$work/www$file"
done

# serve [ARGS]: quic_hq in n1; returns when it listens
serve() {
	bg1 $hq server -p $port -k "$work/key" -c "$work/cert" -d "$work/www" -t $((60 * SLOW)) "$@" \
		>"$work/server" 2>"$work/server.err"
	server_pid=$!
	wait_until 20 grep -q listening "$work/server" || not_ok "the server listens: $(cat "$work/server.err")"
}

# ask ADDRESS [ARGS]: fetch all the files, each as it is at the server
ask() {
	local to=$1 file

	shift
	rm -rf "$work/dl"
	mkdir "$work/dl"
	n0 $hq client -p $port -A "$work/cert" -n $host -d "$work/dl" -t $((60 * SLOW)) -r "$work/session" "$@" \
		$to $files >"$work/client" 2>"$work/client.err" || return 1
	for file in $files; do
		cmp -s "$work/www$file" "$work/dl$file" || return 1
	done
}

# first NAME ADDRESS: a connection that leaves a ticket
first() {
	rm -f "$work/session"
	check "$1: the first connection" ask $2
	check "$1: leaves a ticket" test -s "$work/session"
	mib_mark
}

# said RESUMED EARLY, of the client's last connection
said() { [ "$(result client resumed)/$(result client early)" = "$1/$2" ]; }

# early NAME ADDRESS RESUMED ACCEPTED: 0-RTT packets leave, and the files are right in any case
early() {
	check "$1: content" ask $2 -0
	check "$1: resumed=$3 early=$4" said $3 $4
	[ $failed = 0 ] || show_errors
	chk_mib n0 TX_0RTT -gt 0 "$1"
	if [ $4 = 1 ]; then
		chk_mib n1 RX_0RTT -gt 0 "$1"
	else
		chk_mib n1 RX_0RTT -eq 0 "$1"
	fi
	chk_mib n0 PROTOCOL_ERRORS -eq 0 "$1"
	chk_mib n1 PROTOCOL_ERRORS -eq 0 "$1"
}

serve
for to in $addr1 $addr1_6; do
	first "accepted, $to" $to
	early "accepted, $to" $to 1 1
done
check "nothing was rejected" grep -q "early data accepted" "$work/client"

# who does not ask for it gets none
mib_mark
check "not asked for: content" ask $addr1_6
check "not asked for: resumed=1 early=0" said 1 0
chk_mib n0 TX_0RTT -eq 0 "not asked for"
chk_mib n1 RX_0RTT -eq 0 "not asked for"

# a server that was started anew knows the tickets, but not which early data it has seen
server_stop
serve
mib_mark
early "rejected, a new server" $addr1_6 1 0
check "the client knows" grep -q "early data rejected" "$work/client"

# the key of the tickets belongs to an address and port
server_stop
port=4434
serve
mib_mark
early "rejected, another port" $addr1_6 0 0
server_stop

# Retry: what was sent in 0-RTT is sent again with the token
serve -R
first "Retry" $addr1
early "Retry" $addr1 1 1
chk_mib n1 TX_RETRY -ge 1 "Retry"
server_stop

# every tenth packet is lost, of the first flight too
serve
first "10 % loss" $addr1
if netem loss 10% delay 1ms; then
	for i in 1 2 3 4 5 6 7 8 9 10; do
		check "10 % loss: content, try $i" ask $addr1 -0
		said 1 1 || not_ok "10 % loss: resumed and accepted, try $i"
	done
	chk_mib n0 TX_0RTT -ge 10 "10 % loss"
	chk_mib n1 RX_0RTT -gt 0 "10 % loss"
	chk_mib n0 PROTOCOL_ERRORS -eq 0 "10 % loss"
	chk_mib n1 PROTOCOL_ERRORS -eq 0 "10 % loss"

	# and the same where none of it counts
	server_stop
	serve
	for i in 1 2 3; do
		check "10 % loss, rejected: content, try $i" ask $addr1 -0
		said 1 0 || not_ok "10 % loss: resumed and rejected, try $i"
	done
	netem
fi
server_stop
finish
