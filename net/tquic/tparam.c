// SPDX-License-Identifier: GPL-2.0
/*
 * Transport parameters as bytes: one table says of each how it is encoded, what is valid and what
 * holds when it is absent.  Whether one had to be sent, and is true, is not known here.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include "tparam.h"
#include "varint.h"

#define PREFERRED_CID_AT	(4 + 2 + 16 + 2)	/* section 18.2 figure 22 */

enum kind {
	INT,
	MS,		/* milliseconds on the wire, microseconds here */
	FLAG,		/* present and empty */
	CID,
	TOKEN,
	PREFERRED,	/* a server's address */
	VERSIONS,	/* RFC 9368 section 3 */
};

struct param {
	u32 id;
	u8 kind;
	bool server_only;
	u16 at;		/* of the value in struct tquic_tparam */
	u16 has_at;	/* CID and TOKEN: of the bool that says it is there */
	u64 min;
	u64 max;
	u64 absent;	/* integers: what holds without it */
};

#define AT(field)	offsetof(struct tquic_tparam, field)

#define NUM(_id, _kind, _field, _min, _max, _absent)					\
	{ .id = _id, .kind = _kind, .at = AT(_field), .min = _min, .max = _max, .absent = _absent }

static const struct param params[] = {
	{ 0x00, CID, true, AT(odcid), AT(has_odcid) },
	NUM(0x01, MS, max_idle_timeout_us, 0, TQUIC_VARINT_MAX, 0),
	{ 0x02, TOKEN, true, AT(reset_token), AT(has_reset_token) },
	NUM(0x03, INT, max_udp_payload_size, TQUIC_MIN_UDP, TQUIC_VARINT_MAX, TQUIC_MAX_UDP),
	NUM(0x04, INT, max_data, 0, TQUIC_VARINT_MAX, 0),
	NUM(0x05, INT, max_stream_data_bidi_local, 0, TQUIC_VARINT_MAX, 0),
	NUM(0x06, INT, max_stream_data_bidi_remote, 0, TQUIC_VARINT_MAX, 0),
	NUM(0x07, INT, max_stream_data_uni, 0, TQUIC_VARINT_MAX, 0),
	NUM(0x08, INT, max_streams_bidi, 0, TQUIC_STREAMS_MAX, 0),
	NUM(0x09, INT, max_streams_uni, 0, TQUIC_STREAMS_MAX, 0),
	NUM(0x0a, INT, ack_delay_exponent, 0, 20, 3),
	NUM(0x0b, MS, max_ack_delay_us, 0, (1 << 14) - 1, 25),
	{ 0x0c, FLAG, false, AT(disable_active_migration) },
	{ 0x0d, PREFERRED, true, AT(preferred), AT(has_preferred) },
	NUM(0x0e, INT, active_connection_id_limit, 2, TQUIC_VARINT_MAX, 2),
	{ 0x0f, CID, false, AT(iscid), AT(has_iscid) },
	{ 0x10, CID, true, AT(rscid), AT(has_rscid) },
	{ 0x11, VERSIONS, false, AT(version), AT(has_versions) },
	{ 0x1d, FLAG, false, AT(reset_stream_at) },
	NUM(0x20, INT, max_datagram_frame_size, 0, TQUIC_VARINT_MAX, 0),	/* RFC 9221 */
	{ 0x2ab2, FLAG, false, AT(grease_quic_bit) },				/* RFC 9287 */
	{ 0xbaad, FLAG, false, AT(disable_1rtt_encryption) },
	NUM(0xff04de1b, INT, min_ack_delay_us, 0, TQUIC_VARINT_MAX, TQUIC_VARINT_MAX),
};

static_assert(ARRAY_SIZE(params) <= 32);	/* bits of a set of them */

static void store(struct tquic_tparam *tp, const struct param *pa, u64 v)
{
	/* what is longer than 2^62 us is cut: the sum with any time still fits */
	if (pa->kind == MS)
		v = v > TQUIC_VARINT_MAX / 1000 ? TQUIC_VARINT_MAX : v * 1000;
	*(u64 *)((u8 *)tp + pa->at) = v;
}

/* the value to be sent, always one that is valid */
static u64 load(const struct tquic_tparam *tp, const struct param *pa)
{
	u64 v = *(const u64 *)((const u8 *)tp + pa->at);

	if (pa->kind == MS)
		v = div_u64(v + 999, 1000);
	return clamp(v, pa->min, pa->max);
}

static const struct param *find(u64 id)
{
	for (u32 i = 0; i < ARRAY_SIZE(params); i++)
		if (params[i].id == id)
			return &params[i];
	return NULL;
}

/** tquic_tparam_init - the defaults of RFC 9000 section 18.2, while none was received */
void tquic_tparam_init(struct tquic_tparam *tp)
{
	memset(tp, 0, sizeof(*tp));
	for (u32 i = 0; i < ARRAY_SIZE(params); i++)
		if (params[i].kind <= MS)
			store(tp, &params[i], params[i].absent);
}

/* one parameter; NULL when it does not fit */
static u8 *put(u8 *p, const u8 *end, const struct param *pa, const void *data, u32 len)
{
	if (end - p < tquic_varint_len(pa->id) + 1 + len)
		return NULL;
	p = tquic_varint_put(p, pa->id);
	p = tquic_varint_put(p, len);
	return tquic_bytes_put(p, data, len);
}

/* returns the byte after what was written, which may be nothing; NULL if it does not fit */
static u8 *put_param(u8 *p, const u8 *end, const struct param *pa, const struct tquic_tparam *tp)
{
	const u8 *field = (const u8 *)tp + pa->at;
	const struct tquic_cid *cid = (const void *)field;
	const bool *has = (const void *)((const u8 *)tp + pa->has_at);
	u8 wire[PREFERRED_CID_AT + 1 + TQUIC_CID_MAX + TQUIC_TOKEN_RESET_LEN], *w;
	u64 v;

	switch (pa->kind) {
	case FLAG:
		return *(const bool *)field ? put(p, end, pa, wire, 0) : p;
	case CID:
		return *has ? put(p, end, pa, cid->id, cid->len) : p;
	case TOKEN:
		return *has ? put(p, end, pa, field, TQUIC_TOKEN_RESET_LEN) : p;
	case PREFERRED:
		w = tquic_bytes_put(wire, &tp->preferred[0].v4.sin_addr, 4);
		w = tquic_bytes_put(w, &tp->preferred[0].v4.sin_port, 2);
		w = tquic_bytes_put(w, &tp->preferred[1].v6.sin6_addr, 16);
		w = tquic_bytes_put(w, &tp->preferred[1].v6.sin6_port, 2);
		w = tquic_cid_put(w, tp->preferred_cid.id, tp->preferred_cid.len);
		w = tquic_bytes_put(w, tp->preferred_token, TQUIC_TOKEN_RESET_LEN);
		return *has ? put(p, end, pa, wire, w - wire) : p;
	case VERSIONS:		/* what we speak; the one chosen is the one preferred */
		put_unaligned_be32(tp->version, wire);
		put_unaligned_be32(tp->version, wire + 4);
		put_unaligned_be32(tp->version == QUIC_VERSION_V1 ? QUIC_VERSION_V2 :
								    QUIC_VERSION_V1, wire + 8);
		return *has ? put(p, end, pa, wire, 12) : p;
	default:
		v = load(tp, pa);
		if (v == pa->absent)
			return p;
		return put(p, end, pa, wire, tquic_varint_put(wire, v) - wire);
	}
}

/*
 * tquic_tparam_encode - write the body of the TLS extension, without what holds anyway and, unless
 * @server, what only servers send.  Rounds times up to milliseconds.  Returns bytes or -EMSGSIZE.
 */
int tquic_tparam_encode(const struct tquic_tparam *tp, bool server, u8 *buf, u32 len)
{
	u8 *p = buf;

	for (u32 i = 0; i < ARRAY_SIZE(params); i++) {
		if (params[i].server_only && !server)
			continue;
		p = put_param(p, buf + len, &params[i], tp);
		if (!p)
			return -EMSGSIZE;
	}
	return p - buf;
}

static bool take_preferred(struct tquic_tparam *tp, const u8 *p, u32 len)
{
	u8 cid_len;

	if (len <= PREFERRED_CID_AT)
		return false;
	cid_len = p[PREFERRED_CID_AT];
	if (!cid_len || cid_len > TQUIC_CID_MAX ||
	    len != PREFERRED_CID_AT + 1 + cid_len + TQUIC_TOKEN_RESET_LEN)
		return false;
	tp->preferred[0].v4.sin_family = AF_INET;
	memcpy(&tp->preferred[0].v4.sin_addr, p, 4);
	memcpy(&tp->preferred[0].v4.sin_port, p + 4, 2);
	tp->preferred[1].v6.sin6_family = AF_INET6;
	memcpy(&tp->preferred[1].v6.sin6_addr, p + 6, 16);
	memcpy(&tp->preferred[1].v6.sin6_port, p + 6 + 16, 2);
	tquic_cid_set(&tp->preferred_cid, p + PREFERRED_CID_AT + 1, cid_len);
	memcpy(tp->preferred_token, p + PREFERRED_CID_AT + 1 + cid_len, TQUIC_TOKEN_RESET_LEN);
	tp->has_preferred = true;
	return true;
}

/* the Chosen Version and those available, in any order */
static bool take_versions(struct tquic_tparam *tp, const u8 *p, u32 len)
{
	u32 i, v;

	if (!len || len % 4)
		return false;
	tp->version = get_unaligned_be32(p);
	for (i = 4; i < len; i += 4) {
		v = get_unaligned_be32(p + i);
		if (!v)
			return false;
		tp->lists_v1 |= v == QUIC_VERSION_V1;
		tp->lists_v2 |= v == QUIC_VERSION_V2;
	}
	tp->has_versions = true;
	return tp->version;
}

/* the @len bytes of a value at @p; returns whether they are valid */
static bool take(struct tquic_tparam *tp, const struct param *pa, const u8 *p, u32 len)
{
	u8 *field = (u8 *)tp + pa->at;
	struct tquic_cid *cid = (void *)field;
	bool *has = (void *)((u8 *)tp + pa->has_at);
	u64 v;

	switch (pa->kind) {
	case FLAG:
		*(bool *)field = true;
		return !len;
	case CID:
		if (len > TQUIC_CID_MAX)
			return false;
		tquic_cid_set(cid, p, len);
		*has = true;
		return true;
	case TOKEN:
		if (len != TQUIC_TOKEN_RESET_LEN)
			return false;
		memcpy(field, p, len);
		*has = true;
		return true;
	case PREFERRED:
		return take_preferred(tp, p, len);
	case VERSIONS:
		return take_versions(tp, p, len);
	default:
		if (tquic_varint_get(p, p + len, &v) != p + len || v < pa->min || v > pa->max)
			return false;
		store(tp, pa, v);
		return true;
	}
}

/*
 * tquic_tparam_decode - read the body of the peer's TLS extension into @tp, with the defaults of
 * RFC 9000 for what it leaves out; no use on error.  Unknown parameters are ignored; the connection
 * IDs of section 7.3 are for the caller to check.  Returns 0 or TRANSPORT_PARAMETER_ERROR.
 */
int tquic_tparam_decode(struct tquic_tparam *tp, bool from_server, const u8 *p, u32 len)
{
	const u8 *end = p + len;
	u32 seen = 0;

	tquic_tparam_init(tp);
	while (p < end) {
		const struct param *pa;
		u64 id, size;

		p = tquic_varint_get(p, end, &id);
		if (p)
			p = tquic_varint_get(p, end, &size);
		if (!p || size > end - p)
			return TQUIC_WERR(TRANSPORT_PARAM);
		pa = find(id);
		if (pa) {
			u32 bit = BIT(pa - params);

			if ((seen & bit) || (pa->server_only && !from_server) ||
			    !take(tp, pa, p, size))
				return TQUIC_WERR(TRANSPORT_PARAM);
			seen |= bit;
		}
		p += size;
	}
	if (tp->min_ack_delay_us != TQUIC_VARINT_MAX && tp->min_ack_delay_us > tp->max_ack_delay_us)
		return TQUIC_WERR(TRANSPORT_PARAM);
	return 0;
}
