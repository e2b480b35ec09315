# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# lib.sh: what the scripts share: messages with the time they took, the cache, which
# kernels there are, and what counts as a report of the kernel about itself.  It is
# sourced and never run, and changes nothing on the machine.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${TQUIC_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/tquic}

# a make above us has its own jobs, and its variables are in the environment too
unset MAKEFLAGS MFLAGS MAKELEVEL

# say TEXT: one step, with the seconds since the script began
say() {
	printf '[%4d s] %s\n' "$SECONDS" "$*" >&2
}

# die TEXT [ADVICE]: what failed, and what to do about it
die() {
	printf '%s: %s\n' "${0##*/}" "$1" >&2
	[ $# -lt 2 ] || printf '%s: %s\n' "${0##*/}" "$2" >&2
	exit 1
}

# hash_of WORDS: a short name for what depends on them
hash_of() {
	printf '%s\n' "$@" | sha256sum | cut -c1-12
}

# kernel_root KVER: where boot/ and lib/modules/ of that kernel stand; empty: the machine's own
kernel_root() {
	[ -r "/boot/vmlinuz-$1" ] && [ -d "/lib/modules/$1/kernel" ] && return
	[ -r "$CACHE/kernels/$1/boot/vmlinuz-$1" ] && printf '%s' "$CACHE/kernels/$1"
}

# kernel_images: versions of all kernels that could be booted, oldest first
kernel_images() {
	local f v

	for f in /boot/vmlinuz-* "$CACHE"/kernels/*/boot/vmlinuz-*; do
		v=${f##*/vmlinuz-}
		[ -r "$f" ] || continue
		[ "${f#/boot/}" = "$f" ] || [ -d "/lib/modules/$v/kernel" ] || continue
		printf '%s\n' "$v"
	done | sort -Vu
}

# kernel_headers: versions of all kernels a module can be built for, oldest first
kernel_headers() {
	local d

	for d in /lib/modules/*/build; do
		[ -e "$d/Makefile" ] || continue
		d=${d%/build}
		printf '%s\n' "${d##*/}"
	done | sort -Vu
}

# newest SERIES: the newest of the versions on stdin that belong to it ("6.1" is not "6.12")
newest() {
	awk -v s="$1" 's == "" || $0 == s || index($0, s ".") == 1 || index($0, s "-") == 1' | tail -n 1
}

# kernel_pick [SPEC]: a kernel that can be booted and built for; SPEC is a version or a
# series ("6.1"); without it the newest 6.12, then the newest of all
kernel_pick() {
	local both v

	both=$(comm -12 <(kernel_images | sort) <(kernel_headers | sort) | sort -V)
	if [ -n "${1:-}" ]; then
		v=$(newest "$1" <<<"$both")
	else
		v=$(newest 6.12 <<<"$both")
		[ -n "$v" ] || v=$(newest "" <<<"$both")
	fi
	[ -n "$v" ] || die "no kernel${1:+ $1} with image and headers on this machine" \
		"run scripts/deps, or choose one of: $(tr '\n' ' ' <<<"$both")"
	printf '%s\n' "$v"
}

# kernel_reports FILE: lines of a kernel log, after the mark of our init, in which the
# kernel reports something about itself; each with what follows it
REPORTS='BUG:|BUG [a-z]|WARNING:|KASAN:|KFENCE:|UBSAN:|Oops|kernel BUG at|general protection fault|int3: 0000'
REPORTS+='|possible circular locking|possible recursive locking|possible irq lock inversion'
REPORTS+='|inconsistent lock state|bad unlock balance|held lock freed|lock held when returning'
REPORTS+='|suspicious RCU|sleeping function called|scheduling while atomic|unreferenced object'
REPORTS+='|refcount_t:|list_add corruption|list_del corruption|Objects remaining|detected stall'
REPORTS+='|blocked for more than|unregister_netdevice: waiting|Kernel panic|waiting for .* to become free'
REPORTS+='|ODEBUG:|new suspected memory leaks|Attempt to release alive|trying to register non-static key'
kernel_reports() {
	tr -d '\r' <"$1" | awk -v re="$REPORTS" '
		/tquic-guest: script starts/ {n = 0}
		/selftest: .* starts/ {test = $0; next}
		{line[++n] = $0; during[n] = test}
		END {
			for (i = 1; i <= n; i++) {
				if (line[i] ~ re) {
					left = 40
					if (during[i] != said)
						print said = during[i]
				}
				if (left-- > 0)
					print line[i]
			}
		}'
}

# build_for KVER|um [user]: the module for that kernel, libquic and the tools, with "user"
# the selftests too; prints the module's path
build_for() {
	local release=$1 kdir=/lib/modules/$1/build flags=() log

	if [ "$1" = um ]; then
		"$TOP/scripts/uml" build >/dev/null
		kdir=$("$TOP/scripts/uml" tree)
		release=$(cat "$kdir/include/config/kernel.release")
		flags=(ARCH=um)
	fi
	log=$(mktemp)
	say "building quic.ko for Linux $release"
	make -s -C "$TOP" modules KDIR="$kdir" "${flags[@]}" >"$log" 2>&1 || {
		cat "$log" >&2
		rm -f "$log"
		die "cannot build the module for Linux $release" "the compiler's messages are above"
	}
	say "building libquic and the tools"
	make -s -C "$TOP" "${2:-tools}" >"$log" 2>&1 || {
		cat "$log" >&2
		rm -f "$log"
		die "cannot build libquic and the tools" "the compiler's messages are above"
	}
	rm -f "$log"
	# what root built in somebody's folder is his
	[ -z "${SUDO_UID:-}" ] || chown -R --from=0 "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$TOP"
	printf '%s/net/tquic/quic.ko\n' "$(make -s -C "$TOP" folder KDIR="$kdir")"
}

# build_bench_modules KVER: the modules that only measure, for that kernel
build_bench_modules() {
	local log

	log=$(mktemp)
	say "building the measuring modules"
	make -s -C "$TOP" modules TQUIC_BENCH=1 KDIR="/lib/modules/$1/build" >"$log" 2>&1 || {
		cat "$log" >&2
		rm -f "$log"
		die "cannot build the measuring modules for Linux $1" "the compiler's messages are above"
	}
	rm -f "$log"
}

# load_module FILE: insmod, after what it depends on, as modprobe would
load_module() {
	local dep

	# what udev loads on a machine of its own
	for dep in aesni_intel ghash_clmulni_intel; do
		modprobe -q "$dep" || true
	done
	for dep in $(modinfo -F depends "$1" | tr ',' ' '); do
		modprobe -q "$dep" || true
	done
	insmod "$1"
}

# counted COMMAND: run it, and make its last line "N passed, N failed" agree with its
# status: a command that fails without saying so has one failure
counted() {
	local out rc=0 passed failed

	out=$(mktemp)
	set +e
	"$@" | tee "$out" | grep -vxE --line-buffered '[0-9]+ passed, [0-9]+ failed'
	rc=${PIPESTATUS[0]}
	set -e
	read -r passed failed < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$out" | tail -n 1) || true
	rm -f "$out"
	passed=${passed:-0} failed=${failed:-0}
	if [ "$failed" = 0 ] && { [ "$rc" != 0 ] || [ "$passed" = 0 ]; }; then
		failed=1
	fi
	printf '%s passed, %s failed\n' "$passed" "$failed"
	[ "$failed" = 0 ]
}
