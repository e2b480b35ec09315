/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The counters of /proc/net/quic/snmp: one name, one line, per network
 * namespace and CPU.  Every drop and every decision a test or an administrator
 * asks about has one.  This header is only the list; diag.c shows it.
 */
#ifndef _TQUIC_MIB_H
#define _TQUIC_MIB_H

#include <linux/percpu.h>

/* Drops, each with its reason: tquic_drop() of trace.h counts them */
#define TQUIC_MIB_DROPS(X) \
	X(DROP_HEADER)			/* header malformed or cut short */ \
	X(DROP_NO_CONN)			/* no connection with that ID, no listener */ \
	X(DROP_SHORT_INITIAL)		/* Initial in a datagram under 1200 bytes */ \
	X(DROP_VERSION)			/* version not ours */ \
	X(DROP_TOKEN)			/* address token forged or stale */ \
	X(DROP_LISTEN_OVERFLOW)		/* accept queue or Initial queue full */ \
	X(DROP_NO_KEYS)			/* keys not there yet, or gone */ \
	X(DROP_DECRYPT)			/* AEAD did not verify */ \
	X(DROP_DUPLICATE)		/* packet number seen before */ \
	X(DROP_CHECKSUM)		/* UDP checksum wrong */ \
	X(DROP_BACKLOG)			/* socket backlog full */ \
	X(DROP_RMEM)			/* receive memory of the socket used up */ \
	X(DROP_NOMEM)			/* no memory */ \
	X(DROP_CLOSED)			/* the connection is closing */ \
	X(DROP_AMPLIFICATION)		/* send refused: three times what was received */ \
	X(DROP_PATH)			/* unknown path and no room to validate it */ \
	X(DROP_UNDECRYPTABLE_FULL)	/* too many packets wait for their keys */ \
	X(DROP_ECHO)			/* not QUIC: fixed bit 0 */

#define TQUIC_MIB_LIST(X) \
	/* connections */ \
	X(CONN_ACTIVE_OPENS)		/* connect() calls that sent an Initial */ \
	X(CONN_PASSIVE_OPENS)		/* connections made from a client's Initial */ \
	X(CONN_ESTABLISHED)		/* handshakes completed */ \
	X(CONN_CURRENT)			/* connections that exist now */ \
	X(CONN_HANDSHAKE_FAILED)	/* ended before the handshake did */ \
	X(CONN_REFUSED)			/* connect: ICMP unreachable or CONNECTION_REFUSED */ \
	X(CONN_IDLE_TIMEOUT)		/* ended by silence, RFC 9000 section 10.1 */ \
	X(CONN_HANDSHAKE_TIMEOUT)	/* handshake did not end in time */ \
	X(CONN_RESET_RECEIVED)		/* ended by a stateless reset */ \
	X(CONN_RESET_SENT)		/* stateless resets sent */ \
	X(CONN_CLOSE_SENT)		/* CONNECTION_CLOSE packets sent */ \
	X(CONN_CLOSE_RECEIVED)		/* connections the peer closed */ \
	X(CONN_CLOSE_ERROR_SENT)	/* of the sent: with a transport error */ \
	X(CONN_CLOSE_ERROR_RECEIVED)	/* of the received: with a transport error */ \
	X(CONN_TLS_ALERT_SENT)		/* of those: CRYPTO_ERROR, a TLS alert */ \
	X(CONN_TLS_ALERT_RECEIVED) \
	X(CONN_MIGRATED)		/* the peer's address changed and was validated */ \
	/* packets out */ \
	X(TX_PACKETS)			/* QUIC packets sent */ \
	X(TX_BYTES)			/* UDP payload bytes sent */ \
	X(TX_BATCHES)			/* skbs given to the IP stack */ \
	X(TX_GSO)			/* of those with more than one datagram */ \
	X(TX_TAILS_ALONE)		/* rests of full batches that waited for more in vain */ \
	X(TX_ACK_ONLY)			/* packets that are not ack-eliciting */ \
	X(TX_ERRORS)			/* the IP stack refused a batch */ \
	X(TX_NOMEM)			/* no memory for a batch or its records */ \
	X(TX_ACK_FREQUENCY)		/* peers asked to acknowledge less often */ \
	X(TX_0RTT)			/* 0-RTT packets */ \
	X(TX_PUNTED)			/* output put off to process context */ \
	X(TX_COPIED_BYTES)		/* stream bytes copied from the caller */ \
	X(TX_ZEROCOPY_BYTES)		/* MSG_ZEROCOPY: bytes in pages that are referred to */ \
	X(TX_SPLICE_BYTES)		/* sendfile, splice: likewise */ \
	X(TX_PAYLOAD_COPIED)		/* copy mode: stream bytes, each time they are copied */ \
	X(TX_ZEROCOPY_COPIED)		/* MSG_ZEROCOPY calls all of whose bytes were copied */ \
	X(TX_MTU_PROBES) \
	X(TX_VERSION_NEGOTIATION) \
	X(TX_RETRY) \
	X(DGRAM_SENT)			/* DATAGRAM frames, RFC 9221 */ \
	X(DGRAM_LOST)			/* of them; also those that no packet holds any more */ \
	X(DGRAM_RECEIVED) \
	/* recovery */ \
	X(PKT_LOST)			/* packets declared lost */ \
	X(PKT_SPURIOUS)			/* declared lost, acknowledged later */ \
	X(STREAM_BYTES_RETRANS)		/* stream bytes sent again */ \
	X(STREAM_FRAMES_RETRANS) \
	X(PTO)				/* probe timeouts */ \
	X(ECN_CE)			/* ACKs that told of congestion by ECN */ \
	X(ECN_FAILED)			/* paths on which ECN did not work and is not used */ \
	/* packets in */ \
	X(RX_DATAGRAMS)			/* UDP datagrams, GRO segments counted one by one */ \
	X(RX_AGGREGATES)		/* skbs from the UDP socket */ \
	X(RX_PACKETS)			/* packets opened and accepted */ \
	X(RX_ACK_FREQUENCY)		/* peers' wishes how often to acknowledge */ \
	X(RX_0RTT)			/* 0-RTT packets that keys came for */ \
	X(RX_BYTES)			/* UDP payload bytes */ \
	X(RX_BACKLOG)			/* skbs queued because the socket was busy */ \
	X(RX_PUNTED)			/* input put off to process context */ \
	X(RX_COPIED)			/* packets opened into fresh memory */ \
	TQUIC_MIB_DROPS(X) \
	X(PROTOCOL_ERRORS)		/* connections we closed for the peer's error */ \
	X(KEY_UPDATES)			/* both directions */

enum tquic_mib_item {
#define X(name) TQUIC_MIB_##name,
	TQUIC_MIB_LIST(X)
#undef X
	TQUIC_MIB_NUM,
};

struct tquic_mib {
	unsigned long v[TQUIC_MIB_NUM];
};

#define tquic_mib_add(mib, name, n)	this_cpu_add((mib)->v[TQUIC_MIB_##name], n)
#define tquic_mib_inc(mib, name)	this_cpu_inc((mib)->v[TQUIC_MIB_##name])
#define tquic_mib_dec(mib, name)	this_cpu_dec((mib)->v[TQUIC_MIB_##name])

#endif
