#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault.sh: no memory, at one place after the other: each allocation of the calls of a
# process in turn, then what softirqs ask for, cache by cache, by chance: every byte
# arrives, and nothing is left behind.  Needs a kernel with fault injection: DEBUG=1.
# shellcheck disable=SC2317
. "$(dirname "$0")/netns.sh"

failslab=/sys/kernel/debug/failslab
failpage=/sys/kernel/debug/fail_page_alloc
{ [ -e /proc/self/fail-nth ] && [ -d $failslab ] && [ -d $failpage ]; } ||
	skip_all "no fault injection in this kernel (CONFIG_FAULT_INJECTION_DEBUG_FS, FAILSLAB, FAIL_PAGE_ALLOC)"
MANY=1000000

# set_faults FOLDER NAME=VALUE...: probability last, it begins there
set_faults() {
	local to=$1 pair

	shift
	for pair; do
		echo "${pair#*=}" >"$to/${pair%%=*}" || note "cannot set $to/$pair"
	done
}

no_faults() {
	echo 0 >"$failslab/probability"
	echo 0 >"$failpage/probability"
	grep -l 1 /sys/kernel/slab/*/failslab | while read -r f; do
		echo 0 >"$f"
	done
}
trap 'no_faults; teardown' EXIT

setup
in_order
size=$((8 * 1048576 / (SCALE > 16 ? 16 : SCALE)))
set_faults $failslab ignore-gfp-wait=N cache-filter=N task-filter=N verbose=0 interval=1 times=-1 space=0
set_faults $failpage ignore-gfp-wait=N task-filter=N verbose=0 interval=1 times=-1 space=0 min-order=0

suite quic_fault
wait_until 30 memory_is 0
check "the calls of a process: nothing is left" memory_is 0

# failing NAME FOLDER PERCENT COUNTERS: transfers while so many of the allocations that FOLDER is
# about fail, by chance: what fails in step with the retransmissions would never end.  A transfer
# makes but a few of some, whose objects go round: as many transfers as it takes to see some fail
failing() {
	local name=$1 from=$2 percent=$3 counters=$4 faults=0 seen=0 tries=20

	mib_mark
	while [ $tries -gt 0 ] && { [ $faults -lt 3 ] || [ $seen = 0 ]; }; do
		echo "$percent" >"$from/probability"
		xfer "$name: every byte arrives" $addr1 --bytes $size --streams 2 --both || tries=0
		echo 0 >"$from/probability"
		faults=$((MANY - $(cat "$from/times")))
		# shellcheck disable=SC2086
		seen=$(($(mib n0 $counters) + $(mib n1 $counters)))
		tries=$((tries - 1))
	done
	note "$name: $faults allocations failed; seen by us: $seen"
	check "$name: allocations failed" test $faults -ge 3
	check "$name: and we have seen it" test $seen -gt 0
	chk_mib n0 PROTOCOL_ERRORS -eq 0 "$name"
	chk_mib n1 PROTOCOL_ERRORS -eq 0 "$name"
}

# of one cache
for one in "tquic_frame_cache 50 TX_NOMEM" "tquic_seg_cache 10 DROP_NOMEM" "skbuff_head_cache 10 TX_NOMEM DROP_NOMEM"; do
	read -r cache percent counters <<<"$one"
	echo 1 >"/sys/kernel/slab/$cache/failslab" || not_ok "the cache $cache can fail"
	set_faults $failslab ignore-gfp-wait=N cache-filter=Y times=$MANY
	failing "$cache" $failslab "$percent" "$counters"
	echo 0 >"/sys/kernel/slab/$cache/failslab"
done
# of whatever must not wait
set_faults $failslab ignore-gfp-wait=Y cache-filter=N times=$MANY
failing "all slabs, where nobody may wait" $failslab 5 "TX_NOMEM DROP_NOMEM TX_ERRORS"
# a large page is tried first, then a small one
set_faults $failpage ignore-gfp-wait=Y times=$MANY
failing "pages, where nobody may wait" $failpage 90 "TX_NOMEM DROP_NOMEM TX_ERRORS"
wait_until 60 memory_is 0
check "nothing is left" memory_is 0
finish
