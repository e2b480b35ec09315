# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# measure.sh: what `make bench` and perf_test_zerocopy.sh share: the rows that can be
# measured, the link and the switches they are measured with, and running them in turn.
# It judges nothing: each run leaves one line of JSON for scripts/perf.py.  Sourced after
# lib.sh, never run.

# forms | times | name | link | switches | command
# forms: b = make bench, q = the quick form, f = the full form of perf_test_zerocopy.sh.
# times: * = once in each round, so that rows alternate; N = N times in the first round.
# link: the loopback's MTU, or a set-up of set_link.  switches: of net.tquic, all others on.
# $V: bytes to transfer (64 MB; rows of 100 MB grow with it), $S: seconds to send.
rows() {
	local quic="bench/tquic_bench loop --json" bulk="bench/tquic_bench loop --json --size 64k"

	cat <<-ROWS
		bqf|*|TCP|1500||bench/ktls loop --plain --size 64k --seconds $S
		bqf|*|kTLS|1500||bench/ktls loop --size 64k --seconds $S
		b f|*|UDP GSO|1500||bench/udp loop --seconds $S
		bqf|*|floor|1500||bench/floor/measure
		bqf|*|floor, unencrypted|1500||bench/floor/measure crypt=0
		bqf|*|QUIC|1500||$bulk --bytes $V
		bqf|*|QUIC, unencrypted|1500||$bulk --bytes $V --no-encrypt
		bqf|*|QUIC, copy mode|1500|zerocopy=0|$bulk --bytes $V
		bqf|*|QUIC, copy mode, unencrypted|1500|zerocopy=0|$bulk --bytes $V --no-encrypt
		  f|*|QUIC, no GSO|1500|gso=0|$bulk --bytes $V
		  f|*|QUIC, no GRO|1500|gro=0|$bulk --bytes $V
		  f|*|QUIC, header protection one by one|1500|hpbatch=0|$bulk --bytes $V
		  f|*|QUIC, no GSO, unencrypted|1500|gso=0|$bulk --bytes $V --no-encrypt
		  f|*|QUIC, no GRO, unencrypted|1500|gro=0|$bulk --bytes $V --no-encrypt
		b f|*|QUIC, MSG_ZEROCOPY|1500||$bulk --bytes $V --zerocopy
		b f|*|QUIC, sendfile|1500||$bulk --bytes $V --sendfile
		bqf|*|kTLS, MTU 9000|9000||bench/ktls loop --size 64k --seconds $S
		bqf|*|QUIC, MTU 9000|9000||$bulk --bytes $V
		  f|*|kTLS, MTU 1280|1280||bench/ktls loop --size 64k --seconds $S
		  f|*|QUIC, MTU 1280|1280||$bulk --bytes $V
		  f|*|QUIC, 4 streams|1500||$bulk --bytes $V --streams 4
		  f|*|QUIC, 8 streams|1500||$bulk --bytes $V --streams 8
		  f|*|QUIC, 8 connections|1500||$bulk --bytes 8M --connections 8
		  f|*|QUIC, 100 connections|1500||$bulk --bytes 1M --connections 100
		bqf|*|kTLS, 1 KB writes|1500||bench/ktls loop --size 1k --seconds $S
		bqf|*|QUIC, 1 KB writes|1500||$quic --size 1k --bytes $((V / 2))
		  f|*|TCP, 1 KB writes|1500||bench/ktls loop --plain --size 1k --seconds $S
		  f|*|QUIC, copy mode, 1 KB writes|1500|zerocopy=0|$quic --size 1k --bytes $((V / 2))
		$(for size in 4 16 256; do
			echo "  f|*|TCP, $size KB writes|1500||bench/ktls loop --plain --size ${size}k --seconds $S"
			echo "  f|*|kTLS, $size KB writes|1500||bench/ktls loop --size ${size}k --seconds $S"
			echo "  f|*|QUIC, $size KB writes|1500||$quic --size ${size}k --bytes $V"
			echo "  f|*|QUIC, copy mode, $size KB writes|1500|zerocopy=0|$quic --size ${size}k --bytes $V"
		done)
		bqf|*|QUIC, 1-byte round trip|1500||$quic --latency --duration 0.2
		 qf|*|QUIC, copy mode, 1-byte round trip|1500|zerocopy=0|$quic --latency --duration 0.2
		bqf|1|QUIC, fresh 64 KB|1500||$quic --fresh 11
		b f|1|QUIC, memory in flight|rtt20||$quic --held 32 --around scripts/blackhole
		  f|20|QUIC, 100 MB|1500||$bulk --bytes $((V * 100 / 64))
		b f|1|TCP, 20 ms|rtt20||bench/ktls loop --plain --size 64k --seconds 3
		b f|1|QUIC, 20 ms|rtt20||$bulk --bytes $((V * 100 / 64))
		b f|1|TCP handshake|1500||$quic --rsa --tcp-handshakes 20
		b f|1|QUIC handshake|1500||$quic --rsa --handshakes 20
		b f|1|QUIC, idle connection|1500||$quic --idle 200
	ROWS
}

set_link() {
	tc qdisc del dev lo root 2>/dev/null || true
	case $1 in
	rtt20)
		ip link set lo mtu 1500
		tc qdisc add dev lo root netem delay 10ms limit 1000000
		;;
	*) ip link set lo mtu "$1" ;;
	esac
}

# set_switches "NAME=VALUE...": those of net.tquic, all others at their default; says which
# is missing
set_switches() {
	local f word

	for f in /proc/sys/net/tquic/*; do
		case ${f##*/} in
		zerocopy | gso | gro | hpbatch) echo 1 >"$f" ;;
		esac
	done
	for word in $1; do
		f=/proc/sys/net/tquic/${word%=*}
		if [ ! -e "$f" ]; then
			echo "no switch net.tquic.${word%=*}"
			return 1
		fi
		echo "${word#*=}" >"$f"
	done
}

# measure NAME LINK SWITCHES COMMAND: run it once, append "name<TAB>JSON" to $figures, or
# "name<TAB>{"failed": reason}"
measure() {
	local name=$1 link=$2 switches=$3 command=$4 line

	set_link "$link"
	if ! line=$(set_switches "$switches"); then
		line="{\"failed\":\"$line\"}"
	else
		say "$name: $command"
		# while nothing computes the guest's clock runs a hundred times too fast: a
		# program that hangs is found soon, one that waits for the slow disk is not
		# shellcheck disable=SC2086
		timeout 100000 $command >"$work/out" 2>&1 || true
		line=$(tr -d '\n' <"$work/out" | grep -oE '\{"test".*\}' || true)
		[ -n "$line" ] || line="{\"failed\":\"$(tail -n 1 "$work/out" | tr -d '"\\\t')\"}"
	fi
	set_switches ""
	printf '    %s\n' "$line"
	printf '%s\t%s\n' "$name" "$line" >>"$figures"
}

# measure_rows FORM ROUNDS: all rows of a form, in turn
measure_rows() {
	local form=$1 rounds=$2 round n forms times name link switches command

	for ((round = 1; round <= rounds; round++)); do
		while IFS='|' read -r forms times name link switches command; do
			# shellcheck disable=SC2053
			[[ $forms == *"$form"* && $name == *${ONLY:-}* ]] || continue
			n=1
			if [ "$times" != '*' ]; then
				[ $round = 1 ] || continue
				n=$times
			fi
			for ((; n > 0; n--)); do
				measure "$name" "$link" "$switches" "$command" </dev/null
			done
		done < <(rows)
	done
	set_link 65536
}

# measure_start KO: the module in, and everything run once: the first start of a program
# comes over the guest's slow root file system
measure_start() {
	figures=/mnt/figures
	work=$(mktemp -d)
	printf 'about\t{"kernel":"%s","mode":"%s"}\n' "$(uname -r | cut -d- -f1)" \
		"$([ "${ICOUNT:-0}" = 1 ] && echo 'deterministic: 1 instruction = 1 ns, both ends on one CPU' ||
			echo 'wall-clock')" >"$figures"
	load_module "$1" || { dmesg | tail -n 20; die "insmod $1 failed"; }
	say "warming up"
	bench/ktls loop --seconds 0.01 >/dev/null 2>&1 || true
	bench/ktls loop --plain --seconds 0.01 >/dev/null 2>&1 || true
	bench/udp loop --seconds 0.01 >/dev/null 2>&1 || true
	bench/tquic_bench loop --bytes 1M --around true >/dev/null 2>&1 || true
	bench/floor/measure batches=1 >/dev/null || true
}

# wait_for_close: until the module has no connection left
wait_for_close() {
	local i

	for ((i = 0; i < 300; i++)); do
		! grep -q '^CONN_CURRENT 0$' /proc/net/quic/snmp || return 0
		sleep 0.1
	done
	say "connections are left"
	return 1
}

# measure_end: all was measured that was to be; the module out
measure_end() {
	wait_for_close
	rmmod quic
	printf 'end\t{}\n' >>"$figures"
}

# measure_host SCRIPT [ARGS]: build, boot, run "SCRIPT --guest KO ARGS" in the guest
# sharing the folder $share
# shellcheck disable=SC2154
measure_host() {
	local script=$1 kver ko

	shift
	"$TOP/scripts/deps" build run
	cd "$TOP" || exit 1
	kver=$(kernel_pick "${KVER:-}")
	ko=$(build_for "$kver")
	build_bench_modules "$kver"
	SHARE=$share KVER=$kver ICOUNT=${ICOUNT:-1} GUEST_ENV="REPEAT ONLY V S" T=${T:-6000} \
		"$TOP/scripts/vm" "$script" --guest "$ko" "$@"
}
