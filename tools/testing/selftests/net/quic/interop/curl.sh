#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2046,SC2086,SC2154,SC2317
# curl.sh: HTTP/3 with curl, which has OpenSSL's QUIC and nghttp3 below it, as client.
. "$(dirname "$0")/lib.sh"
need curl
program=quic_h3
[ -x "$here/$program" ] || skip_all "quic_h3 was not built: no libnghttp3-dev"

peer_client() {
	local to=$1 files=$2 file

	[[ $to != *:* ]] || to="[$to]"
	for file in $files; do
		printf 'url = "https://%s:%s%s"\noutput = "%s"\n' $name $port $file "$work/dl$file"
	done >"$work/curlrc"
	p0 curl -sS --http3-only --fail --parallel --parallel-max 100 --max-time $limit --cacert "$work/cert" \
		--resolve $name:$port:$to $([ "${3:-}" != chacha20 ] || echo --tls13-ciphers TLS_CHACHA20_POLY1305_SHA256) \
		-w '%{http_version} %{response_code} %{size_download}\n' --config "$work/curlrc"
}

hello=2	# for a key of ML-KEM
cases server handshake ipv6 chacha20 retry longrtt keyupdate_by_us multiplexing transfer $impaired $moved${measured:+ goodput}
no_ecn server
finish
