// SPDX-License-Identifier: GPL-2.0
/*
 * Frames on bytes alone: what each type looks like and where it may appear.  Reads every field and
 * its bounds; what it means is decided elsewhere.  The ACK frame is written in ack.c.
 */
#include <linux/kernel.h>
#include "frame.h"

/* the columns of RFC 9000 section 12.4 table 3 */
#define PKTS_IH01	(TQUIC_FP_INITIAL | TQUIC_FP_HANDSHAKE | TQUIC_FP_0RTT | TQUIC_FP_1RTT)
#define PKTS_IH_1	(TQUIC_FP_INITIAL | TQUIC_FP_HANDSHAKE | TQUIC_FP_1RTT)
#define PKTS_01		(TQUIC_FP_0RTT | TQUIC_FP_1RTT)
#define PKTS_1		TQUIC_FP_1RTT

#define DATA		BIT(7)	/* beside the bits of a STREAM type */

/* The decoders read what follows the type; they return the byte after the frame or NULL. */

/*
 * Payload and what stands before it: @sid: a stream ID; the bits of a STREAM type say what
 * follows it.  The stream offset must stay below 2^62.
 */
static __always_inline const u8 *decode_data(const u8 *p, const u8 *end, bool sid, u8 bits,
					     struct tquic_rx_frame *f)
{
	u64 len;

	f->stream.sid = 0;
	f->stream.off = 0;
	f->stream.fin = bits & TQUIC_FT_STREAM_FIN;
	if (sid)
		p = tquic_varint_get(p, end, &f->stream.sid);
	if (p && bits & TQUIC_FT_STREAM_OFF)
		p = tquic_varint_get(p, end, &f->stream.off);
	if (!p)
		return NULL;
	len = end - p;
	if (bits & TQUIC_FT_STREAM_LEN)
		p = tquic_varint_get(p, end, &len);
	if (!p || len > end - p || f->stream.off > TQUIC_VARINT_MAX - len)
		return NULL;
	f->stream.data = p;
	f->stream.len = len;
	return p + len;
}

static const u8 *decode_stream(const u8 *p, const u8 *end, struct tquic_rx_frame *f)
{
	return decode_data(p, end, true, f->type, f);
}

static __always_inline const u8 *get_ints(const u8 *p, const u8 *end, u64 *v, u32 n)
{
	while (n-- && p)
		p = tquic_varint_get(p, end, v++);
	return p;
}

/* over @n integers that are not looked at */
static const u8 *skip_varints(const u8 *p, const u8 *end, u64 n)
{
	for (; n; n--) {
		if (p >= end || end - p < 1 << (*p >> 6))
			return NULL;
		p += 1 << (*p >> 6);
	}
	return p;
}

static const u8 *decode_ack(const u8 *p, const u8 *end, struct tquic_rx_frame *f)
{
	memset(f->ack.ecn, 0, sizeof(f->ack.ecn));
	f->ack.begun = false;
	p = get_ints(p, end, f->ints, 4);
	if (!p || f->ack.first > f->ack.largest || f->ack.count > (end - p) / 2)
		return NULL;
	f->ack.ranges = p;
	p = skip_varints(p, end, 2 * f->ack.count);
	f->ack.ranges_end = p;
	return f->type == TQUIC_FT_ACK_ECN ? get_ints(p, end, f->ack.ecn, 3) : p;
}

/* a run of PADDING counts as one frame */
static const u8 *decode_padding(const u8 *p, const u8 *end, struct tquic_rx_frame *f)
{
	return memchr_inv(p, 0, end - p) ?: end;
}

static const u8 *check_token(const u8 *p, const u8 *end, struct tquic_rx_frame *f)
{
	return f->stream.len ? p : NULL;
}

static const u8 *check_streams(const u8 *p, const u8 *end, struct tquic_rx_frame *f)
{
	return f->max <= TQUIC_STREAMS_MAX ? p : NULL;
}

static const u8 *check_reset_at(const u8 *p, const u8 *end, struct tquic_rx_frame *f)
{
	return f->reset.reliable <= f->reset.final_size ? p : NULL;
}

static const u8 *decode_new_cid(const u8 *p, const u8 *end, struct tquic_rx_frame *f)
{
	if (p == end || f->new_cid.prior_to > f->new_cid.seq)
		return NULL;
	f->new_cid.cid_len = *p++;
	if (!f->new_cid.cid_len || f->new_cid.cid_len > TQUIC_CID_MAX ||
	    end - p < f->new_cid.cid_len + TQUIC_TOKEN_RESET_LEN)
		return NULL;
	f->new_cid.cid = p;
	f->new_cid.reset_token = p + f->new_cid.cid_len;
	return f->new_cid.reset_token + TQUIC_TOKEN_RESET_LEN;
}

static const u8 *decode_path(const u8 *p, const u8 *end, struct tquic_rx_frame *f)
{
	f->path_data = p;
	return end - p < TQUIC_PATH_DATA_LEN ? NULL : p + TQUIC_PATH_DATA_LEN;
}

static const u8 *decode_close(const u8 *p, const u8 *end, struct tquic_rx_frame *f)
{
	u64 len;

	f->close.app = f->type == TQUIC_FT_CONNECTION_CLOSE_APP;
	if (f->close.app)
		f->close.frame_type = 0;
	p = tquic_varint_get(p, end, &len);
	if (!p || len > end - p)
		return NULL;
	f->close.reason = p;
	f->close.reason_len = len;
	return p + len;
}

/* RFC 9000 section 12.4 table 3 with the 0-RTT rules of section 12.5; RFC 9221 section 4 */
static const struct frame_type {
	u8 props;	/* 0: no such type */
	u8 ints;	/* integers that it begins with, read before decode() */
	const u8 *(*decode)(const u8 *p, const u8 *end, struct tquic_rx_frame *f);
	u8 data;	/* DATA: payload, read before decode(); and the bits for decode_data() */
} frame_types[] = {
	[TQUIC_FT_PADDING] = { PKTS_IH01 | TQUIC_FP_NOT_ELICITING | TQUIC_FP_PROBING, 0,
			       decode_padding },
	[TQUIC_FT_PING] = { PKTS_IH01 },
	[TQUIC_FT_ACK] = { PKTS_IH_1 | TQUIC_FP_NOT_ELICITING, 0, decode_ack },
	[TQUIC_FT_ACK_ECN] = { PKTS_IH_1 | TQUIC_FP_NOT_ELICITING, 0, decode_ack },
	[TQUIC_FT_RESET_STREAM] = { PKTS_01, 3 },
	[TQUIC_FT_STOP_SENDING] = { PKTS_01, 2 },
	[TQUIC_FT_CRYPTO] = { PKTS_IH_1, .data = DATA | TQUIC_FT_STREAM_OFF | TQUIC_FT_STREAM_LEN },
	[TQUIC_FT_NEW_TOKEN] = { PKTS_1, 0, check_token, DATA | TQUIC_FT_STREAM_LEN },
	[TQUIC_FT_STREAM ... TQUIC_FT_STREAM + 7] = { PKTS_01 },
	[TQUIC_FT_MAX_DATA] = { PKTS_01, 1 },
	[TQUIC_FT_MAX_STREAM_DATA] = { PKTS_01, 2 },
	[TQUIC_FT_MAX_STREAMS_BIDI] = { PKTS_01, 1, check_streams },
	[TQUIC_FT_MAX_STREAMS_UNI] = { PKTS_01, 1, check_streams },
	[TQUIC_FT_DATA_BLOCKED] = { PKTS_01, 1 },
	[TQUIC_FT_STREAM_DATA_BLOCKED] = { PKTS_01, 2 },
	[TQUIC_FT_STREAMS_BLOCKED_BIDI] = { PKTS_01, 1, check_streams },
	[TQUIC_FT_STREAMS_BLOCKED_UNI] = { PKTS_01, 1, check_streams },
	[TQUIC_FT_NEW_CONNECTION_ID] = { PKTS_01 | TQUIC_FP_PROBING, 2, decode_new_cid },
	[TQUIC_FT_RETIRE_CONNECTION_ID] = { PKTS_1, 1 },
	[TQUIC_FT_PATH_CHALLENGE] = { PKTS_01 | TQUIC_FP_PROBING, 0, decode_path },
	[TQUIC_FT_PATH_RESPONSE] = { PKTS_1 | TQUIC_FP_PROBING, 0, decode_path },
	[TQUIC_FT_CONNECTION_CLOSE] = { PKTS_IH01 | TQUIC_FP_NOT_ELICITING, 2, decode_close },
	[TQUIC_FT_CONNECTION_CLOSE_APP] = { PKTS_01 | TQUIC_FP_NOT_ELICITING, 1, decode_close },
	[TQUIC_FT_HANDSHAKE_DONE] = { PKTS_1 },
	[TQUIC_FT_IMMEDIATE_ACK] = { PKTS_1 },
	[TQUIC_FT_RESET_STREAM_AT] = { PKTS_01, 4, check_reset_at },
	[TQUIC_FT_DATAGRAM] = { PKTS_01, .data = DATA },
	[TQUIC_FT_DATAGRAM_LEN] = { PKTS_01, .data = DATA | TQUIC_FT_STREAM_LEN },
};

/* a frame whose type is not in the table: ACK_FREQUENCY, or why it is an error; section 12.4 */
static int decode_rare(const u8 *p, const u8 *end, u8 ptype, struct tquic_rx_frame *f)
{
	const u8 *next;

	next = tquic_varint_get(p, end, &f->type);
	if (next && next - p != tquic_varint_len(f->type))
		return TQUIC_WERR(PROTOCOL_VIOLATION);
	if (!next || f->type != TQUIC_FT_ACK_FREQUENCY)
		return TQUIC_WERR(FRAME_ENCODING);
	if (ptype != TQUIC_PT_1RTT)
		return TQUIC_WERR(PROTOCOL_VIOLATION);
	f->props = PKTS_1;
	next = get_ints(next, end, f->ints, 4);
	return next ? next - p : TQUIC_WERR(FRAME_ENCODING);
}

/*
 * tquic_frame_decode - read the frame at @p, of which a run of PADDING is one; @f points into the
 * payload.  RFC 9000 sections 12.4 and 19, RFC 9221.  Returns its bytes, at least 1, or a wire
 * error: FRAME_ENCODING_ERROR for an unknown type, one that does not fit or has a field out of
 * bounds; PROTOCOL_VIOLATION for a type that @ptype may not carry or not in its shortest form.
 */
int tquic_frame_decode(const u8 *p, const u8 *end, u8 ptype, struct tquic_rx_frame *f)
{
	const struct frame_type *ft;
	const u8 *next;

	if (unlikely(p >= end))
		return TQUIC_WERR(FRAME_ENCODING);
	if (unlikely(*p >= ARRAY_SIZE(frame_types) || !frame_types[*p].props))
		return decode_rare(p, end, ptype, f);
	ft = &frame_types[*p];
	if (unlikely(!(ft->props & BIT(ptype))))
		return TQUIC_WERR(PROTOCOL_VIOLATION);
	f->type = *p;
	f->props = ft->props;
	/* the frames of a transfer, without an indirect call */
	if (likely((f->type & ~7) == TQUIC_FT_STREAM)) {
		next = decode_stream(p + 1, end, f);
	} else if (likely(f->type == TQUIC_FT_ACK)) {
		next = decode_ack(p + 1, end, f);
	} else {
		next = ft->data ? decode_data(p + 1, end, false, ft->data, f) :
				  get_ints(p + 1, end, f->ints, ft->ints);
		if (next && ft->decode)
			next = ft->decode(next, end, f);
	}
	return likely(next) ? next - p : TQUIC_WERR(FRAME_ENCODING);
}

/*
 * tquic_frame_ack_next - the next range of an ACK frame, from the highest down, RFC 9000 section
 * 19.3.1.  Returns 1 with a range, both ends included, 0 after the last, or FRAME_ENCODING_ERROR.
 */
int tquic_frame_ack_next(struct tquic_rx_frame *f, u64 *smallest, u64 *largest)
{
	u64 gap, len, top;
	const u8 *p;

	if (!f->ack.begun) {
		f->ack.begun = true;
		top = f->ack.largest;
		len = f->ack.first;
	} else {
		if (!f->ack.count)
			return 0;
		f->ack.count--;
		p = tquic_varint_get(f->ack.ranges, f->ack.ranges_end, &gap);
		if (p)
			p = tquic_varint_get(p, f->ack.ranges_end, &len);
		if (!p || gap + 2 > f->ack.smallest)
			return TQUIC_WERR(FRAME_ENCODING);
		f->ack.ranges = p;
		top = f->ack.smallest - gap - 2;
	}
	if (len > top)
		return TQUIC_WERR(FRAME_ENCODING);
	f->ack.smallest = top - len;
	*smallest = f->ack.smallest;
	*largest = top;
	return 1;
}

/** tquic_frame_put_ints - what tquic_frame_put() writes, its @n fields in @v */
u8 *tquic_frame_put_ints(u8 *p, u16 type, const u64 *v, u32 n)
{
	p = tquic_varint_put(p, type);
	while (n--)
		p = tquic_varint_put(p, *v++);
	return p;
}

/** tquic_frame_put_new_cid - write NEW_CONNECTION_ID, of 18 bytes, two integers and the ID */
u8 *tquic_frame_put_new_cid(u8 *p, u64 seq, u64 prior_to, const struct tquic_cid *cid,
			    const u8 *reset_token)
{
	p = tquic_frame_put(p, TQUIC_FT_NEW_CONNECTION_ID, seq, prior_to);
	p = tquic_cid_put(p, cid->id, cid->len);
	return tquic_bytes_put(p, reset_token, TQUIC_TOKEN_RESET_LEN);
}

/** tquic_frame_put_close - @frame_type: of the one at fault, 0 if unknown; not written if @app */
u8 *tquic_frame_put_close(u8 *p, bool app, u64 err, u64 frame_type, const u8 *reason, u32 len)
{
	if (app)
		p = tquic_frame_put(p, TQUIC_FT_CONNECTION_CLOSE_APP, err, len);
	else
		p = tquic_frame_put(p, TQUIC_FT_CONNECTION_CLOSE, err, frame_type, len);
	return tquic_bytes_put(p, reason, len);
}
