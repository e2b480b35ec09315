#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fraglist.sh: aggregates in all the forms that GRO gives them.  A packet whose bytes lie in
# an skb's head that is no page, and what no longer fits into 17 fragments, GRO hangs into
# the frag_list of the first (skb_gro_receive()); packets chained whole (rx-gro-list) are not
# for a socket that takes aggregates, and are taken apart for one that does not.
# shellcheck disable=SC2317
. "$(dirname "$0")/netns.sh"

command -v ethtool >/dev/null || skip_all "no ethtool"
setup
in_order
MB=1048576
size=$((64 * MB / SCALE))

# features NAME VALUE...: of the link, at both ends
features() {
	{ n0 ethtool -K veth0 "$@" && n1 ethtool -K veth1 "$@"; } >"$work/ethtool" 2>&1 || {
		not_ok "ethtool -K $*"
		sed 's/^/# /' "$work/ethtool"
	}
}

# The kernel frees a frag_list by a function of its own: how often it does is how many came.
# Where that is inlined, in 6.1, each packet in one counts as dropped, and nothing else does.
tracing=/sys/kernel/tracing
probe=fraglist_$$
own=$tracing/instances/$probe
lists=
watch() {
	echo "p:$probe kfree_skb_list_reason" >>"$tracing/kprobe_events" && mkdir "$own" &&
		echo 1 >"$own/events/kprobes/$probe/enable" &&
		echo 1 >"$own/events/skb/kfree_skb/enable" && lists=$own/trace
} 2>/dev/null
unwatch() {
	[ ! -d "$own" ] || { echo 0 >"$own/events/enable"; rmdir "$own"; }
	! grep -qs "$probe" "$tracing/kprobe_events" || echo "-:$probe" >>"$tracing/kprobe_events"
}
trap 'unwatch; teardown' EXIT
watch || note "no kprobes here: that there are frag_lists is not looked at"

# chk_lists NAME OPERATOR NUMBER: of the last transfer
chk_lists() {
	local seen

	[ -n "$lists" ] || return
	seen=$(grep -cE " ($probe|kfree_skb): " "$lists")
	check "$1: so many frag_lists as there ought to be ($seen)" test "$seen" "$2" "$3"
}

# transfers NAME: what all forms have to carry
transfers() {
	xfer "$1, IPv6, both directions" $addr1_6 --bytes $((size / 4)) --both --streams 3
	xfer "$1, without encryption" $addr1 --bytes $((size / 4)) --no-encrypt --both
	set_mtu 9000
	xfer "$1, MTU 9000" $addr1 --bytes $size --both
	set_mtu 1500
	mib_mark
	[ -z "$lists" ] || echo >"$lists"
	# so much that batches become larger than 17 packets
	xfer "$1" $addr1 --bytes $((size + 2 * MB)) --streams 2
	note "$1: $(mib n1 RX_AGGREGATES) aggregates of $(mib n1 RX_DATAGRAMS) datagrams," \
		"$(mib n1 RX_COPIED) of $(mib n1 RX_PACKETS) packets were copied"
}

# intact NAME: nothing of it was lost on the way in
intact() {
	chk_mib n1 DROP_DECRYPT -eq 0 "$1"
	chk_mib n1 DROP_CHECKSUM -eq 0 "$1"
	chk_mib n1 DROP_HEADER -eq 0 "$1"
	chk_mib n1 PROTOCOL_ERRORS -eq 0 "$1"
}

# GRO of this link begins where it does not segment for TCP
features tso off gro off
switches gso=0 gro=1
transfers "datagrams one by one"
chk_mib n1 RX_AGGREGATES -eq "$(mib n1 RX_DATAGRAMS)" "one by one"
chk_mib n1 RX_COPIED -eq 0 "one by one"
chk_lists "one by one" -lt 10
intact "one by one"

features gro on
transfers "a frag_list"
chk_mib n1 RX_AGGREGATES -lt $(($(mib n1 RX_DATAGRAMS) / 2)) "a frag_list"
chk_mib n1 RX_COPIED -eq 0 "a frag_list is nobody else's: it is opened in place"
chk_lists "a frag_list" -ge $(($(mib n1 RX_AGGREGATES) / 2))
intact "a frag_list"

switches zerocopy=1 gso=1 gro=1
features tx-udp-segmentation off
transfers "fragments and a frag_list of such"
chk_mib n1 RX_AGGREGATES -lt $(($(mib n1 RX_DATAGRAMS) / 2)) "fragments and a frag_list"
chk_mib n1 RX_COPIED -lt $(($(mib n1 RX_PACKETS) / 8)) "all but packets in two fragments"
chk_lists "fragments and a frag_list" -ge $(($(mib n1 RX_AGGREGATES) / 8))
intact "fragments and a frag_list"

features rx-gro-list on
transfers "rx-gro-list"
chk_mib n1 RX_AGGREGATES -lt $(($(mib n1 RX_DATAGRAMS) / 2)) "rx-gro-list"
intact "rx-gro-list"
switches gro=0
transfers "rx-gro-list, no aggregates wanted"
chk_mib n1 RX_AGGREGATES -eq "$(mib n1 RX_DATAGRAMS)" "rx-gro-list, no aggregates wanted"
chk_mib n1 RX_COPIED -eq 0 "rx-gro-list, no aggregates wanted"
intact "rx-gro-list, no aggregates wanted"
finish
