#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# example.sh: the two programs of README.md: they are the files that are said to be shown,
# they work, and the client believes only the certificate it is told to.
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
finish
