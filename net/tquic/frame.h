/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames, RFC 9000 section 19, RFC 9221, draft-ietf-quic-ack-frequency and -reliable-stream-reset:
 * one decoder into a union on the stack, and writers.
 */
#ifndef _TQUIC_FRAME_H
#define _TQUIC_FRAME_H

#include <linux/bits.h>
#include "varint.h"
#include "wire.h"

/* Properties of a frame type, RFC 9000 section 12.4 table 3: the packets it may be in, and more */
#define TQUIC_FP_INITIAL	BIT(TQUIC_PT_INITIAL)
#define TQUIC_FP_HANDSHAKE	BIT(TQUIC_PT_HANDSHAKE)
#define TQUIC_FP_0RTT		BIT(TQUIC_PT_0RTT)
#define TQUIC_FP_1RTT		BIT(TQUIC_PT_1RTT)
#define TQUIC_FP_NOT_ELICITING	BIT(6)	/* N: does not ask for an ACK */
#define TQUIC_FP_PROBING	BIT(7)	/* P: does not make a path active */

/* Before the payload in a packet of a run: PADDING, STREAM with 8 bytes of offset, no Length */
#define TQUIC_RUN_FRAME		16
#define TQUIC_PATH_DATA_LEN	8	/* of PATH_CHALLENGE and PATH_RESPONSE */

/* A received frame; pointers refer to the packet it was decoded from */
struct tquic_rx_frame {
	u64 type;		/* as on the wire */
	u8 props;		/* TQUIC_FP_* */
	union {
		u64 ints[4];		/* of ACK and control frames, in the order of the wire */
		struct {	/* STREAM, CRYPTO (sid 0), DATAGRAM, NEW_TOKEN (sid, off 0) */
			u64 sid;
			u64 off;
			const u8 *data;
			u32 len;
			bool fin;
		} stream;
		struct {	/* ACK; ranges are read with tquic_frame_ack_next() */
			u64 largest;
			u64 delay;	/* not yet scaled by the exponent */
			u64 count;	/* additional ranges that are still to be read */
			u64 first;	/* first ACK range */
			u64 smallest;	/* of the range read last */
			bool begun;	/* the first range was read */
			const u8 *ranges;
			const u8 *ranges_end;
			u64 ecn[3];	/* ECT(0), ECT(1), CE */
		} ack;
		struct {	/* RESET_STREAM, RESET_STREAM_AT, STOP_SENDING */
			u64 sid;
			u64 err;
			u64 final_size;
			u64 reliable;	/* RESET_STREAM_AT alone */
		} reset;
		struct {	/* MAX_STREAM_DATA, STREAM_DATA_BLOCKED */
			u64 sid;
			u64 max;
		} limit;
		u64 max;		/* the other MAX_* and *_BLOCKED */
		struct {
			u64 seq;
			u64 prior_to;
			const u8 *cid;
			const u8 *reset_token;
			u8 cid_len;
		} new_cid;
		struct {	/* ACK_FREQUENCY */
			u64 seq;
			u64 threshold;
			u64 delay_us;
			u64 reorder;
		} freq;
		u64 retire_seq;
		const u8 *path_data;	/* 8 bytes */
		struct {
			u64 err;
			u64 frame_type;
			const u8 *reason;
			u32 reason_len;
			bool app;
		} close;
	};
};

int tquic_frame_decode(const u8 *p, const u8 *end, u8 ptype, struct tquic_rx_frame *f);
int tquic_frame_ack_next(struct tquic_rx_frame *f, u64 *smallest, u64 *largest);

u8 *tquic_frame_put_ints(u8 *p, u16 type, const u64 *v, u32 n);
u8 *tquic_frame_put_new_cid(u8 *p, u64 seq, u64 prior_to, const struct tquic_cid *cid,
			    const u8 *reset_token);
u8 *tquic_frame_put_close(u8 *p, bool app, u64 err, u64 frame_type, const u8 *reason, u32 len);

/*
 * Write a frame that is integers, or the integers before its data: a type and the fields
 * of RFC 9000 section 19 in their order, as in tquic_frame_put(p, TQUIC_FT_CRYPTO, off, len).
 * Takes a byte and up to eight for each field; returns the byte after them.
 */
#define tquic_frame_put(p, type, ...)						\
	tquic_frame_put_ints(p, type, (const u64 []){ __VA_ARGS__ },		\
			     sizeof((const u64 []){ __VA_ARGS__ }) / sizeof(u64))

/** tquic_frame_stream_len - bytes of a STREAM frame before its Length field or its data */
static inline u32 tquic_frame_stream_len(u64 sid, u64 off)
{
	return 1 + tquic_varint_len(sid) + (off ? tquic_varint_len(off) : 0);
}

/*
 * tquic_frame_put_stream - write a STREAM frame up to its data, RFC 9000 section 19.8; the data
 * must end the packet unless @with_len.  Returns where the data goes.
 */
static inline u8 *tquic_frame_put_stream(u8 *p, u64 sid, u64 off, u32 len, bool fin, bool with_len)
{
	*p++ = TQUIC_FT_STREAM | (fin ? TQUIC_FT_STREAM_FIN : 0) |
	       (with_len ? TQUIC_FT_STREAM_LEN : 0) | (off ? TQUIC_FT_STREAM_OFF : 0);
	p = tquic_varint_put(p, sid);
	if (off)
		p = tquic_varint_put(p, off);
	return with_len ? tquic_varint_put(p, len) : p;
}

#endif
