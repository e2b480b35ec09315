// SPDX-License-Identifier: GPL-2.0
/*
 * floor: what the path of a QUIC payload must cost, with nothing of QUIC in it.
 * Loading it seals packets of one size from pages into UDP GSO skbs, sends them
 * over loopback to a kernel socket with UDP_GRO, and opens them in place in
 * softirq.  No streams, no acknowledgements, no user copies.  The result is one
 * line of JSON, in the kernel log and in the parameter "result".  It never
 * touches sockets that are not its own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <crypto/aead.h>
#include <crypto/skcipher.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/udp.h>
#include <net/ip_tunnels.h>
#include <net/route.h>
#include <net/udp.h>

static bool crypt = true;
module_param(crypt, bool, 0444);
MODULE_PARM_DESC(crypt, "seal, open and protect headers (1)");

static bool hpbatch = true;
module_param(hpbatch, bool, 0444);
MODULE_PARM_DESC(hpbatch, "header protection of a batch in one call (1)");

static bool gso = true;
module_param(gso, bool, 0444);
MODULE_PARM_DESC(gso, "batches by GSO and GRO, else one packet at a time (1)");

static bool oop = true;
module_param(oop, bool, 0444);
MODULE_PARM_DESC(oop, "seal out of place, from the source's pages (1)");

static bool copy;
module_param(copy, bool, 0444);
MODULE_PARM_DESC(copy, "copy the payload twice before sealing in place (0)");

static bool aligned;
module_param(aligned, bool, 0444);
MODULE_PARM_DESC(aligned, "each payload begins at a page's start (0)");

static uint batches = 400;
module_param(batches, uint, 0444);
MODULE_PARM_DESC(batches, "how many batches to send (400)");

static uint pkt = 1472;
module_param(pkt, uint, 0444);
MODULE_PARM_DESC(pkt, "bytes of a UDP payload (1472)");

static uint fhdr = 16;
module_param(fhdr, uint, 0444);
MODULE_PARM_DESC(fhdr, "bytes between packet header and payload (16)");

static char result[256];
module_param_string(result, result, sizeof(result), 0444);

#define RX_PORT		4433
#define TX_PORT		4434
#define CID_LEN		8
#define PN_OFF		(1 + CID_LEN)
#define PN_LEN		4
#define HDR_LEN		(PN_OFF + PN_LEN)
#define TAG_LEN		16
#define SAMPLE_LEN	16
#define BATCH_MAX	64
#define BATCH_BYTES	65000
#define SLOT_ORDER	3	/* of the pages that ciphertext goes to */
#define SRC_ORDER	4	/* of the pages that payload comes from */
#define SRC_STEP	1443	/* odd: payloads begin anywhere in a cache line */
#define SRC_STEPS	20
#define COPY_BYTES	16384
#define HEADROOM	128
#define RCVBUF_BYTES	(64 << 20)

/* One direction: the sender's, or the receiver's in softirq */
static struct side {
	struct socket *sock;
	struct crypto_aead *aead;
	struct aead_request *req;
	struct skcipher_request *hp_req;
	u8 samples[BATCH_MAX * SAMPLE_LEN];
	u8 *pkt[BATCH_MAX];	/* of the batch at hand */
} tx, rx;

static struct crypto_skcipher *hp_tfm;
static struct page *src;
static u8 *scratch;
static u32 next_pn;

static struct {
	u64 pkts, skbs, bytes;	/* received */
	u64 bad;		/* received, and did not verify or had no such size */
	u64 failed;		/* calls to the crypto API that did not do it at once */
} seen;

/* One mask for each packet of a batch; then flags and packet number under it */
static void protect(struct side *s, u32 n)
{
	u32 step = hpbatch ? n : 1, i;
	struct scatterlist sg;

	for (i = 0; i < n; i++)
		memcpy(s->samples + i * SAMPLE_LEN, s->pkt[i] + PN_OFF + 4, SAMPLE_LEN);
	for (i = 0; i < n; i += step) {
		sg_init_one(&sg, s->samples + i * SAMPLE_LEN, step * SAMPLE_LEN);
		skcipher_request_set_crypt(s->hp_req, &sg, &sg, step * SAMPLE_LEN, NULL);
		if (crypto_skcipher_encrypt(s->hp_req))
			seen.failed++;
	}
	for (i = 0; i < n; i++) {
		const u8 *mask = s->samples + i * SAMPLE_LEN;
		u8 *p = s->pkt[i];
		u32 pn, pn_mask;

		p[0] ^= mask[0] & 0x1f;
		memcpy(&pn, p + PN_OFF, PN_LEN);
		memcpy(&pn_mask, mask + 1, PN_LEN);
		pn ^= pn_mask;
		memcpy(p + PN_OFF, &pn, PN_LEN);
	}
}

static void make_iv(u8 *iv, const u8 *p)
{
	memset(iv, 0, 16);
	memcpy(iv + 8, p + PN_OFF, PN_LEN);
}

/* ---- the way in ---- */

static void open_one(u8 *p, u32 len)
{
	struct scatterlist sg;
	u8 iv[16];

	make_iv(iv, p);
	sg_init_one(&sg, p, len);
	aead_request_set_ad(rx.req, HDR_LEN);
	aead_request_set_crypt(rx.req, &sg, &sg, len - HDR_LEN, iv);
	if (crypto_aead_decrypt(rx.req))
		seen.bad++;
}

static u32 find_in(u8 *p, u32 len, u32 each, u32 n)
{
	u32 off;

	for (off = 0; off + each <= len && n < BATCH_MAX; off += each)
		rx.pkt[n++] = p + off;
	return n;
}

static void receive(struct sk_buff *skb)
{
	u32 each = skb_is_gso(skb) ? skb_shinfo(skb)->gso_size : skb->len;
	u32 n = 0, i;

	seen.skbs++;
	seen.bytes += skb->len;
	n = find_in(skb->data, skb_headlen(skb), each, n);
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];

		n = find_in(skb_frag_address(frag), skb_frag_size(frag), each, n);
	}
	seen.pkts += n;
	if (n * each != skb->len)
		seen.bad++;
	if (!crypt)
		return;
	protect(&rx, n);
	for (i = 0; i < n; i++)
		open_one(rx.pkt[i], each);
}

static void data_ready(struct sock *sk)
{
	struct sk_buff *skb;
	int off = 0, err;

	while ((skb = __skb_recv_udp(sk, MSG_DONTWAIT, &off, &err))) {
		receive(skb);
		consume_skb(skb);
		off = 0;
	}
}

/* ---- the way out ---- */

static void seal(u8 *p, u8 *payload, u32 len)
{
	struct scatterlist from[2], to;
	u32 plain = len - HDR_LEN - TAG_LEN;
	u8 iv[16];

	make_iv(iv, p);
	sg_init_one(&to, p, len);
	aead_request_set_ad(tx.req, HDR_LEN);
	if (payload) {
		sg_init_table(from, 2);
		sg_set_buf(&from[0], p, HDR_LEN + fhdr);
		sg_set_buf(&from[1], payload, plain - fhdr);
		aead_request_set_crypt(tx.req, from, &to, plain, iv);
	} else {
		aead_request_set_crypt(tx.req, &to, &to, plain, iv);
	}
	if (crypto_aead_encrypt(tx.req))
		seen.failed++;
}

static void build(u8 *p, u32 i)
{
	u8 *payload = page_address(src) + (aligned ? 0 : i % SRC_STEPS * SRC_STEP);
	u32 bytes = pkt - HDR_LEN - TAG_LEN - fhdr;
	__be32 pn = cpu_to_be32(++next_pn);
	bool in_place = copy || !oop || !crypt;

	p[0] = 0x43;
	memcpy(p + PN_OFF, &pn, PN_LEN);
	if (copy) {
		memcpy(scratch, payload, bytes);
		payload = scratch;
	}
	if (in_place)
		memcpy(p + HDR_LEN + fhdr, payload, bytes);
	if (crypt)
		seal(p, in_place ? NULL : payload, pkt);
}

/* An skb with n slots in its pages */
static struct sk_buff *make_skb(u32 n)
{
	u32 per_page = (PAGE_SIZE << SLOT_ORDER) / pkt, order = gso ? SLOT_ORDER : 0, i, k, had;
	struct sk_buff *skb = alloc_skb(HEADROOM + 32, GFP_KERNEL);
	struct page *page;

	if (!skb)
		return NULL;
	skb_reserve(skb, HEADROOM);
	for (had = 0; had < n; had += k) {
		page = alloc_pages(GFP_KERNEL | __GFP_COMP, order);
		if (!page) {
			kfree_skb(skb);
			return NULL;
		}
		k = gso ? min(per_page, n - had) : 1;
		for (i = 0; i < k; i++)
			tx.pkt[had + i] = page_address(page) + i * pkt;
		skb_fill_page_desc(skb, skb_shinfo(skb)->nr_frags, page, 0, k * pkt);
		skb->len += k * pkt;
		skb->data_len += k * pkt;
		skb->truesize += PAGE_SIZE << order;
	}
	return skb;
}

static void send(struct sk_buff *skb, struct rtable *rt, u32 n)
{
	__be32 ip = htonl(INADDR_LOOPBACK);
	struct udphdr *uh = skb_push(skb, sizeof(*uh));

	skb_reset_transport_header(skb);
	uh->source = htons(TX_PORT);
	uh->dest = htons(RX_PORT);
	uh->len = htons(skb->len);
	uh->check = ~csum_tcpudp_magic(ip, ip, skb->len, IPPROTO_UDP, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
	if (n > 1) {
		skb_shinfo(skb)->gso_size = pkt;
		skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
		skb_shinfo(skb)->gso_segs = n;
	}
	skb->protocol = htons(ETH_P_IP);
	dst_hold(&rt->dst);
	local_bh_disable();
	iptunnel_xmit(tx.sock->sk, rt, skb, ip, ip, IPPROTO_UDP, 0, 64, htons(IP_DF), false);
	local_bh_enable();
}

static int send_all(struct rtable *rt)
{
	u32 n = gso ? min(BATCH_BYTES / pkt, 2 * ((u32)(PAGE_SIZE << SLOT_ORDER) / pkt)) : 1;
	u32 total = gso ? batches : batches * 44, b, i;
	struct sk_buff *skb;

	for (b = 0; b < total; b++) {
		skb = make_skb(n);
		if (!skb)
			return -ENOMEM;
		for (i = 0; i < n; i++)
			build(tx.pkt[i], i);
		if (crypt)
			protect(&tx, n);
		send(skb, rt, n);
		if (!(b & 15))
			cond_resched();
	}
	return 0;
}

static int measure(void)
{
	struct flowi4 fl = {
		.daddr = htonl(INADDR_LOOPBACK),
		.saddr = htonl(INADDR_LOOPBACK),
		.flowi4_proto = IPPROTO_UDP,
	};
	struct rtable *rt = ip_route_output_key(sock_net(tx.sock->sk), &fl);
	u64 start, ns, mbps;
	int err;

	if (IS_ERR(rt))
		return PTR_ERR(rt);
	start = ktime_get_ns();
	err = send_all(rt);
	ns = max(ktime_get_ns() - start, 1ULL);
	ip_rt_put(rt);
	if (err)
		return err;
	mbps = div64_u64(seen.bytes * 8000, ns);
	snprintf(result, sizeof(result),
		 "{\"test\":\"floor\",\"encrypted\":\"%s\",\"packet\":%u,\"packets\":%llu,\"skbs\":%llu,"
		 "\"bad\":%llu,\"failed\":%llu,\"ns_per_packet\":%llu,\"gbps\":%llu.%03llu}",
		 crypt ? "yes" : "no", pkt, seen.pkts, seen.skbs, seen.bad, seen.failed,
		 div64_u64(ns, max(seen.pkts, 1ULL)), mbps / 1000, mbps % 1000);
	pr_info("%s\n", result);
	return seen.bad || seen.failed || !seen.pkts ? -EIO : 0;
}

/* ---- beginning and end ---- */

static int make_keys(struct side *s)
{
	static const u8 key[16] = { 1, 2, 3 };
	int err;

	/* the fast drivers carry the flag ASYNC; with AES-NI usable they work at once */
	s->aead = crypto_alloc_aead("gcm(aes)", 0, 0);
	if (IS_ERR(s->aead)) {
		err = PTR_ERR(s->aead);
		s->aead = NULL;
		return err;
	}
	err = crypto_aead_setkey(s->aead, key, sizeof(key));
	if (!err)
		err = crypto_aead_setauthsize(s->aead, TAG_LEN);
	s->req = aead_request_alloc(s->aead, GFP_KERNEL);
	s->hp_req = skcipher_request_alloc(hp_tfm, GFP_KERNEL);
	return err ?: s->req && s->hp_req ? 0 : -ENOMEM;
}

static int make_all_keys(void)
{
	static const u8 key[16] = { 1, 2, 3 };
	int err;

	hp_tfm = crypto_alloc_skcipher("ecb(aes)", 0, 0);
	if (IS_ERR(hp_tfm)) {
		err = PTR_ERR(hp_tfm);
		hp_tfm = NULL;
		return err;
	}
	err = crypto_skcipher_setkey(hp_tfm, key, sizeof(key));
	err = err ?: make_keys(&tx);
	err = err ?: make_keys(&rx);
	if (!err)
		pr_info("%s, %s\n", crypto_tfm_alg_driver_name(crypto_aead_tfm(tx.aead)),
			crypto_tfm_alg_driver_name(crypto_skcipher_tfm(hp_tfm)));
	return err;
}

static int make_sockets(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(RX_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int one = 1, err;

	err = sock_create_kern(&init_net, AF_INET, SOCK_DGRAM, IPPROTO_UDP, &tx.sock);
	err = err ?: sock_create_kern(&init_net, AF_INET, SOCK_DGRAM, IPPROTO_UDP, &rx.sock);
	err = err ?: kernel_bind(rx.sock, (struct sockaddr *)&addr, sizeof(addr));
	if (!err && gso)
		err = rx.sock->ops->setsockopt(rx.sock, SOL_UDP, UDP_GRO, KERNEL_SOCKPTR(&one),
					       sizeof(one));
	if (err)
		return err;
	rx.sock->sk->sk_rcvbuf = RCVBUF_BYTES;
	rx.sock->sk->sk_data_ready = data_ready;
	return 0;
}

static void drop_keys(struct side *s)
{
	if (s->req)
		aead_request_free(s->req);
	if (s->hp_req)
		skcipher_request_free(s->hp_req);
	if (s->aead)
		crypto_free_aead(s->aead);
}

static void drop_all(void)
{
	if (tx.sock)
		sock_release(tx.sock);
	if (rx.sock)
		sock_release(rx.sock);
	drop_keys(&tx);
	drop_keys(&rx);
	if (hp_tfm)
		crypto_free_skcipher(hp_tfm);
	if (src)
		__free_pages(src, SRC_ORDER);
	kfree(scratch);
}

static int __init floor_init(void)
{
	int err = -EINVAL;

	if (pkt < 128 || pkt > 9000 || fhdr > 64 || !batches || batches > 1000000)
		return err;
	src = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_ZERO, SRC_ORDER);
	scratch = kmalloc(COPY_BYTES, GFP_KERNEL);
	err = src && scratch ? make_all_keys() : -ENOMEM;
	err = err ?: make_sockets();
	err = err ?: measure();
	drop_all();
	return err;
}

/* Nothing is left but the result */
static void __exit floor_exit(void)
{
}

module_init(floor_init);
module_exit(floor_exit);
MODULE_DESCRIPTION("what the path of a QUIC payload must cost");
MODULE_LICENSE("GPL");
