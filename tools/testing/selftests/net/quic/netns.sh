# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2317
# netns.sh: what the tests share: two namespaces with a link between them, waiting that
# polls, the counters of QUIC as the oracle, and TAP.  Sourced first; `finish` comes last.
#
#    +----------- n0: client -----------+        +----------- n1: server -----------+
#    |                            veth0 |--------| veth1                            |
#    |              192.0.2.1/24        |        |        192.0.2.2/24              |
#    |              2001:db8::1/64      |        |        2001:db8::2/64            |
#    +----------------------------------+        +----------------------------------+
set -u
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

ns0=quic0-$$
ns1=quic1-$$
addr0=192.0.2.1
addr1=192.0.2.2
addr0_6=2001:db8::1
addr1_6=2001:db8::2
port=4433
work=$(mktemp -d)
cases=0
failed=0

# How much smaller than a fast machine's the amounts of data are
EMULATED=${EMULATED:-0}
QUICK=${QUICK:-0}
DEBUG=${DEBUG:-0}
if [ "$QUICK" = 1 ]; then
	SCALE=${SCALE:-256}
elif [ "$DEBUG" = 1 ]; then
	SCALE=${SCALE:-64}
elif [ "$EMULATED" = 1 ]; then
	SCALE=${SCALE:-8}
else
	SCALE=${SCALE:-1}
fi
# and how much longer than elsewhere anything may take: an emulated CPU stands still when
# the machine has other work, but its time does not, unless it counts instructions
SLOW=1
[ "$EMULATED" = 0 ] || [ "${ICOUNT:-0}" = 1 ] || SLOW=10

# of net.tquic, in both namespaces, as `make test SWITCHES=...` gives them; empty: their defaults
SWITCHES=${SWITCHES:-}

n0() { ip netns exec "$ns0" "$@"; }
n1() { ip netns exec "$ns1" "$@"; }

# bg0, bg1: in the background; $! is the program itself, so that signals reach it
bg0() { ip netns exec "$ns0" "$@" & }
bg1() { ip netns exec "$ns1" "$@" & }

# ---- TAP

ok() {
	cases=$((cases + 1))
	printf 'ok %d %s\n' $cases "$*"
}

not_ok() {
	cases=$((cases + 1))
	failed=$((failed + 1))
	printf 'not ok %d %s\n' $cases "$*"
	[ ! -f "$work/mib.n0" ] || { mib_show n0; mib_show n1; }
}

note() { printf '# %s\n' "$*"; }

# check NAME COMMAND: a case that passes when the command does
check() {
	local name=$1

	shift
	if "$@"; then ok "$name"; else not_ok "$name"; fi
}

skip_all() {
	printf '1..0 # SKIP %s\n' "$*"
	exit 4
}

finish() {
	printf '1..%d\n' $cases
	[ $failed = 0 ] && [ $cases -gt 0 ]
	exit
}

# ---- waiting

# wait_until SECONDS COMMAND: poll until the command passes
wait_until() {
	local end=$(($(date +%s) + $1 * SLOW))

	shift
	until "$@"; do
		[ "$(date +%s)" -lt $end ] || return 1
		sleep 0.05
	done
}

now_ms() { date +%s%3N; }

is_listening() { n1 grep -qE ":${1:-$port} [0-9]+ 1 " /proc/net/quic/eps; }

# ---- the link

setup() {
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	modprobe -q sch_netem || true
	[ -d /sys/module/quic ] || modprobe quic 2>/dev/null || skip_all "no module quic"
	{ ip netns add "$ns0" && ip netns add "$ns1"; } || skip_all "no network namespaces"
	ip -n "$ns0" link add veth0 address 02:00:00:00:00:00 type veth \
		peer name veth1 address 02:00:00:00:00:01 netns "$ns1" || skip_all "no veth"
	n0 sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.veth0.accept_dad=0
	n1 sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.veth1.accept_dad=0
	ip -n "$ns0" addr add $addr0/24 dev veth0
	ip -n "$ns1" addr add $addr1/24 dev veth1
	ip -n "$ns0" addr add $addr0_6/64 dev veth0 nodad
	ip -n "$ns1" addr add $addr1_6/64 dev veth1 nodad
	ip -n "$ns0" link set lo up
	ip -n "$ns1" link set lo up
	ip -n "$ns0" link set veth0 up
	ip -n "$ns1" link set veth1 up
	# known, and not learned over a link that may corrupt ARP, which has no checksum
	ip -n "$ns0" neigh add $addr1 lladdr 02:00:00:00:00:01 dev veth0
	ip -n "$ns1" neigh add $addr0 lladdr 02:00:00:00:00:00 dev veth1
	[ -z "$SWITCHES" ] || switches
	mib_mark
}

teardown() {
	local pids

	pids=$(jobs -p)
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill $pids 2>/dev/null
	for ns in "$ns0" "$ns1" ${ns2:+"$ns2"}; do
		pids=$(ip netns pids "$ns" 2>/dev/null)
		# shellcheck disable=SC2086
		[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
		ip netns del "$ns" 2>/dev/null
	done
	wait 2>/dev/null
	rm -rf "$work"
}
trap teardown EXIT

# switches NAME=VALUE...: of net.tquic, at both ends; with none, as they were at first
switches() {
	# shellcheck disable=SC2086
	[ $# != 0 ] || set -- zerocopy=1 gso=1 gro=1 hpbatch=1 $SWITCHES
	n0 sysctl -qw "${@/#/net.tquic.}"
	n1 sysctl -qw "${@/#/net.tquic.}"
}

# is_on NAME: that switch of the client
is_on() { [ "$(n0 sysctl -n "net.tquic.$1")" = 1 ]; }

# batches: the client sends more than one datagram at once
batches() { is_on zerocopy && is_on gso; }

set_mtu() {
	ip -n "$ns0" link set veth0 mtu "$1"
	ip -n "$ns1" link set veth1 mtu "$1"
}

# in_order: one CPU takes in what comes over the link at each end, or packets that two
# CPUs send would overtake each other, as they do on no wire
in_order() {
	local last=$(($(nproc) > 1 ? 2 : 1))

	# a kernel for one CPU has no such file
	n0 sh -c "echo 1 >/sys/class/net/veth0/queues/rx-0/rps_cpus" 2>/dev/null
	n1 sh -c "echo $last >/sys/class/net/veth1/queues/rx-0/rps_cpus" 2>/dev/null
}

# netem ARGS: the same on both ends; with none, the plain link again
netem() {
	local i

	for i in 0 1; do
		if [ $# = 0 ]; then
			ip netns exec "quic$i-$$" tc qdisc del dev veth$i root 2>/dev/null
		else
			ip netns exec "quic$i-$$" tc qdisc replace dev veth$i root netem limit 20000 "$@"
		fi
	done
	return 0
}

# ---- counters: all of them are taken by mib_mark, the others tell what was added since

mib_mark() {
	n0 cat /proc/net/quic/snmp >"$work/mib.n0"
	n1 cat /proc/net/quic/snmp >"$work/mib.n1"
}

# mib n0|n1 NAME...: the sum of what these counters gained since mib_mark
mib() {
	local ns=$1

	shift
	"$ns" cat /proc/net/quic/snmp | awk -v names="$*" '
		BEGIN {n = split(names, want, " "); for (i = 1; i <= n; i++) wanted[want[i]] = 1}
		FNR == NR {old[$1] = $2; next}
		$1 in wanted {sum += $2 - old[$1]; seen++}
		END {if (seen != n) {print "no counter among: " names >"/dev/stderr"; print "missing"; exit 1} printf "%d\n", sum}
	' "$work/mib.$ns" -
}

# mib_drops n0|n1: everything dropped since mib_mark
mib_drops() {
	# shellcheck disable=SC2046
	mib "$1" $(awk '$1 ~ /^DROP_/ && $1 != "DROP_AMPLIFICATION" {print $1}' "$work/mib.$1")
}

# mib_show n0|n1: all that changed, for whoever reads the log
mib_show() {
	"$1" cat /proc/net/quic/snmp | awk -v ns="$1" '
		FNR == NR {old[$1] = $2; next}
		$2 != old[$1] {line = line " " $1 "=" $2 - old[$1]}
		END {print "# " ns ":" line}
	' "$work/mib.$1" -
}

# mib_is n0|n1 NAME OPERATOR NUMBER, silent
mib_is() {
	local value

	value=$(mib "$1" "$2") || return 1
	test "$value" "$3" "$4"
}

# chk_mib n0|n1 NAME OPERATOR NUMBER [WHY]: a case; operators are those of test
chk_mib() {
	local value name="$1 $2 $3 $4${5:+: $5}"

	value=$(mib "$1" "$2") || { not_ok "$name"; return; }
	if test "$value" "$3" "$4"; then
		ok "$name"
	else
		not_ok "$name"
		note "it is $value"
	fi
}

# chk_switches NAME BYTES: what the counters say that each switch did to a transfer of
# so many bytes from n0 to n1
chk_switches() {
	if is_on zerocopy; then
		chk_mib n0 TX_PAYLOAD_COPIED -eq 0 "$1"
	else
		chk_mib n0 TX_PAYLOAD_COPIED -ge $((2 * $2)) "$1"
	fi
	if batches; then
		chk_mib n0 TX_GSO -gt 0 "$1"
	else
		chk_mib n0 TX_GSO -eq 0 "$1"
	fi
	if ! is_on gro; then
		chk_mib n1 RX_AGGREGATES -eq "$(mib n1 RX_DATAGRAMS)" "$1"
	elif batches; then
		chk_mib n1 RX_AGGREGATES -lt "$(mib n1 RX_DATAGRAMS)" "$1"
	fi
}

# chk_sent_once NS NAME: nothing is sent twice over a link that loses nothing, but for the
# few frames that each probe timeout repeats when a guest's CPU has stood still
chk_sent_once() {
	local frames ptos

	frames=$(mib "$1" STREAM_FRAMES_RETRANS)
	ptos=$(mib "$1" PTO)
	check "$1 nothing is sent twice: $2 ($frames frames, $ptos probe timeouts)" \
		test "${frames:-1}" -le $((${ptos:-0} * 4))
}

# ---- transfers

# server ARGS: quic_xfer in n1; returns when it listens
server() {
	bg1 ./quic_xfer server --port $port "$@" >"$work/server" 2>"$work/server.err"
	server_pid=$!
	if ! wait_until 20 grep -q listening "$work/server"; then
		note "the server does not listen: $(cat "$work/server.err")"
		return 1
	fi
}

server_stop() {
	kill "$server_pid" 2>/dev/null
	wait "$server_pid" 2>/dev/null
	return 0
}

client() {
	n0 ./quic_xfer client --port $port --insecure "$@" >"$work/client" 2>"$work/client.err"
}

# result client|server NAME: a number that it printed
result() {
	sed -nE "s/.*\\b$2=([0-9a-f]+).*/\\1/p" "$work/$1" | tail -n 1
}

show_errors() {
	sed 's/^/# /' "$work/client.err" "$work/server.err" 2>/dev/null
}

# xfer NAME ADDRESS ARGS: one transfer between fresh client and server, its content
# verified by both, and the hashes compared here; xfer_both is for both of them
xfer_both=()
xfer() {
	local name=$1 to=$2 rc=0 conns=1 i

	shift 2
	for ((i = 1; i < $#; i++)); do
		[ "${!i}" != --conns ] || { i=$((i + 1)); conns=${!i}; }
	done
	server --conns "$conns" --timeout $((30 * SLOW)) "${xfer_both[@]}" || { not_ok "$name"; return 1; }
	client --timeout $((30 * SLOW)) "${xfer_both[@]}" "$@" "$to" || rc=$?
	[ $rc = 0 ] || server_stop
	wait "$server_pid" || rc=$?
	if [ $rc = 0 ] && [ -n "$(result client tx_hash)" ] &&
	   [ "$(result client tx_hash)" = "$(result server rx_hash)" ] &&
	   [ "$(result client rx_hash)" = "$(result server tx_hash)" ] &&
	   [ "$(result client tx_bytes)" = "$(result server rx_bytes)" ]; then
		ok "$name"
		note "$(result client tx_bytes) + $(result client rx_bytes) bytes in $(result client ms) ms," \
			"longest stall $(result client max_stall_ms) and $(result server max_stall_ms) ms"
		return 0
	fi
	not_ok "$name"
	note "client: $(cat "$work/client") server: $(tail -n 1 "$work/server")"
	show_errors
	return 1
}

# hold NAME ARGS: a client in the background that has done its transfer and stays
hold() {
	local name=$1

	shift
	bg0 ./quic_xfer client --port $port --insecure --hold --bytes 1000 "$@" >"$work/client" 2>"$work/client.err"
	client_pid=$!
	wait_until 20 grep -q holding "$work/client" || not_ok "$name: connected"
}

# suite PROGRAM [CASES]: its cases, run in n0, become ours
suite() {
	local line

	n0 ./"$1" "${@:2}" >"$work/$1.tap" 2>&1
	while IFS= read -r line; do
		case $line in
		"ok "*) ok "$1: $(cut -d' ' -f3- <<<"$line")" ;;
		"not ok "*) not_ok "$1: $(cut -d' ' -f4- <<<"$line")" ;;
		1..* | TAP*) ;;
		*) printf '%s\n' "$line" ;;
		esac
	done <"$work/$1.tap"
	check "$1 has run to its end" grep -q '^1\.\.[1-9]' "$work/$1.tap"
}

# ---- memory

# Objects in use in all tquic_* slabs
slab_objects() {
	local f

	for f in /sys/kernel/slab/tquic_*/shrink; do
		[ ! -w "$f" ] || echo 1 >"$f"
	done
	awk '$1 ~ /^tquic_/ {sum += $2; n++} END {print n ? sum + 0 : "none"}' /proc/slabinfo
}


# no_conns n0|n1
no_conns() { [ "$("$1" cat /proc/net/quic/conns | wc -l)" = 1 ]; }

# memory_is OBJECTS: so many, and no connections
memory_is() { no_conns n0 && no_conns n1 && [ "$(slab_objects)" = "$1" ]; }
