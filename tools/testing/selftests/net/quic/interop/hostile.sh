#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154
# hostile.sh: what our server makes of a client that breaks the rules; hostile.py has the cases.
. "$(dirname "$0")/lib.sh"
need aioquic
limit=3600

# serve PORT [ARGS]
serve() {
	n1 "$here/quic_hq" server -p "$1" -k "$work/key" -c "$work/cert" -d "$work/www" -t $limit "${@:2}" \
		>"$work/server.$1" 2>>"$work/server.err" &
	within 30 grep -q listening "$work/server.$1"
}
serve 4433
serve 4434 -R

mib_mark
# shellcheck disable=SC2086
p0 python3 -B "$work/hostile.py" $addr1 4433 4434 $name "$work/cert" ${CASES:-} >"$work/verdicts" 2>"$work/hostile.err"
while read -r line; do
	case $line in
	"not ok "*)
		note "${line#not ok }"
		line=${line%%:*}
		not_ok "hostile: ${line#not ok }"
		;;
	*) ok "hostile: ${line#ok }" ;;
	esac
done <"$work/verdicts"
[ -s "$work/verdicts" ] || not_ok "hostile: $(tail -n 1 "$work/hostile.err")"

# each of the tables' is one that the server counts
closed=$(grep -c '^    "[a-z_0-9]*": ' "$here/hostile.py")
[ -n "${CASES:-}" ] || chk_mib n1 PROTOCOL_ERRORS -ge "$closed"
finish
