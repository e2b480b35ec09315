#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# perf_test_zerocopy.sh: proves the zero-copy transmit path.  Boots a guest (deterministic:
# one instruction takes 1 ns), loads the module, measures it in turn with its copy mode,
# with each switch off, with kTLS, TCP, UDP and the floor, and counts allocations, copies
# and traversals of the IP stack with the kernel's own means.  Fails when a target of
# bench/thresholds.json is missed, when a figure is more than 3 % worse than the recorded
# one, and when an instrument is missing or was not seen at work.
#
#   scripts/perf_test_zerocopy.sh [--out DIR] [--quick] [--record | --gate]
#
# --out DIR	where the results go (default: bench-results/DATE)
# --quick	two rounds of fewer rows, for every change
# --record	make this run's figures the recorded ones
# --gate	fail only where a figure is 3 % worse than the recorded one
# KVER=6.1 ICOUNT=0 REPEAT=5 ONLY="QUIC" V=64M S=1	as in scripts/bench
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/measure.sh"
trace=/sys/kernel/tracing

# ---- counters: what happens between the first write and the last byte's arrival

# event | key of its histogram
histograms="kmem/kmalloc|call_site.sym:size=4096
kmem/kmalloc|stacktrace:size=8192
kmem/kmem_cache_alloc|call_site.sym:size=4096
kmem/kmem_cache_alloc|stacktrace:size=8192
kmem/mm_page_alloc|order,stacktrace:size=8192
net/net_dev_queue|len.log2
tq/xmit|want
tq/copy|common_cpu:vals=hitcount,len
tq/ip_out|common_cpu"

# The module's functions, by the names that they keep; what is missing is said, and has no figures
add_probes() {
	local probe

	: >$trace/kprobe_events
	# shellcheck disable=SC2016
	for probe in 'p:tq/xmit quic:tquic_xmit want=$arg5:u32' \
		'p:tq/copy quic:tquic_copy_payload len=$arg3:u32' 'p:tq/ip_out __ip_local_out'; do
		echo "$probe" >>$trace/kprobe_events || say "no probe: $probe"
	done 2>/dev/null
	insmod "build/$(uname -r)/bench/copyprobe/copyprobe.ko"
	# once without a transfer: what it runs comes over the slow root file system
	mkdir -p "$work/dry"
	COUNTS=$work/dry PERF_FIFOS="" "$0" --counters begin
	COUNTS=$work/dry PERF_FIFOS="" "$0" --counters end
	! command -v perf >/dev/null || perf stat -a -e net:net_dev_queue true >/dev/null 2>&1
}

remove_probes() {
	: >$trace/kprobe_events
	rmmod copyprobe
}

perf_control() {
	[ -n "$PERF_FIFOS" ] || return 0
	echo "$1" >"$PERF_FIFOS/ctl"
	read -r _ <"$PERF_FIFOS/ack"
}

# histograms_do [WORD]: make all of them, or pause or clear them
histograms_do() {
	local event key

	while IFS='|' read -r event key; do
		[ ! -e $trace/events/"$event" ] || echo "hist:keys=$key${1:+:$1}" >>$trace/events/"$event"/trigger
	done <<<"$histograms"
}

counters_begin() {
	cat /proc/net/quic/snmp >"$COUNTS/snmp.before"
	histograms_do
	perf_control enable
	echo 0 >/sys/kernel/debug/copyprobe
	histograms_do clear
}

counters_end() {
	local event name f lines

	mapfile -t lines </sys/kernel/debug/copyprobe
	histograms_do pause
	perf_control disable
	printf '%s\n' "${lines[@]}" >"$COUNTS/copyprobe"
	for event in $(cut -d'|' -f1 <<<"$histograms" | uniq); do
		f=$trace/events/$event
		[ -e "$f" ] || continue
		name=${event#*/}
		cat "$f/hist" >"$COUNTS/$name"
		: >"$f/trigger"
	done
	for name in kmalloc kmem_cache_alloc; do
		awk '/^# event histogram/ {hist = ""} /^# trigger info/ {hist = /keys=call_site/ ? "sites" : "stacks"}
			hist {print >FILENAME "." hist}' "$COUNTS/$name"
	done
	cat /proc/net/quic/snmp >"$COUNTS/snmp.after"
}

# row_of NAME: its line
row_of() {
	rows | awk -F'|' -v n="$1" '$3 == n'
}

# count NAME: one transfer of that row with all counters on and each byte checked, after
# some that opens the window
count() {
	local name=$1 link switches command words perf=() V=$((V / 4))

	export COUNTS=/mnt/counts/${name//[^A-Za-z0-9]/-}
	IFS='|' read -r _ _ _ link switches command <<<"$(row_of "$name")"
	mkdir -p "$COUNTS"
	echo "$name" >"$COUNTS/name"
	set_link "$link"
	if ! set_switches "$switches" >"$COUNTS/why"; then
		printf '{"failed":"%s"}\n' "$(cat "$COUNTS/why")" >"$COUNTS/result"
		return
	fi
	read -ra words <<<"$command"
	if command -v perf >/dev/null; then
		mkfifo "$work/ctl" "$work/ack"
		# shellcheck disable=SC2054
		perf=(perf stat -a -x, -D -1 --control "fifo:$work/ctl,$work/ack" -o "$COUNTS/perf.csv" \
			-e kmem:kmalloc,kmem:kmem_cache_alloc,net:net_dev_queue,tq:xmit --)
	fi
	say "counting: $name"
	PERF_FIFOS=${perf:+$work} "${perf[@]}" "${words[@]}" --verify --settle 8M --around "$PWD/scripts/${0##*/} --counters" \
		>"$work/out" 2>&1 || true
	rm -f "$work/ctl" "$work/ack"
	set_switches ""
	sed 's/^/    /' "$work/out"
	grep -oE '\{"test".*\}' "$work/out" >"$COUNTS/result" ||
		printf '{"failed":"%s"}\n' "$(tail -n 1 "$work/out" | tr -d '"\\\t')" >"$COUNTS/result"
}

# ---- slabs

# slab_bytes: what the caches of the module hold
slab_bytes() {
	awk '/^tquic_/ {n += $3 * $4} END {printf "%d\n", n}' /proc/slabinfo
}

# slab_objects: objects of theirs in use, with what is free given back first
slab_objects() {
	local f

	for f in /sys/kernel/slab/tquic_*/shrink; do
		echo 1 >"$f"
	done
	grep '^tquic_' /proc/slabinfo >"/mnt/slab.$1"
	awk '{n += $2} END {printf "%d\n", n}' "/mnt/slab.$1"
}

# slabs: what the caches hold during a transfer, and whether all of it comes back
slabs() {
	local before after steady during sampler

	wait_for_close
	before=$(slab_objects before)
	say "slabs: 8 connections"
	(while :; do
		slab_bytes
		sleep 0.005
	done) >"$work/slabs" &
	sampler=$!
	bench/tquic_bench loop --json --size 64k --bytes "$((V / 8))" --connections 8 \
		--around "$PWD/scripts/${0##*/} --slabs" >/dev/null
	kill $sampler
	wait $sampler || true
	read -r steady during </mnt/slab.steady
	wait_for_close
	after=$(slab_objects after)
	printf 'slabs\t{"test":"slabs","peak_bytes":%d,"steady_bytes":%d}\n' \
		"$(sort -n "$work/slabs" | tail -n 1)" "$steady" >>"$figures"
	printf 'leak\t{"test":"leak","objects_before":%d,"objects_during":%d,"objects_after":%d,"objects":%d}\n' \
		"$before" "$during" "$after" $((after > before ? after - before : 0)) >>"$figures"
}

# ---- the run

describe() {
	uname -a
	cat /proc/cmdline
	printf 'deterministic: %s\n' "${ICOUNT:-0}"
	lscpu
	sysctl net.tquic net.quic net.core.wmem_max net.core.rmem_max
	cat /sys/kernel/debug/sched/features 2>/dev/null || true
}

guest() {
	local ko=$1 form=$2 name

	measure_start "$ko"
	describe >/mnt/system.txt 2>&1
	cat /proc/slabinfo >/mnt/slabinfo.before
	measure_rows "$form" "$REPEAT"
	set_link 1500
	add_probes
	for name in "QUIC" "QUIC, copy mode" "QUIC, unencrypted" "QUIC, MSG_ZEROCOPY" "QUIC, sendfile"; do
		[[ $form = f || $name = QUIC || $name = *"copy mode" ]] || continue
		count "$name"
	done
	remove_probes
	slabs
	cat /proc/slabinfo >/mnt/slabinfo.after
	measure_end
}

usage() {
	sed -n 's/^# \{0,1\}//; 3,19p' "$0" >&2
	exit 2
}

host() {
	local form=f out="" args=() rc=0

	while [ $# -gt 0 ]; do
		case $1 in
		--out)
			[ $# -gt 1 ] || usage
			out=$2
			shift
			;;
		--quick) form=q ;;
		--record | --gate) args+=("$1") ;;
		*) usage ;;
		esac
		shift
	done
	out=$(realpath -m "${out:-$TOP/bench-results/$(date +%Y-%m-%d-%H%M)}")
	if [ $form = q ]; then
		S=${S:-0.3} REPEAT=${REPEAT:-2}
	fi
	V=$(numfmt --from=iec "${V:-64M}")
	export V S=${S:-1} REPEAT=${REPEAT:-5} ONLY=${ONLY:-}
	mkdir -p "$out"
	"$TOP/scripts/deps" plots
	share=$(mktemp -d)
	measure_host "$(realpath "$0")" $form || rc=$?
	for f in console system.txt slabinfo.before slabinfo.after slab.before slab.after figures; do
		[ ! -f "$share/$f" ] || cp "$share/$f" "$out/"
	done
	[ $rc = 0 ] || say "the guest failed: see $out/console"
	"$TOP/scripts/perf.py" "$([ $form = q ] && echo quick || echo full)" "$share/figures" "$out" "${args[@]}" || rc=1
	rm -rf "$share"
	# what root measured in somebody's folder is his
	[ -z "${SUDO_UID:-}" ] || chown -R --from=0 "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$out" bench/thresholds.json
	say "results: $out"
	exit $rc
}

case ${1:-} in
--guest) guest "$2" "$3" 2>&1 ;;
--counters) "counters_$2" ;;
--slabs) [ "$2" = begin ] || awk '/^tquic_/ {b += $3 * $4; n += $2} END {print b, n}' /proc/slabinfo >/mnt/slab.steady ;;
*) host "$@" ;;
esac
