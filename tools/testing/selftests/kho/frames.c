// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbered frames on a network interface: one end sends them, the other tells
 * which have arrived, in the order in which they have.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ETHERTYPE	0x88b5 /* for experiments, says IEEE 802 */

/* With a pad, so that it has no holes. */
struct frame {
	struct ethhdr eth;
	uint16_t pad;
	uint64_t number;
	char rest[1000];
};

/* More frames than an RX ring has, for a receiver that doesn't get to run. */
static const int buffer_size = 4 << 20;

static int die(const char *what)
{
	fprintf(stderr, "frames: %s: %s\n", what, strerror(errno));
	return 1;
}

static int open_interface(const char *name)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE),
		.sll_ifindex = if_nametoindex(name),
	};
	int fd;

	if (!address.sll_ifindex)
		return -1;
	fd = socket(AF_PACKET, SOCK_RAW, htons(ETHERTYPE));
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer_size,
		       sizeof(buffer_size)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_size,
		       sizeof(buffer_size)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int send_frames(int fd, uint64_t first, uint64_t count, long gap_us)
{
	const struct timespec gap = {
		.tv_sec = gap_us / 1000000,
		.tv_nsec = gap_us % 1000000 * 1000,
	};
	struct frame frame = { .eth.h_proto = htons(ETHERTYPE) };

	memset(frame.eth.h_dest, 0xff, ETH_ALEN);
	for (frame.number = first; frame.number < first + count;
	     frame.number++) {
		if (send(fd, &frame, sizeof(frame), 0) != sizeof(frame))
			return die("send");
		if (gap_us)
			nanosleep(&gap, NULL);
	}
	return 0;
}

static int receive_frames(int fd)
{
	struct frame frame;
	ssize_t len;

	printf("ready\n");
	for (;;) {
		fflush(stdout);
		len = recv(fd, &frame, sizeof(frame), 0);
		if (len < 0)
			return die("recv");
		if (len == sizeof(frame))
			printf("%llu\n", (unsigned long long)frame.number);
	}
}

int main(int argc, char **argv)
{
	int fd = -1;

	if (argc > 2)
		fd = open_interface(argv[2]);
	if (argc > 2 && fd < 0)
		return die(argv[2]);

	if (argc == 6 && !strcmp(argv[1], "send"))
		return send_frames(fd, strtoull(argv[3], NULL, 0),
				   strtoull(argv[4], NULL, 0),
				   strtol(argv[5], NULL, 0));
	if (argc == 3 && !strcmp(argv[1], "receive"))
		return receive_frames(fd);

	fprintf(stderr, "usage: frames send INTERFACE FIRST COUNT GAP_US\n"
		"       frames receive INTERFACE\n");
	return 2;
}
