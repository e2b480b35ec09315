#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# example.sh: the two programs of README.md: they are the files that are said to be shown,
# they work, and the client believes only the certificate it is told to.  Then the other examples
# of libquic: files by sendfile(), to Python as well, a chat by datagrams, many connections at once.
. "$(dirname "$0")/netns.sh"

top=../../../../..
examples=$top/tools/lib/quic/examples
code() { sed -n '/^#include/,$p' "$1"; }

command -v certtool >/dev/null || skip_all "no certtool (Debian: gnutls-bin)"
setup
# shellcheck disable=SC2016
awk '/^```c/ {f = 1; next} /^```/ {f = 0} f' $top/README.md >"$work/shown"
{ code $examples/server.c; code $examples/client.c; } >"$work/files"
check "README.md shows the programs as they are" cmp "$work/shown" "$work/files"

printf 'cn = "server.test"\ndns_name = "server.test"\ntls_www_server\nsigning_key\nexpiration_days = 2\n' >"$work/template"
certtool --generate-privkey --key-type=ecdsa --outfile "$work/key" 2>/dev/null
certtool --generate-self-signed --load-privkey "$work/key" --template "$work/template" \
	--outfile "$work/cert" 2>/dev/null
bg1 $examples/server $port "$work/key" "$work/cert" 2>"$work/server.err"
server=$!
wait_until 10 is_listening

text="said and answered"
check "the client gets its answer" test \
	"$(n0 env QUIC_CA_FILE="$work/cert" $examples/client $addr1_6 $port server.test "$text")" = "$text"
chk_mib n0 CONN_ESTABLISHED -eq 1
mib_mark
n0 env QUIC_CA_FILE="$work/cert" $examples/client $addr1_6 $port other.test "$text" >"$work/out" 2>&1
check "another name is refused" test $? = 1
chk_mib n0 CONN_TLS_ALERT_SENT -eq 1 "the client tells the server why"
mib_mark
n0 $examples/client $addr1_6 $port server.test "$text" >"$work/out" 2>&1
check "an unknown certificate is refused" test $? = 1
check "nothing was answered" test "$(grep -c "$text" "$work/out")" = 0

# serves PROGRAM ARGS: one example in place of the other
serves() {
	kill $server
	wait $server 2>/dev/null
	wait_until 10 no_conns n1
	bg1 "$@" 2>"$work/server.err"
	server=$!
	wait_until 10 is_listening
}
trusting() { n0 env QUIC_CA_FILE="$work/cert" LD_LIBRARY_PATH=$top/tools/lib/quic "$@"; }

mkdir "$work/www"
head -c $((4 << 20)) /dev/urandom >"$work/www/large"
serves $examples/files $port "$work/key" "$work/cert" "$work/www"
if command -v python3 >/dev/null; then
	mib_mark
	trusting python3 -B $examples/fetch.py $addr1_6 $port server.test large >"$work/copy" 2>"$work/out"
	check "fetch.py gets a file" cmp "$work/copy" "$work/www/large"
	chk_mib n1 TX_COPIED_BYTES -lt $((1 << 20)) "the server copies none of it"
	trusting python3 -B $examples/fetch.py $addr1_6 $port server.test none >"$work/copy" 2>"$work/out"
	check "fetch.py: one that does not exist" test $? = 1
else
	ok "fetch.py gets a file # SKIP no python3"
fi

serves $examples/chat listen $port "$work/key" "$work/cert"
mkfifo "$work/says1" "$work/says2"
for i in 1 2; do
	trusting $examples/chat $addr1_6 $port server.test <"$work/says$i" >"$work/hears$i" 2>"$work/chat$i" &
	pid[i]=$!
done
exec 5>"$work/says1" 6>"$work/says2"
for i in 1 2; do
	wait_until 20 grep -qs connected "$work/chat$i"
done
echo "who is there" >&5
wait_until 10 grep -qs "who is there" "$work/hears2"
echo "one of two" >&6
wait_until 10 grep -qs "one of two" "$work/hears1"
exec 5>&- 6>&-
wait "${pid[@]}"
check "chat: each hears the other, and not itself" test "$(cat "$work/hears2")/$(cat "$work/hears1")" = "who is there/one of two"

many=$((SCALE == 1 ? 1000 : 125))
[ "$SCALE" = 1 ] || note "$many connections instead of 1000"
serves $examples/epoll $port "$work/key" "$work/cert"
mib_mark
check "epoll: $many connections at once are answered" \
	test "$(trusting $examples/many $addr1_6 $port server.test $many)" = "$many of $many answered"
chk_mib n1 CONN_ESTABLISHED -eq $many
finish
