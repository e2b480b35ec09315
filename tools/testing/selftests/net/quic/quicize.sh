#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# quicize.sh: an unchanged TCP program through quicize: with certificate, pre-shared key or
# neither, blocking and not, IPv4 and IPv6; the options and the exit status of its manual.
# shellcheck disable=SC2317
. "$(dirname "$0")/netns.sh"

quicize=../../../../../tools/quicize/quicize
[ -x $quicize ] || skip_all "no tools/quicize/quicize"
setup
mkdir "$work/a" "$work/b"
./quic_xfer cert "$work/a"
./quic_xfer cert "$work/b"
printf 'someone:%s\n' 00112233445566778899aabbccddeeff >"$work/psk"
printf 'someone:%s\n' ffeeddccbbaa99887766554433221100 >"$work/psk.other"

# serve ADDRESS [nonblock] -- OPTIONS of quicize
serve() {
	local to=$1 how=()

	shift
	[ "$1" = -- ] || { how=("$1"); shift; }
	shift
	mib_mark
	bg1 $quicize "$@" ./tcp_echo server "$to" $port "${how[@]}" >"$work/server" 2>"$work/server.err"
	server_pid=$!
	wait_until 20 is_listening || not_ok "it listens: $*"
}

# ask ADDRESS [nonblock] -- OPTIONS: the client
ask() {
	local to=$1 how=()

	shift
	[ "$1" = -- ] || { how=("$1"); shift; }
	shift
	n0 timeout $((60 * SLOW)) "$quicize" "$@" ./tcp_echo client "$to" "$port" "${how[@]}" \
		>"$work/client" 2>"$work/client.err"
}

# works NAME COMMAND: and went through QUIC
works() {
	local name=$1

	shift
	if "$@"; then ok "$name"; else not_ok "$name"; show_errors; fi
	chk_mib n1 CONN_ESTABLISHED -eq 1 "$name"
	mib_mark
}

# refused NAME ERRNO COMMAND: connect() says so
refused() {
	local name=$1 err=$2

	shift 2
	if "$@"; then not_ok "$name: it succeeded"; return; fi
	check "$name: connect: $err" grep -q "connect: .*($err)" "$work/client.err"
	mib_mark
}

serve $addr1 -- --debug
works "neither certificate nor key" ask $addr1 -- --insecure
refused "an unknown certificate" EKEYREJECTED ask $addr1 --
works "a client that does not wait" ask $addr1 nonblock -- --insecure
refused "another application protocol" ENOPROTOOPT ask $addr1 -- --insecure --alpn other
server_stop

serve $addr1_6 nonblock -- --cert "$work/a/cert.pem" --key "$work/a/key.pem" --alpn "one,two"
works "certificate, IPv6, a server that does not wait" \
	ask $addr1_6 -- --ca "$work/a/cert.pem" --name localhost --alpn two
refused "certificate of somebody else" EKEYREJECTED \
	ask $addr1_6 -- --ca "$work/b/cert.pem" --name localhost --alpn two
refused "certificate for another name" EKEYREJECTED \
	ask $addr1_6 -- --ca "$work/a/cert.pem" --name example.org --alpn two
works "neither end waits" ask $addr1_6 nonblock -- --insecure --alpn one
server_stop

serve $addr1 -- --psk "$work/psk" --no-encrypt
works "pre-shared key, not encrypted" ask $addr1 -- --psk "$work/psk" --no-encrypt
refused "another pre-shared key" EKEYREJECTED ask $addr1 -- --psk "$work/psk.other" --no-encrypt
server_stop
refused "nobody there" ECONNREFUSED ask $addr1 -- --insecure

netem loss 100%
began=$(now_ms)
refused "no answer, --timeout 1" ETIMEDOUT ask $addr1 -- --insecure --timeout 1
check "no answer: not before a second" test $(($(now_ms) - began)) -ge 1000
netem

# status WANT ARGS: exit status of quicize
status() {
	local want=$1

	shift
	$quicize "$@" >/dev/null 2>&1
	[ $? = "$want" ]
}
check "the program's exit status" status 7 sh -c 'exit 7'
check "a certificate needs its key: 125" status 125 --cert "$work/a/cert.pem" true
check "no such option: 125" status 125 --nonsense true
check "not a program: 126" status 126 "$work/psk"
check "no program: 127" status 127 "$work/nothing"
finish
