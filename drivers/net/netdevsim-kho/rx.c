// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that have been received and not yet been passed to the stack.
 *
 * A NIC that receives by DMA would preserve its buffers. Those of netdevsim are
 * the sender's, parts of slabs, so they are copied; and as the image must
 * outlast a rollback, they are copied once more when they come back.
 */
#include <linux/etherdevice.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/virtio_net.h>
#include <net/net_namespace.h>

#include "internal.h"

/* A chunk holds the largest frame that there can be. */
#define CHUNK_ORDER	get_order(SZ_128K)
#define FRAME_MAX	(SZ_128K - sizeof(struct frame))
/* Of a frame that is larger than this, only the headers are linear. */
#define LINEAR_MAX	SZ_2K
#define HEADERS_MAX	256

/**
 * struct frame - head of a frame in the record's pages; its bytes follow
 * @len: of the frame in bytes, from its MAC header on; 0 if none follows
 * @port: index of the port that it came to
 * @queue: RX queue
 * @mark: skb->mark
 * @priority: skb->priority
 * @offload: checksum and segmentation, as virtio 1.0 describes them
 * @reserved: 0
 *
 * Numbers are in native byte order. The next one begins at a multiple of 8;
 * one that does not fit in the rest of a chunk is in the next chunk.
 */
struct frame {
	u32 len;
	u32 port;
	u32 queue;
	u32 mark;
	u32 priority;
	struct virtio_net_hdr offload;
	u16 reserved;
};

static_assert(sizeof(struct frame) == 32);

/* The ports of VFs have none. */
static unsigned int nr_queues(const struct netdevsim *ns)
{
	return ns->rq ? ns->netdev->num_rx_queues : 0;
}

static size_t frame_size(u32 len)
{
	return ALIGN(sizeof(struct frame) + (size_t)len, 8);
}

/**
 * nsim_kho_holds_rx - does what a port receives have to wait?
 * @ns: the port
 *
 * Context: NAPI.
 * Return: whether it is saved, or hold_rx is set.
 */
bool nsim_kho_holds_rx(const struct netdevsim *ns)
{
	const struct nsim_kho *kho = READ_ONCE(ns->nsim_dev->kho);

	return kho && (READ_ONCE(kho->frozen) ||
		       READ_ONCE(kho->knobs.hold_rx));
}

static void poll(struct netdevsim *ns)
{
	unsigned int i;

	local_bh_disable();
	for (i = 0; i < nr_queues(ns); i++)
		if (!skb_queue_empty_lockless(&ns->rq[i].skb_queue))
			napi_schedule(&ns->rq[i].napi);
	local_bh_enable();
}

/**
 * nsim_kho_resume_rx - pass on what has had to wait
 * @kho: client; nothing happens as long as there is a reason to wait
 *
 * Context: rtnl held.
 */
void nsim_kho_resume_rx(struct nsim_kho *kho)
{
	struct net_device *dev;
	struct netdevsim *ns;
	struct net *net;

	ASSERT_RTNL();

	rcu_read_lock();
	for_each_net_rcu(net) {
		for_each_netdev_rcu(net, dev) {
			if (!netdev_is_nsim(dev) || !netif_running(dev))
				continue;
			ns = netdev_priv(dev);
			if (ns->nsim_dev->kho == kho)
				poll(ns);
		}
	}
	rcu_read_unlock();
}

/**
 * nsim_kho_rx_dirty - how much the frames are that wait
 * @nsim_dev: device
 *
 * Context: devl_lock held.
 * Return: an estimate in bytes, as more may come at any time.
 */
u64 nsim_kho_rx_dirty(struct nsim_dev *nsim_dev)
{
	struct nsim_dev_port *port;
	unsigned int i;
	u64 size = 0;

	list_for_each_entry(port, &nsim_dev->port_list, list)
		for (i = 0; i < nr_queues(port->ns); i++)
			size += skb_queue_len_lockless(&port->ns->rq[i].skb_queue) *
				frame_size(ETH_HLEN + port->ns->netdev->mtu);
	return size;
}

/**
 * struct writer - frames on their way into the record
 * @kho: client
 * @size: of all of them in bytes, without what chunks waste
 * @written: bytes of @size that have been written
 * @pos: where in the current chunk
 * @end: of the current chunk
 * @frames: how many have been written
 */
struct writer {
	struct nsim_kho *kho;
	u64 size;
	u64 written;
	void *pos;
	void *end;
	u32 frames;
};

static int make_room(struct writer *writer, size_t size)
{
	struct nsim_kho_pages *pages = &writer->kho->rx;
	unsigned int order;
	int err;

	if (writer->end - writer->pos >= size)
		return 0;

	order = min_t(unsigned int, CHUNK_ORDER,
		      get_order(writer->size - writer->written));
	err = nsim_kho_pages_add(pages, order);
	if (err)
		return err;
	writer->pos = page_address(pages->chunks[pages->nr_chunks - 1].page);
	writer->end = writer->pos + (PAGE_SIZE << order);
	return 0;
}

static int write_frame(struct writer *writer, const struct netdevsim *ns,
		       u32 queue, struct sk_buff *skb)
{
	u32 len = ETH_HLEN + skb->len;
	struct frame *frame;
	int err;

	if (len > FRAME_MAX)
		return -EMSGSIZE;
	err = make_room(writer, frame_size(len));
	if (err)
		return err;

	frame = writer->pos;
	*frame = (struct frame) {
		.len = len,
		.port = ns->nsim_dev_port->port_index,
		.queue = queue,
		.mark = skb->mark,
		.priority = skb->priority,
	};
	/* Where the next kernel's stack expects it: see read_frame(). */
	__skb_push(skb, ETH_HLEN);
	err = virtio_net_hdr_from_skb(skb, &frame->offload, true, true, 0) ?:
	      skb_copy_bits(skb, 0, frame + 1, len);
	__skb_pull(skb, ETH_HLEN);
	if (err)
		return err;

	writer->pos += frame_size(len);
	writer->written += frame_size(len);
	writer->frames++;
	return 0;
}

/* Nobody queues or takes any more: the port is frozen. */
static int write_port(struct writer *writer, struct netdevsim *ns)
{
	struct sk_buff *skb;
	unsigned int i;
	int err;

	for (i = 0; i < nr_queues(ns); i++) {
		skb_queue_walk(&ns->rq[i].skb_queue, skb) {
			err = write_frame(writer, ns, i, skb);
			if (!err)
				continue;
			kho_client_explain(&writer->kho->client,
					   "%s: a received packet of %u bytes can't be kept: %pe",
					   ns->netdev->name, skb->len,
					   ERR_PTR(err));
			return err;
		}
	}
	return 0;
}

/* How many frames wait at a port, and what they take. */
static unsigned int count_port(const struct netdevsim *ns, u64 *size)
{
	unsigned int i, count = 0;
	struct sk_buff *skb;

	for (i = 0; i < nr_queues(ns); i++) {
		skb_queue_walk(&ns->rq[i].skb_queue, skb) {
			*size += frame_size(ETH_HLEN + skb->len);
			count++;
		}
	}
	return count;
}

static int write_frames(struct writer *writer, struct nsim_dev *nsim_dev)
{
	struct nsim_dev_port *port;
	int err;

	list_for_each_entry(port, &nsim_dev->port_list, list)
		count_port(port->ns, &writer->size);
	list_for_each_entry(port, &nsim_dev->port_list, list) {
		err = write_port(writer, port->ns);
		if (err)
			return err;
	}
	return 0;
}

static void note_lost_rx(struct nsim_kho *kho, struct nsim_dev *nsim_dev)
{
	struct nsim_dev_port *port;
	unsigned int count;
	u64 size = 0;

	list_for_each_entry(port, &nsim_dev->port_list, list) {
		count = count_port(port->ns, &size);
		if (count)
			nsim_kho_lost(kho, "%s: %u received packets",
				      port->ns->netdev->name, count);
	}
}

/**
 * nsim_kho_save_rx - write what has been received
 * @kho: client
 * @nsim_dev: its device
 * @image: outgoing image, at the root
 *
 * While the device runs, there is nothing to write yet. Images of the first
 * format have no place for frames: they are listed as lost.
 *
 * Context: prepare or save callback; devl_lock and rtnl held; may sleep.
 * Return: 0; -ENOMEM, or what is wrong with a frame, explained; a negative
 * errno of the image.
 */
int nsim_kho_save_rx(struct nsim_kho *kho, struct nsim_dev *nsim_dev,
		     struct kho_image *image)
{
	struct writer writer = { .kho = kho };
	int err;

	if (nsim_kho_first_format(image)) {
		if (kho->frozen)
			note_lost_rx(kho, nsim_dev);
		return 0;
	}

	if (kho->frozen) {
		err = write_frames(&writer, nsim_dev);
		if (err)
			return err;
	}

	err = kho_image_enter(image, "rx");
	if (err)
		return err;
	err = kho_image_set_u32(image, "frames", writer.frames);
	if (!err)
		err = nsim_kho_pages_refer(&kho->rx, image);
	kho_image_leave(image);
	kho_image_wrote(image, writer.written);
	return err;
}

static struct sk_buff *copy_frame(const struct frame *frame)
{
	u32 linear = frame->len > LINEAR_MAX ? HEADERS_MAX : frame->len;
	u32 reserve = NET_SKB_PAD + NET_IP_ALIGN;
	struct sk_buff *skb;
	int err;

	skb = alloc_skb_with_frags(reserve + linear, frame->len - linear,
				   PAGE_ALLOC_COSTLY_ORDER, &err, GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reserve(skb, reserve);
	skb_put(skb, linear);
	skb->data_len = frame->len - linear;
	skb->len += skb->data_len;
	if (skb_store_bits(skb, 0, frame + 1, frame->len)) {
		kfree_skb(skb);
		return NULL;
	}
	return skb;
}

/* As it was when the sender handed it over, see nsim_forward_skb(). */
static struct sk_buff *read_frame(const struct frame *frame,
				  struct net_device *dev)
{
	struct sk_buff *skb = copy_frame(frame);

	if (!skb)
		return NULL;
	skb_reset_mac_header(skb);
	if (frame->offload.flags & VIRTIO_NET_HDR_F_DATA_VALID)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	if (virtio_net_hdr_to_skb(skb, &frame->offload, true)) {
		kfree_skb(skb);
		return NULL;
	}

	skb->protocol = eth_type_trans(skb, dev);
	skb->mark = frame->mark;
	skb->priority = frame->priority;
	return skb;
}

static bool restore_frame(struct nsim_dev *nsim_dev, const struct frame *frame)
{
	struct nsim_dev_port *port = nsim_kho_find_port(nsim_dev, frame->port);
	struct sk_buff_head *queue;
	struct sk_buff *skb;

	if (!port || frame->queue >= nr_queues(port->ns))
		return false;
	queue = &port->ns->rq[frame->queue].skb_queue;
	if (skb_queue_len(queue) > NSIM_RING_SIZE)
		return false;
	skb = read_frame(frame, port->ns->netdev);
	if (!skb)
		return false;
	skb_queue_tail(queue, skb);
	return true;
}

static u32 restore_chunk(struct nsim_dev *nsim_dev, const void *chunk,
			 size_t size)
{
	const struct frame *frame;
	u32 restored = 0;

	while (size >= sizeof(*frame)) {
		frame = chunk;
		if (frame->len < ETH_HLEN || frame->len > FRAME_MAX ||
		    frame_size(frame->len) > size)
			break;
		restored += restore_frame(nsim_dev, frame);
		chunk += frame_size(frame->len);
		size -= frame_size(frame->len);
	}
	return restored;
}

/**
 * nsim_kho_restore_rx - put back what had been received
 * @kho: device that is being restored
 * @nsim_dev: its device, with all ports, of which none is up
 *
 * Context: devl_lock and rtnl held; may sleep.
 */
void nsim_kho_restore_rx(struct nsim_kho *kho, struct nsim_dev *nsim_dev)
{
	int node = kho_image_find(kho->in.image, 0, "rx");
	u32 i, nr_chunks, frames, restored = 0;
	const void *chunk;
	size_t size;

	if (nsim_kho_first_format(kho->in.image))
		return;
	if (node < 0) {
		nsim_kho_lost(kho, "received packets: not in the record");
		return;
	}
	if (!nsim_kho_get_u32(kho, node, "received packets", "frames",
			      U32_MAX, &frames) ||
	    !nsim_kho_get_u32(kho, node, "received packets", "count", U32_MAX,
			      &nr_chunks))
		return;

	for (i = 0; i < nr_chunks; i++) {
		chunk = nsim_kho_pages_get(kho, node, i, &size);
		if (!chunk || size > PAGE_SIZE << CHUNK_ORDER) {
			nsim_kho_lost(kho, "received packets: chunk-%u is %s",
				      i, chunk ? "too large" : "missing");
			break;
		}
		restored += restore_chunk(nsim_dev, chunk, size);
		cond_resched();
	}
	if (restored != frames)
		nsim_kho_lost(kho, "received packets: %u of %u are there",
			      restored, frames);
}
