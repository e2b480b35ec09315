# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# guest.sh: what scripts/vm and scripts/uml have in common: the folder shared with the
# guest, its first process, and the verdict when it has ended.  It does not know how a
# guest is started.  Sourced after lib.sh, never run.

# guest_prepare SCRIPT [ARGS]: fill the shared folder; sets $share
guest_prepare() {
	local script name

	script=$(realpath -e "$1") || die "no such script: $1"
	shift
	keep=${SHARE:-}
	share=${SHARE:-$(mktemp -d)}
	share=$(realpath "$share")
	trap '[ -n "$keep" ] || rm -rf "$share"' EXIT
	rm -f "$share"/{status,dmesg,console,kmemleak}
	tar -C "$TOP" --exclude=./.git --exclude=./build --exclude='*.o' -cf "$share/repo.tar" .
	[ ! -d "$TOP/build" ] || (cd "$TOP" && find build -name '*.ko' -print0 | tar --null -T - -rf "$share/repo.tar")
	case $script in
	"$TOP"/*) ;;
	*)
		install -m 755 "$script" "$share/script"
		script=/mnt/script
		;;
	esac
	{
		printf 'top=%q\nkmemleak=%q\n' "$TOP" "${KMEMLEAK:-1}"
		for name in ${GUEST_ENV:-} QUICK DEBUG TESTS; do
			[ -z "${!name+set}" ] || printf 'export %s=%q\n' "$name" "${!name}"
		done
		printf 'run=('
		printf '%q ' "$script" "$@"
		printf ')\n'
	} >"$share/vars"
	install -m 755 "$TOP/scripts/guest-init" "$share/init"
}

# guest_console: pass on what the script in the guest prints, keep all of it
guest_console() {
	sed -u 's/\r*$//' | tee "$share/console" |
		sed -un '/^tquic-guest: script starts/,/^tquic-guest: script ended/{//!p}'
}

# guest_finish: the verdict, into $rc
guest_finish() {
	local log=$share/dmesg

	rc=1
	if [ -s "$share/status" ]; then
		rc=$(cat "$share/status")
	else
		log=$share/console
		say "the guest did not come to an end: it died, or was stopped after ${T:-600} s"
		grep -q '^tquic-guest: script starts' "$share/console" || tail -n 40 "$share/console" >&2
	fi
	kernel_reports "$log" >"$share/reports"
	[ ! -s "$share/kmemleak" ] || cat "$share/kmemleak" >>"$share/reports"
	if [ -s "$share/reports" ]; then
		say "the kernel reported:"
		head -n 200 "$share/reports" >&2
		[ "$rc" != 0 ] && [ "$rc" != 4 ] || rc=1
	fi
}
