#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2046,SC2086,SC2154,SC2317
# nginx.sh: the server of nginx, with hq-interop and with HTTP/3.
. "$(dirname "$0")/lib.sh"
need nginx

peer_server() {
	local ciphers="" retry=off

	case ${1:-} in
	chacha20) ciphers="ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256;" ;;
	retry) retry=on ;;
	esac
	cat >"$work/nginx.conf" <<-CONF
		user root;
		daemon off;
		pid $work/nginx.pid;
		error_log $work/peer.err info;
		events { worker_connections 64; }
		http {
			access_log $work/peer;
			client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3;
			uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
			server {
				listen $port quic;
				listen [::]:$port quic;
				http3_hq on;
				http3_max_concurrent_streams 100;
				keepalive_requests 10000;
				quic_retry $retry;
				ssl_certificate $work/cert;
				ssl_certificate_key $work/key;
				ssl_protocols TLSv1.3;
				$ciphers
				root $work/www;
			}
		}
	CONF
	p1 nginx -c "$work/nginx.conf" >"$work/server" 2>&1 &
	within 60 udp_bound
}
udp_bound() { n1 ss -Hnul "sport = :$port" | grep -q .; }

all="handshake ipv6 zerolength chacha20 retry keyupdate longrtt multiplexing transfer resumption connectionmigration"
cases client $all $impaired $moved $measured
no_ecn client
skipped client zerortt "nginx over OpenSSL's TLS has no 0-RTT in QUIC"
http3() { program=quic_h3 "$@"; }
if [ -x "$here/quic_h3" ]; then
	seconds=120
	run client http3 http3 client_transfer
	run client http3-multiplexing http3 client_multiplexing
fi
finish
