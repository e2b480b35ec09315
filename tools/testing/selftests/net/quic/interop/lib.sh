# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2086,SC2154,SC2317
# lib.sh: what the interop tests share: the folder of the peers, files to move, a case with its
# clock, and the table.  Each test is one peer; "client" and "server" are what we are in a case.
# Sourced first; `finish` comes last.  Names of cases are those of the QUIC interop runner.
. "$(dirname "${BASH_SOURCE[0]}")/../netns.sh"
here=$PWD/interop
root=${PEERS:-}/root
peer=$(basename "$0" .sh)
shared=${INTEROP_OUT:-$work/out}
name=server.test
addr0_other=192.0.2.7
addr0_other_6=2001:db8::7
addr1_other=192.0.2.8
addr1_other_6=2001:db8::8

# without a process of its own
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# ---- peers: in n0 or n1, with their own libraries, and our $work at the same place

p0() { n0 timeout "${limit:-3600}" chroot "$root" "$@"; }
p1() { n1 chroot "$root" "$@"; }

# need PEER: or all of this is skipped
need() {
	local d

	modprobe -q sch_netem || true
	if [ ! -e "${PEERS:-/nonexistent}/have/$1" ]; then
		printf '%s\t-\t-\tSKIP\t-\tcannot be had here\n' "$peer" >>"$shared/results"
		skip_all "$1 cannot be had here (scripts/peers says why)"
	fi
	for d in proc dev tmp; do
		mountpoint -q "$root/$d" || mount --bind /$d "$root/$d" || skip_all "cannot mount $root/$d"
	done
	setup
	# which nobody takes without asking for it
	ip -n "$ns1" addr add $addr1_other/24 dev veth1
	ip -n "$ns1" addr add $addr1_other_6/64 dev veth1 nodad preferred_lft 0
	ip -n "$ns0" addr add $addr0_other/24 dev veth0
	ip -n "$ns0" addr add $addr0_other_6/64 dev veth0 nodad preferred_lft 0
	ulimit -n 10000
	make_files
	cp "$here"/*.py "$work"
	chmod 755 "$work"
}

# what is served, and a certificate: the same for all peers
made=/tmp/quic-interop-files
make_files() {
	local i total=$((30 << 20)) tiny=2000

	handshakes=50
	large=/large huge=/huge huge_bytes=$((25 << 20))
	[ "$QUICK" = 0 ] || { total=$((2 << 20)); tiny=200; handshakes=3; }
	tiny_files=$(seq -f '/t%.0f' 0 $((tiny - 1)))
	big_files=$(seq -f '/f%.0f' 1 10)
	mkdir -p "$work/dl" "$shared" $made/www
	ln -s $made/* "$work"
	[ ! -e $made/cert ] || return 0
	head -c 1000 /dev/urandom >"$work/www/one"
	head -c $((10 << 20)) /dev/urandom >"$work/www$large"
	head -c $huge_bytes /dev/urandom >"$work/www$huge"
	# ten of different sizes, together the total
	for i in 1 2 3 4 5 6 7 8 9 10; do
		head -c $((total * i / 55)) /dev/urandom >"$work/www/f$i"
	done
	for ((i = 0; i < tiny; i++)); do
		printf '%032d' $((i * 7919 + RANDOM)) >"$work/www/t$i"
	done
	printf 'cn = "%s"\ndns_name = "%s"\nip_address = "%s"\nip_address = "%s"\ntls_www_server\nsigning_key
ca\nexpiration_days = 2\n' $name $name $addr1 $addr1_6 >"$work/template"
	certtool --generate-privkey --key-type=ecdsa --outfile $made/key 2>/dev/null
	certtool --generate-self-signed --load-privkey $made/key --template "$work/template" \
		--outfile $made/cert 2>/dev/null
	seq -f 'dns_name = "a-certificate-of-many-names-%.0f.example"' 200 >>"$work/template"
	certtool --generate-self-signed --load-privkey $made/key --template "$work/template" \
		--outfile $made/large.cert 2>/dev/null
	ln -s $made/key $made/cert "$work"
}

# same PATHS: what was downloaded is what was served
same() {
	local list=("${@#/}") served got

	served=$(cd "$work/www" && sha256sum "${list[@]}")
	got=$(cd "$work/dl" && sha256sum "${list[@]}" 2>&1)
	[ "$served" = "$got" ] || { echo "not the same: $(head -n 1 <<<"$got")" >>"$work/why"; return 1; }
}

# ---- ours

# our_server ARGS; our_client ADDRESS PATHS [ARGS first]
our_server() {
	n1 env SSLKEYLOGFILE="$work/keys" "$here/${program:-quic_hq}" server -p $port -k "$work/key" -c "$work/cert" \
		-d "$work/www" -t $limit "$@" >"$work/server" 2>"$work/server.err" &
	within 30 grep -q listening "$work/server"
}

our_client() {
	n0 env SSLKEYLOGFILE="$work/keys" "$here/${program:-quic_hq}" client -p $port -A "$work/cert" -n $name \
		-d "$work/dl" -t $limit "$@" >"$work/client" 2>"$work/client.err"
}

# said client|server NAME VALUE: in the line that our program printed last
said() {
	[ "$(result "$1" "$2")" = "$3" ] || { echo "$1: $2 is '$(result "$1" "$2")', not $3" >>"$work/why"; return 1; }
}

# counted n0|n1 NAME OPERATOR NUMBER
counted() {
	mib_is "$@" || { echo "$1 $2 is $(mib "$1" "$2"), not $3 $4" >>"$work/why"; return 1; }
}

# on_wire FILTER: the capture has such a packet, or will when tcpdump has written it
on_wire() { within 5 captured "$@"; }
captured() { tcpdump -r "$work/pcap" -c 1 "$@" 2>/dev/null | grep -q .; }
retry_packets='udp[8] & 0xf0 == 0xf0 and udp[9:4] == 1'
version_negotiation_packets='udp[8] & 0x80 == 0x80 and udp[9:4] == 0'

# within SECONDS COMMAND: as wait_until, but in seconds that are what they are called
within() {
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "not in time: $*" >>"$work/why"; return 1; }
		sleep 0.1
	done
}

# ---- cases

# end_others SIGNAL: all processes in the namespaces, but those named in $kept
kept=""
end_others() {
	local pid left=""

	for pid in $(ip netns pids "$ns0") $(ip netns pids "$ns1"); do
		[[ " $kept " == *" $pid "* ]] || left+=" $pid"
	done
	[ -n "$left" ] || return 0
	kill -"$1" $left 2>/dev/null
	[ "$1" = KILL ] || { sleep 0.1; end_others KILL; }
}

# Start and stop what belongs to one attempt
delayed="" hole=""
attempt() {
	local rc=0

	rm -rf "$work/dl" "$work"/*.err "$work/why" "$work/keys" "$work/client" "$work/server" "$work/peer"*
	mkdir "$work/dl"
	ln -sfn $made/cert "$work/cert"
	: >"$work/why"
	if [ -n "$capture" ]; then
		n0 tcpdump -U -s 0 -i veth0 -w "$work/pcap" udp >/dev/null 2>"$work/tcpdump" &
		within 20 grep -q listening "$work/tcpdump"
	fi
	mib_mark
	began=$(now_ms)
	"$@" || rc=1
	took=$(($(now_ms) - began))
	end_others TERM
	[ -z "$hole" ] || { kill "$hole" && wait "$hole"; } 2>/dev/null
	[ -z "$delayed" ] || { netem; gso 1; }
	delayed='' hole=''
	return $rc
}

# run client|server CASE COMMAND...: one case; a failure without a capture is tried again with one
run() {
	local role=$1 case=$2 verdict=ok why rc=0

	shift 2
	[ -z "${CASES:-}" ] || [[ " $CASES " == *" $case "* ]] || return 0
	[ -z "${ROLES:-}" ] || [[ " $ROLES " == *" $role "* ]] || return 0
	limit=$((${seconds:-20} * (SLOW > 1 || DEBUG ? 4 : 1)))
	capture=${PCAP:-}
	case $case in retry | versionnegotiation | preferredaddress | ecn | v2* | rebind-addr | amplificationlimit) capture=1 ;; esac
	attempt "$@" || rc=1
	if [ $rc = 1 ]; then
		failure "$role" "$case"
		if [ -z "$capture" ]; then
			capture=1
			attempt "$@" && echo "# the second attempt passes"
		fi
		mkdir -p "$shared/$peer-$role-$case"
		cp "$work"/{pcap,keys,*.err,peer,why} "$shared/$peer-$role-$case" 2>/dev/null
		not_ok "$peer, we are $role: $case"
		verdict=FAILED
	else
		ok "$peer, we are $role: $case ($((took / 1000)).$((took / 100 % 10)) s)"
	fi
	why=$(head -n 1 "$work/why" 2>/dev/null)
	printf '%s\t%s\t%s\t%s\t%d.%d\t%s\n' "$peer" "$role" "$case" $verdict $((took / 1000)) $((took / 100 % 10)) \
		"$why" >>"$shared/results"
}

# skipped client|server CASE WHY: a gap of ours, or of the peer, with a name
skipped() {
	[ -z "${CASES:-}" ] || [[ " $CASES " == *" $2 "* ]] || return 0
	[ -z "${ROLES:-}" ] || [[ " $ROLES " == *" $1 "* ]] || return 0
	ok "$peer, we are $1: $2 # SKIP $3"
	printf '%s\t%s\t%s\tSKIP\t-\t%s\n' "$peer" "$1" "$2" "$3" >>"$shared/results"
}

failure() {
	note "$peer, we are $1, $2: after $took ms: $(tr '\n' ';' <"$work/why")"
	for f in client server client.err server.err peer; do
		[ ! -s "$work/$f" ] || tail -n 8 "$work/$f" | sed "s/^/# $f: /"
	done
	mib_show n0
	mib_show n1
}

# peer_said_early: that 0-RTT was accepted, if it says a word about it
peer_said_early() { ! grep -q early= "$work/peer" || said peer early 1; }

# rekeyed n0|n1
rekeyed() { counted "$1" KEY_UPDATES -ge 1; }

delay() { delayed=1; netem delay 750ms; }
slow() { delayed=1; netem delay 5ms rate 8mbit; }
# bad WHAT PERCENT: both ways, of a path of 10 ms; of single packets, netem takes a batch for one
bad() {
	delayed=1
	gso 0
	netem delay 5ms rate 40mbit "$@"
}
gso() { n0 sysctl -qw net.tquic.gso=$1 && n1 sysctl -qw net.tquic.gso=$1; }

# crawl: slow enough for something to happen on the way; of the short form's files there is less
crawl() {
	slow
	[ "$QUICK" = 0 ] || netem delay 5ms rate 1mbit "$@"
}

# blackhole n0|n1 COUNTER: once ours there has moved so many bytes, nothing passes for 2 seconds
blackhole() {
	crawl limit 30
	{
		wait_until 10 mib_is "$1" "$2" -gt 100000
		netem loss 100%
		sleep 2
		netem delay 5ms rate 8mbit
		touch "$work/peer.blackhole"
	} &
	hole=$!
}

# nat [OPTIONS of quic_nat]: between a client that speaks to 127.0.0.1, and $addr1
nat() {
	ip -n "$ns0" link set lo mtu 1500	# as the way on is
	ip netns exec "$ns0" "$here/../quic_nat" "$@" 127.0.0.1 $port $addr1 $port >"$work/nat" &
	nat=$!
	within 30 grep -q ready "$work/nat"
}

# rebinds n0|n1 COUNTER: the NAT forgets its mapping once ours there has moved so many bytes.  No queue overflows: where
# nginx loses its first PATH_CHALLENGE it never sends another, for its data takes all that three times ours allows
rebinds() {
	crawl
	{ wait_until 10 mib_is "$1" "$2" -gt 100000; kill -USR1 $nat; } &
	hole=$!
}
rebound() { grep -q rebound "$work/nat" || { echo "too fast for a NAT to forget" >>"$work/why"; return 1; }; }

was_black() { test -e "$work/peer.blackhole" || { echo "too fast for a black hole" >>"$work/why"; return 1; }; }

# often COMMAND: as many handshakes.  Over so bad a path some are given up without a fault of anyone: until the idle
# timeout of 30 seconds a peer that probes with single datagrams (RFC 9002, 6.2.4 allows it) has six tries
often() {
	local i given_up=0

	for ((i = 0; i < handshakes; i++)); do
		rm -f "$work/dl"/*
		"$@" && continue
		note "$peer: handshake $((i + 1)) of $handshakes: $(tr '\n' ';' <"$work/why")"
		[ $((given_up += 1)) -le $((1 + handshakes / 10)) ] || return 1
		counted n0 PROTOCOL_ERRORS -eq 0 && counted n1 PROTOCOL_ERRORS -eq 0 || return 1
		echo "$given_up more given up" >"$work/why"
		: $((i--))
	done
}

# large_cert: of 10 KB, until the attempt ends
large_cert() { ln -sfn $made/large.cert "$work/cert"; }

# limited: what the server sent before anything came but the ClientHello, in $hello datagrams, is more than that, but not
# more than three times as much
hello=1
limited() {
	tcpdump -nr "$work/pcap" udp 2>/dev/null | awk -v client="$addr0." -v hello=$hello '
		index($3, client) == 1 { if (n++ == hello) exit; got += $NF; next }
		{ sent += $NF }
		END { exit !(n > hello && sent > got && sent <= 3 * got) }'
}
# six of the datagrams after it are lost
behind_hello() { nat -d $((hello + 1))-$((hello + 6)); }

# narrow: another way from the server, $near, to the client, $far: through a router with 10 Mbit/s of IP packets, a
# queue of 25 of them, and 30 ms there and back.  At the sender itself the queue would hold TCP back, not only drop.
far=198.51.100.1 near=203.0.113.1
narrow() {
	[ -z "${ns2:-}" ] || return 0
	ns2=quic2-$$
	ip netns add "$ns2" &&
		ip -n "$ns0" link add veth2 type veth peer name veth3 netns "$ns2" &&
		ip -n "$ns1" link add veth4 type veth peer name veth5 netns "$ns2" || return 1
	joined "$ns0" veth2 $far && joined "$ns2" veth3 198.51.100.2 &&
		joined "$ns1" veth4 $near && joined "$ns2" veth5 203.0.113.2 &&
		ip -n "$ns0" route add 203.0.113.0/24 via 198.51.100.2 &&
		ip -n "$ns1" route add 198.51.100.0/24 via 203.0.113.2 &&
		ip netns exec "$ns2" sysctl -qw net.ipv4.ip_forward=1 &&
		tc -n "$ns2" qdisc add dev veth3 root stab overhead -14 tbf rate 10mbit burst 2kb limit 37500 &&
		tc -n "$ns2" qdisc add dev veth5 root netem delay 30ms
}
joined() { ip -n "$1" addr add "$3/24" dev "$2" && ip -n "$1" link set "$2" up; }

# goodput client|server: of the connection that ours reported last, its handshake counted
goodput() {
	local kbps=$(($(result "$1" bytes) * 8 / $(result "$1" ms)))

	echo "$((kbps / 1000)).$((kbps / 100 % 10)) Mbit/s" >>"$work/why"
	[ $kbps -ge 9200 ]
}

# beside_tcp n0|n1 COMMAND: that fetches $huge while TCP CUBIC goes the same way; where ours is the sender, n1, it has
# 40 to 60 % of what both have
beside_tcp() {
	local before tcp share ours=$1

	shift
	n0 iperf3 -s -1 >/dev/null &
	within 30 tcp_listens || return 1
	n1 iperf3 -c $far -C cubic -t 600 >/dev/null &
	within 60 tcp_got 4000000 || return 1
	before=$(tcp_bytes)
	"$@" || return 1
	tcp=$(($(tcp_bytes) - before))
	share=$((100 * huge_bytes / (huge_bytes + tcp)))
	echo "$share % of the bytes" >>"$work/why"
	[ $ours = n0 ] || { [ $share -ge 40 ] && [ $share -le 60 ]; }
}
tcp_listens() { n0 ss -Hltn 'sport = 5201' | grep -q .; }
tcp_bytes() { n0 ss -Htin 'sport = 5201' | sed -nE 's/.*bytes_received:([0-9]+).*/\1/p' | sort -n | tail -n 1; }
tcp_got() { [ "$(tcp_bytes || echo 0)" -ge "$1" ]; } 2>/dev/null

# marked FROM: packets of that address are ECT(0), and whoever is ours found that the path keeps that
marked() { on_wire "src $1 and ip[1] & 3 == 2" && counted n0 ECN_FAILED -eq 0 && counted n1 ECN_FAILED -eq 0; }

# ---- the cases in which we are the client of hq-interop or HTTP/3; peer_server OPTIONS starts the
# server of the peer, and knows the words retry, chacha20, key-update, v2, only-v2

client_fetch() {
	local to=$1 files=$2

	shift 2
	our_client "$@" $to $files && same $files && counted n0 PROTOCOL_ERRORS -eq 0
}

client_zerolength() { peer_server && client_fetch $addr1 "/f1 /f2" -z; }
client_handshake() { peer_server && client_fetch $addr1 /one; }
client_transfer() { peer_server && client_fetch $addr1 "$big_files" && said client files 10; }
client_chacha20() { peer_server chacha20 && client_fetch $addr1 /one -C chacha20 && said client cipher 54; }
client_multiplexing() { peer_server && client_fetch $addr1 "$tiny_files"; }
client_ipv6() { peer_server && client_fetch $addr1_6 /one; }
client_retry() { peer_server retry && client_fetch $addr1 /one && on_wire "$retry_packets"; }
client_keyupdate() { peer_server && client_fetch $addr1 "/f1 /f2" -K && rekeyed n0; }
client_keyupdate_by_peer() { peer_server key-update && client_fetch $addr1 "/f1 /f2" && rekeyed n0; }
client_longrtt() { peer_server && delay && client_fetch $addr1 /one; }
# the handshake begins in version 1, and the server, which prefers 2, goes there (RFC 9368)
client_compatible() { peer_server v2 && client_fetch $addr1 /one && said client version 6b3343cf; }
client_v2() { peer_server v2 && client_fetch $addr1 /one -V 2 && said client version 6b3343cf; }

# a connection for each file, the second with the ticket of the first
client_resumption() {
	rm -f "$work/session"
	peer_server resumption && client_fetch $addr1 /f1 -r "$work/session" && said client resumed 0 &&
		client_fetch $addr1 /f2 -r "$work/session" && said client resumed 1
}

# requests in the first flight, with the limits and the ticket of an earlier connection
client_zerortt() {
	rm -f "$work/session"
	peer_server zero-rtt && client_fetch $addr1 /f1 -r "$work/session" && said client early 0 &&
		client_fetch $addr1 "/f2 /f3" -r "$work/session" -0 && said client resumed 1 && said client early 1 &&
		peer_said_early && counted n0 TX_0RTT -gt 0
}

client_transferloss() { peer_server && bad loss 2% && client_fetch $addr1 "/f9 /f10"; }
client_transfercorruption() { peer_server && bad corrupt 2% && client_fetch $addr1 "/f9 /f10"; }
client_handshakeloss() { peer_server && bad loss 30% && often client_fetch $addr1 /one; }
client_handshakecorruption() { peer_server && bad corrupt 30% && often client_fetch $addr1 /one; }
client_blackhole() { peer_server && blackhole n0 RX_BYTES && client_fetch $addr1 "/f9 /f10" && was_black; }
client_rebind-port() { peer_server && nat && rebinds n0 RX_BYTES && client_fetch 127.0.0.1 "/f9 /f10" && rebound; }
client_rebind-addr() {
	peer_server && nat -a $addr0_other && rebinds n0 RX_BYTES && client_fetch 127.0.0.1 "/f9 /f10" && rebound &&
		on_wire "dst $addr0_other and greater 1000"
}

# the server's certificate is large, and nothing that follows the ClientHello comes through: RFC 9000, 8.1
client_amplificationlimit() {
	large_cert
	peer_server && behind_hello && client_fetch 127.0.0.1 /one && within 5 limited
}
client_goodput() { peer_server && narrow && client_fetch $near $large && goodput client; }
client_crosstraffic() { peer_server && narrow && beside_tcp n0 client_fetch $near $huge; }
client_ecn() { peer_server && client_fetch $addr1 /f10 && marked $addr0; }
# to another address and port of ours while files come, over IPv4 and IPv6
client_connectionmigration() {
	peer_server && slow && client_fetch $addr1 "/f9 /f10" -m $addr0_other && counted n0 CONN_MIGRATED -eq 1 &&
		client_fetch $addr1_6 "/f8 /f7" -m $addr0_other_6 && counted n0 CONN_MIGRATED -eq 2
}

# the server names another address of its own, and we go there; then the same over IPv6
client_preferredaddress() {
	peer_server preferred && slow && client_fetch $addr1 "/f9 /f10" && counted n0 CONN_MIGRATED -eq 1 &&
		client_fetch $addr1_6 "/f8 /f7" && counted n0 CONN_MIGRATED -eq 2 &&
		on_wire "src $addr1_other and src port 4434"
}

# a server that knows no version of ours says so, and we give up with that word
client_versionnegotiation() {
	peer_server only-v2 || return 1
	! our_client -V 1 $addr1 /one || return 1
	on_wire "$version_negotiation_packets" && grep -q 'Protocol not supported' "$work/client.err"
}

# ---- those in which we are the server; peer_client ADDRESS FILES [WORDS] fetches

server_fetch() {
	peer_client "$@" >"$work/peer" 2>&1 || { echo "the peer's client has status $?" >>"$work/why"; return 1; }
	same $2 && counted n1 PROTOCOL_ERRORS -eq 0 && counted n1 CONN_ESTABLISHED -ge 1
}

server_handshake() { our_server && server_fetch $addr1 /one; }
server_transfer() { our_server && server_fetch $addr1 "$big_files"; }
server_chacha20() { our_server && server_fetch $addr1 /one chacha20 && within 10 said server cipher 54; }
server_multiplexing() { our_server && server_fetch $addr1 "$tiny_files"; }
server_ipv6() { our_server && server_fetch $addr1_6 /one; }
server_retry() { our_server -R && server_fetch $addr1 /one && on_wire "$retry_packets" && counted n1 TX_RETRY -ge 1; }
server_keyupdate() { our_server && server_fetch $addr1 "/f1 /f2" key-update && rekeyed n1; }
server_keyupdate_by_us() { our_server -K && server_fetch $addr1 "/f1 /f2" && rekeyed n1; }
server_longrtt() { our_server && delay && server_fetch $addr1 /one; }
server_resumption() { our_server && server_fetch $addr1 "/f1 /f2" resume && said peer resumed 1; }
server_zerortt() {
	our_server && server_fetch $addr1 "/f1 /f2 /f3" zero-rtt && peer_said_early && counted n1 RX_0RTT -gt 0
}
server_compatible() {
	our_server -V 2 && server_fetch $addr1 /one compatible && within 10 said server version 6b3343cf
}
server_transferloss() {
	our_server && bad loss 2% && server_fetch $addr1 "/f9 /f10" && counted n1 STREAM_FRAMES_RETRANS -gt 0
}
server_transfercorruption() {
	our_server && bad corrupt 2% && server_fetch $addr1 "/f9 /f10" && counted n1 STREAM_FRAMES_RETRANS -gt 0
}
server_handshakeloss() { our_server && bad loss 30% && often server_fetch $addr1 /one; }
server_handshakecorruption() { our_server && bad corrupt 30% && often server_fetch $addr1 /one; }
server_blackhole() { our_server && blackhole n1 TX_BYTES && server_fetch $addr1 "/f9 /f10" && was_black; }
server_goodput() {
	our_server && narrow && server_fetch $near $large && within 10 said server files 1 && goodput server
}
server_crosstraffic() { our_server && narrow && beside_tcp n1 server_fetch $near $huge; }
server_ecn() { our_server && server_fetch $addr1 /f10 && marked $addr1; }
# the peer moves to another port of its own while files go: it tells us first, or it does not
server_connectionmigration() {
	our_server && slow && server_fetch $addr1 "/f9 /f10" migrate && counted n1 CONN_MIGRATED -ge 1
}
# we name other addresses of our own, and the peer comes there; then the same over IPv6
server_preferredaddress() {
	our_server -M $addr1_other -M $addr1_other_6 && slow && server_fetch $addr1 "/f9 /f10" &&
		counted n1 CONN_MIGRATED -eq 1 && on_wire "src $addr1_other and src port $((port + 1))" &&
		server_fetch $addr1_6 "/f8 /f7" && counted n1 CONN_MIGRATED -eq 2
}
server_rebind-port() {
	our_server && nat && rebinds n1 TX_BYTES && server_fetch 127.0.0.1 "/f9 /f10" && rebound &&
		counted n1 CONN_MIGRATED -ge 1
}
server_rebind-addr() {
	our_server && nat -a $addr0_other && rebinds n1 TX_BYTES && server_fetch 127.0.0.1 "/f9 /f10" && rebound &&
		counted n1 CONN_MIGRATED -ge 1 && on_wire "dst $addr0_other and greater 1000"
}
server_amplificationlimit() {
	large_cert
	our_server && behind_hello && server_fetch 127.0.0.1 /one && within 5 limited
}
server_v2() { our_server && server_fetch $addr1 /one v2 && within 10 said server version 6b3343cf; }
server_versionnegotiation() {
	our_server && server_fetch $addr1 /one strange-version && on_wire "$version_negotiation_packets" &&
		counted n1 TX_VERSION_NEGOTIATION -ge 1
}

# what a bad path does to both roles
impaired="transferloss transfercorruption handshakeloss handshakecorruption blackhole"

# of a path that changes, and of the limit on what is sent to an address that may be forged
moved="rebind-port rebind-addr amplificationlimit"
# of peers that are quick enough; minutes
measured=""
[ "$QUICK" = 1 ] || measured="goodput crosstraffic"

# no_ecn client|server...: the peer never reports what marks it has seen
no_ecn() {
	local role

	for role in "$@"; do
		skipped "$role" ecn "it reports no ECN counts"
	done
}

# cases client|server NAME...: those of the list above, with their usual time limits
cases() {
	local role=$1 case seconds

	shift
	for case in "$@"; do
		seconds=20
		case $case in transfer* | multiplexing | handshake?* | blackhole | goodput | crosstraffic) seconds=120 ;; esac
		run "$role" "$case" "${role}_$case"
	done
}
