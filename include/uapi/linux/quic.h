/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The QUIC socket ABI: the numbers and structures that the kernel module and
 * user space share. Layouts here are fixed; a structure may only grow at its
 * end, and both sides take the common prefix when the sizes differ. This file
 * never holds anything that is private to one side.
 */
#ifndef _UAPI_LINUX_QUIC_H
#define _UAPI_LINUX_QUIC_H

#include <linux/types.h>

#ifndef IPPROTO_QUIC
#define IPPROTO_QUIC		261
#endif

#ifndef SOL_QUIC
#define SOL_QUIC		288
#endif

/* Version field of long headers (RFC 9000 section 15, RFC 9369 section 3.1). */
#define QUIC_VERSION_V1		0x1
#define QUIC_VERSION_V2		0x6b3343cf

/* Socket states, in the numbering of TCP. */
#define QUIC_STATE_ESTABLISHED	1
#define QUIC_STATE_ESTABLISHING	3
#define QUIC_STATE_CLOSED	7
#define QUIC_STATE_LISTEN	10

/* Stream types, the low bits of a stream ID (RFC 9000 section 2.1). */
#define QUIC_STREAM_TYPE_SERVER_MASK	0x1
#define QUIC_STREAM_TYPE_UNI_MASK	0x2
#define QUIC_STREAM_TYPE_MASK		0x3

/*
 * Message flags. They reuse values of MSG_* that a stream socket has no other
 * use for; the name in the comment is the one that <sys/socket.h> has.
 */
#define MSG_QUIC_STREAM_FIN		0x200	/* MSG_FIN: end of stream, both ways */
#define MSG_QUIC_STREAM_NEW		0x400	/* MSG_SYN: open the next stream */
#define MSG_QUIC_STREAM_UNI		0x800	/* MSG_CONFIRM: make it unidirectional */
#define MSG_QUIC_DATAGRAM		0x1000	/* MSG_RST: unreliable datagram (RFC 9221) */
#define MSG_QUIC_STREAM_SNDBLOCK	0x2000	/* MSG_ERRQUEUE: tell the peer when blocked */
#define MSG_QUIC_NOTIFICATION		0x8000	/* MSG_MORE: received data is an event */
#define MSG_QUIC_STREAM_DONTWAIT	0x10000	/* MSG_WAITFORONE: never wait for stream credit */

/* Control messages of level SOL_QUIC. */
enum quic_cmsg_type {
	QUIC_STREAM_INFO	= 0,	/* struct quic_stream_info */
	QUIC_HANDSHAKE_INFO	= 1,	/* struct quic_handshake_info */
};

/* Levels of the handshake (RFC 9001 section 4); their order is ABI. */
enum quic_crypto_level {
	QUIC_CRYPTO_APP		= 0,
	QUIC_CRYPTO_INITIAL	= 1,
	QUIC_CRYPTO_HANDSHAKE	= 2,
	QUIC_CRYPTO_EARLY	= 3,
	QUIC_CRYPTO_MAX		= 4,
};

/* Socket options of level SOL_QUIC. */
#define QUIC_SOCKOPT_EVENT			0
#define QUIC_SOCKOPT_STREAM_OPEN		1
#define QUIC_SOCKOPT_STREAM_RESET		2
#define QUIC_SOCKOPT_STREAM_STOP_SENDING	3
#define QUIC_SOCKOPT_CONNECTION_ID		4
#define QUIC_SOCKOPT_CONNECTION_CLOSE		5
#define QUIC_SOCKOPT_CONNECTION_MIGRATION	6
#define QUIC_SOCKOPT_KEY_UPDATE			7
#define QUIC_SOCKOPT_TRANSPORT_PARAM		8
#define QUIC_SOCKOPT_CONFIG			9
#define QUIC_SOCKOPT_TOKEN			10
#define QUIC_SOCKOPT_ALPN			11
#define QUIC_SOCKOPT_SESSION_TICKET		12
#define QUIC_SOCKOPT_CRYPTO_SECRET		13
#define QUIC_SOCKOPT_TRANSPORT_PARAM_EXT	14
#define QUIC_SOCKOPT_STREAM_PEELOFF		15
/* Options of this implementation only. */
#define QUIC_SOCKOPT_INFO			64	/* get: struct quic_info */
#define QUIC_SOCKOPT_CONGESTION			65	/* set, get: name of the algorithm */
#define QUIC_SOCKOPT_NODELAY			66	/* set, get: int, 0 or 1 */
#define QUIC_SOCKOPT_ZEROCOPY			67	/* set, get: int, as SO_ZEROCOPY */
#define QUIC_SOCKOPT_STREAM_PRIORITY		68	/* set, get: struct quic_stream_priority */
#define QUIC_SOCKOPT_STREAM_RESET_AT		69	/* set: struct quic_stream_reset_at */
/*
 * set, get: int, 1: the connections that this client makes have an empty connection ID, which saves
 * 11 bytes of each packet to it.  connect() says EADDRINUSE when others share the local port.
 */
#define QUIC_SOCKOPT_EMPTY_ID			70

/* Bounds of what the options above carry, in bytes. */
#define QUIC_TOKEN_MAX_BYTES			120
#define QUIC_ALPN_MAX_BYTES			128
#define QUIC_SESSION_TICKET_MIN_BYTES		64
#define QUIC_SESSION_TICKET_MAX_BYTES		4096
#define QUIC_TICKET_KEY_BYTES			64
#define QUIC_CRYPTO_SECRET_BUFFER_SIZE		48
#define QUIC_TRANSPORT_PARAM_EXT_MAX_BYTES	512
#define QUIC_CLOSE_PHRASE_MAX_BYTES		64
#define QUIC_CONGESTION_NAME_BYTES		16

/**
 * struct quic_stream_info - which stream a message belongs to
 * @stream_id: stream ID; -1 on send means the newest stream opened here, or
 *	the next ID together with MSG_QUIC_STREAM_NEW
 * @stream_flags: MSG_QUIC_STREAM_*
 * @reserved: not looked at; programs leave rubbish here
 */
struct quic_stream_info {
	__s64	stream_id;
	__u32	stream_flags;
	__u32	reserved;
};

/**
 * struct quic_handshake_info - marks a message as TLS handshake data
 * @crypto_level: enum quic_crypto_level
 */
struct quic_handshake_info {
	__u8	crypto_level;
};

/* QUIC_SOCKOPT_EVENT: switch one type of event, or ask for its switch. */
struct quic_event_option {
	__u8	type;
	__u8	on;
};

/* QUIC_SOCKOPT_STREAM_RESET and QUIC_SOCKOPT_STREAM_STOP_SENDING. */
struct quic_errinfo {
	__s64	stream_id;
	__u32	errcode;	/* application error code */
	__u32	reserved;	/* not looked at */
};

/**
 * struct quic_stream_priority - in which order streams are sent
 * @stream_id: a stream with a send part
 * @urgency: 0 to 7, 3 at first: what has a lower one goes first
 * @incremental: 1, as at first: it takes turns with others as urgent; 0: it is
 *	sent to its end before the next of them (RFC 9218 section 4)
 * @reserved: 0
 */
struct quic_stream_priority {
	__s64	stream_id;
	__u8	urgency;
	__u8	incremental;
	__u8	reserved[6];
};

/**
 * struct quic_stream_reset_at - end a stream but for what it began with
 * @stream_id: a stream with a send part
 * @errcode: application error code, which the peer reads after the bytes
 * @reserved: 0
 * @reliable_size: that many of its first bytes arrive even so; more than were
 *	written: all of those.  Once more, it may only be less.
 */
struct quic_stream_reset_at {
	__s64	stream_id;
	__u32	errcode;
	__u32	reserved;
	__u64	reliable_size;
};

/* QUIC_SOCKOPT_STREAM_PEELOFF: a stream becomes a descriptor of its own. */
struct quic_stream_peeloff {
	__s64	stream_id;
	__u32	flags;		/* SOCK_NONBLOCK, SOCK_CLOEXEC */
	int	sd;		/* out: the descriptor */
};

/*
 * QUIC_SOCKOPT_CONNECTION_ID and its event: sequence numbers of connection IDs, RFC 9000 section
 * 5.1.  Set: of the peer's, send with the one that is active, and retire those below prior_to; of
 * ours, have the peer retire those; 0 in either: as it is.  EAGAIN while it has not done so for
 * the last time.
 */
struct quic_connection_id_info {
	__u8	dest;		/* 1: IDs that the peer issued, 0: ours */
	__u8	reserved[3];
	__u32	active;		/* the one in use; of ours, which the peer chooses, the lowest */
	__u32	prior_to;	/* all below are retired */
};

/* QUIC_SOCKOPT_CONNECTION_CLOSE and its event (RFC 9000 section 19.19). */
struct quic_connection_close {
	__u32	errcode;
	__u8	frame;		/* frame type at fault; 0: an application's close */
	__u8	reserved[3];
	__u8	phrase[QUIC_CLOSE_PHRASE_MAX_BYTES];
};

/* QUIC_SOCKOPT_CRYPTO_SECRET: a traffic secret from TLS. */
struct quic_crypto_secret {
	__u8	send;		/* 1: for packets sent, 0: for packets received */
	__u8	level;		/* enum quic_crypto_level */
	__u16	reserved;
	__u32	type;		/* TLS_CIPHER_* of <linux/tls.h> */
	__u8	secret[QUIC_CRYPTO_SECRET_BUFFER_SIZE];
};

/**
 * struct quic_transport_param - transport parameters (RFC 9000 section 18.2)
 * @remote: get: 1 asks for the peer's; set: 1 stands in for them
 * @disable_active_migration: the peer must stay on its address
 * @grease_quic_bit: the fixed bit may be anything (RFC 9287)
 * @stateless_reset: send a stateless reset token
 * @disable_1rtt_encryption: leave 1-RTT packets in the clear if the peer says
 *	so too; for measuring only
 * @disable_compatible_version: no compatible version negotiation (RFC 9368)
 * @active_connection_id_limit: connection IDs held for the peer
 * @ack_delay_exponent: shift of ACK Delay
 * @max_datagram_frame_size: bytes, 0 for no datagrams (RFC 9221)
 * @max_udp_payload_size: bytes
 * @max_idle_timeout: microseconds
 * @max_ack_delay: microseconds
 * @max_streams_bidi: bidirectional streams the peer may open
 * @max_streams_uni: unidirectional streams the peer may open
 * @max_data: bytes the peer may send on the connection
 * @max_stream_data_bidi_local: bytes per bidirectional stream opened here
 * @max_stream_data_bidi_remote: bytes per bidirectional stream opened there
 * @max_stream_data_uni: bytes per unidirectional stream
 *
 * 0 keeps the value that is set, in every field.
 */
struct quic_transport_param {
	__u8	remote;
	__u8	disable_active_migration;
	__u8	grease_quic_bit;
	__u8	stateless_reset;
	__u8	disable_1rtt_encryption;
	__u8	disable_compatible_version;
	__u8	active_connection_id_limit;
	__u8	ack_delay_exponent;
	__u16	max_datagram_frame_size;
	__u16	max_udp_payload_size;
	__u32	max_idle_timeout;
	__u32	max_ack_delay;
	__u16	max_streams_bidi;
	__u16	max_streams_uni;
	__u64	max_data;
	__u64	max_stream_data_bidi_local;
	__u64	max_stream_data_bidi_remote;
	__u64	max_stream_data_uni;
};

/* Values of quic_config::congestion_control_algo. */
enum quic_cong_alg {
	QUIC_CONG_ALG_RENO	= 0,
	QUIC_CONG_ALG_CUBIC	= 1,
	QUIC_CONG_ALG_BBR	= 2,
	QUIC_CONG_ALG_MAX	= 3,
};

/**
 * struct quic_config - settings that the peer never sees
 * @version: QUIC_VERSION_*
 * @plpmtud_probe_interval: microseconds between PMTU probes
 * @initial_smoothed_rtt: microseconds
 * @payload_cipher_type: TLS_CIPHER_*
 * @congestion_control_algo: enum quic_cong_alg
 * @validate_peer_address: a listener answers with Retry first
 * @stream_data_nodelay: 1 sends small writes at once
 * @receive_session_ticket: seconds for which a client's library waits for a
 *	session ticket
 * @certificate_request: 0 ask no client certificate, 1 ask, 2 demand
 * @reserved: not looked at
 * @keepalive_probe_interval: microseconds of silence before a PING, 100000 at least
 */
struct quic_config {
	__u32	version;
	__u32	plpmtud_probe_interval;
	__u32	initial_smoothed_rtt;
	__u32	payload_cipher_type;
	__u8	congestion_control_algo;
	__u8	validate_peer_address;
	__u8	stream_data_nodelay;
	__u8	receive_session_ticket;
	__u8	certificate_request;
	__u8	reserved[3];
	__u32	keepalive_probe_interval;
};

/* Events: the first byte of a message with MSG_QUIC_NOTIFICATION. */
enum quic_event_type {
	QUIC_EVENT_NONE,
	QUIC_EVENT_STREAM_UPDATE,
	QUIC_EVENT_STREAM_MAX_DATA,
	QUIC_EVENT_STREAM_MAX_STREAM,
	QUIC_EVENT_CONNECTION_ID,
	QUIC_EVENT_CONNECTION_CLOSE,
	QUIC_EVENT_CONNECTION_MIGRATION,
	QUIC_EVENT_KEY_UPDATE,
	QUIC_EVENT_NEW_TOKEN,
	QUIC_EVENT_NEW_SESSION_TICKET,
	QUIC_EVENT_END,
	QUIC_EVENT_MAX = QUIC_EVENT_END - 1,
};

/* States of a stream's two parts (RFC 9000 sections 3.1 and 3.2). */
enum quic_stream_state {
	QUIC_STREAM_SEND_STATE_READY		= 0,
	QUIC_STREAM_SEND_STATE_SEND		= 1,
	QUIC_STREAM_SEND_STATE_SENT		= 2,
	QUIC_STREAM_SEND_STATE_RECVD		= 3,
	QUIC_STREAM_SEND_STATE_RESET_SENT	= 4,
	QUIC_STREAM_SEND_STATE_RESET_RECVD	= 5,

	QUIC_STREAM_RECV_STATE_RECV		= 6,
	QUIC_STREAM_RECV_STATE_SIZE_KNOWN	= 7,
	QUIC_STREAM_RECV_STATE_RECVD		= 8,
	QUIC_STREAM_RECV_STATE_READ		= 9,
	QUIC_STREAM_RECV_STATE_RESET_RECVD	= 10,
	QUIC_STREAM_RECV_STATE_RESET_READ	= 11,
};

struct quic_stream_update {
	__s64	id;
	__u8	state;		/* enum quic_stream_state */
	__u8	reserved[3];
	__u32	errcode;	/* of a reset or stop */
	__u64	finalsz;	/* bytes, once known */
};

struct quic_stream_max_data {
	__s64	id;
	__u64	max_data;	/* bytes */
};

/* What follows the type byte of an event. */
union quic_event {
	struct quic_stream_update	update;
	struct quic_stream_max_data	max_data;
	struct quic_connection_close	close;
	struct quic_connection_id_info	info;
	__u64				max_stream;	/* type in bits 0 and 1, count above */
	__u8				local_migration;
	__u8				key_update_phase;
};

/* Error codes of the transport (RFC 9000 section 20.1, RFC 9368 section 8). */
enum quic_transport_error {
	QUIC_TRANSPORT_ERROR_NONE			= 0x00,
	QUIC_TRANSPORT_ERROR_INTERNAL			= 0x01,
	QUIC_TRANSPORT_ERROR_CONNECTION_REFUSED		= 0x02,
	QUIC_TRANSPORT_ERROR_FLOW_CONTROL		= 0x03,
	QUIC_TRANSPORT_ERROR_STREAM_LIMIT		= 0x04,
	QUIC_TRANSPORT_ERROR_STREAM_STATE		= 0x05,
	QUIC_TRANSPORT_ERROR_FINAL_SIZE			= 0x06,
	QUIC_TRANSPORT_ERROR_FRAME_ENCODING		= 0x07,
	QUIC_TRANSPORT_ERROR_TRANSPORT_PARAM		= 0x08,
	QUIC_TRANSPORT_ERROR_CONNECTION_ID_LIMIT	= 0x09,
	QUIC_TRANSPORT_ERROR_PROTOCOL_VIOLATION		= 0x0a,
	QUIC_TRANSPORT_ERROR_INVALID_TOKEN		= 0x0b,
	QUIC_TRANSPORT_ERROR_APPLICATION		= 0x0c,
	QUIC_TRANSPORT_ERROR_CRYPTO_BUF_EXCEEDED	= 0x0d,
	QUIC_TRANSPORT_ERROR_KEY_UPDATE			= 0x0e,
	QUIC_TRANSPORT_ERROR_AEAD_LIMIT_REACHED		= 0x0f,
	QUIC_TRANSPORT_ERROR_NO_VIABLE_PATH		= 0x10,
	QUIC_TRANSPORT_ERROR_VERSION_NEGOTIATION	= 0x11,
	/* 0x100 to 0x1ff: the low byte is a TLS alert (RFC 9001 section 4.8) */
	QUIC_TRANSPORT_ERROR_CRYPTO			= 0x100,
};

/* Bits of quic_info::flags. */
#define QUIC_INFO_F_SERVER		0x01	/* this end accepted */
#define QUIC_INFO_F_UNENCRYPTED		0x02	/* 1-RTT packets are in the clear */
#define QUIC_INFO_F_HANDSHAKE_CONFIRMED	0x04	/* RFC 9001 section 4.1.2 */
#define QUIC_INFO_F_APP_LIMITED		0x08	/* the program, not the path, is the limit */
#define QUIC_INFO_F_COPY_MODE		0x10	/* sends by the copying path */

/**
 * struct quic_info - state of a connection and of one of its paths
 * @path_index: in: the path that the path fields describe, counted from 0;
 *	out: the same
 * @num_paths: paths the connection has
 * @state: QUIC_STATE_*
 * @version: QUIC_VERSION_*
 * @cipher: TLS_CIPHER_*, 0 before the handshake is done
 * @flags: QUIC_INFO_F_*
 * @srtt_us: smoothed round-trip time of the path
 * @rttvar_us: its variation
 * @min_rtt_us: the least seen
 * @latest_rtt_us: the newest sample
 * @rto_us: the probe timeout as it stands, backoff included
 * @mtu: largest UDP payload sent on the path, in bytes
 * @pto_count: probe timeouts since the last acknowledgment
 * @streams: streams open at present
 * @cwnd: congestion window, in bytes
 * @ssthresh: slow start threshold, in bytes, all ones when not set
 * @bytes_in_flight: bytes sent and neither acknowledged nor lost
 * @pacing_rate: bytes per second, 0 when not paced
 * @delivery_rate: bytes per second, the newest estimate
 * @bytes_sent: UDP payload bytes sent
 * @bytes_received: UDP payload bytes received
 * @bytes_acked: bytes of sent packets that were acknowledged
 * @bytes_lost: bytes of sent packets that were declared lost
 * @bytes_retrans: stream bytes that were sent again
 * @packets_sent: packets sent
 * @packets_received: packets received and opened
 * @packets_lost: packets declared lost
 * @packets_retrans: packets that carried stream bytes again
 * @packets_spurious: packets declared lost that were acknowledged after all
 * @notsent_bytes: stream bytes taken from the program and not sent yet
 * @unacked_bytes: stream bytes taken from the program and not acknowledged yet
 * @congestion: name of the congestion control algorithm, 0-terminated
 *
 * QUIC_SOCKOPT_INFO copies the common prefix of the caller's size and the
 * kernel's; a caller that gives fewer than 4 bytes gets EINVAL. Counters that
 * belong to a path count since the path began.
 */
struct quic_info {
	__u32	path_index;
	__u32	num_paths;
	__u32	state;
	__u32	version;
	__u32	cipher;
	__u32	flags;
	__u32	srtt_us;
	__u32	rttvar_us;
	__u32	min_rtt_us;
	__u32	latest_rtt_us;
	__u32	rto_us;
	__u32	mtu;
	__u32	pto_count;
	__u32	streams;
	__u64	cwnd;
	__u64	ssthresh;
	__u64	bytes_in_flight;
	__u64	pacing_rate;
	__u64	delivery_rate;
	__u64	bytes_sent;
	__u64	bytes_received;
	__u64	bytes_acked;
	__u64	bytes_lost;
	__u64	bytes_retrans;
	__u64	packets_sent;
	__u64	packets_received;
	__u64	packets_lost;
	__u64	packets_retrans;
	__u64	packets_spurious;
	__u64	notsent_bytes;
	__u64	unacked_bytes;
	__u8	congestion[QUIC_CONGESTION_NAME_BYTES];
};

#endif /* _UAPI_LINUX_QUIC_H */
