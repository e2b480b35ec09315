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
REPORTS='BUG:|BUG [a-z]|WARNING:|KASAN:|KFENCE:|UBSAN:|Oops|kernel BUG at|general protection fault'
REPORTS+='|possible circular locking|possible recursive locking|possible irq lock inversion'
REPORTS+='|inconsistent lock state|bad unlock balance|held lock freed|lock held when returning'
REPORTS+='|suspicious RCU|sleeping function called|scheduling while atomic|unreferenced object'
REPORTS+='|refcount_t:|list_add corruption|list_del corruption|Objects remaining|detected stall'
REPORTS+='|blocked for more than|unregister_netdevice: waiting|Kernel panic|waiting for .* to become free'
REPORTS+='|new suspected memory leaks|Attempt to release alive|trying to register non-static key'
kernel_reports() {
	tr -d '\r' <"$1" | awk -v re="$REPORTS" '
		/tquic-guest: script starts/ {n = 0}
		{line[++n] = $0}
		END {
			for (i = 1; i <= n; i++) {
				if (line[i] ~ re)
					left = 40
				if (left-- > 0)
					print line[i]
			}
		}'
}
