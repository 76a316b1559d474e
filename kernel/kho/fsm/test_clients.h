/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For KUnit tests: a machine of its own with clients that do as they are told
 * and note down what is asked of them, and what a kexec does to a machine.
 */
#ifndef _KHO_FSM_TEST_CLIENTS_H
#define _KHO_FSM_TEST_CLIENTS_H

#include <kunit/test.h>

#include "internal.h"

#define TEST_CLIENTS		6
#define TEST_MEM_PAGES		3

struct test_world;

/**
 * struct test_client - a client that does as it is told
 * @client: what is registered
 * @world: where it belongs
 * @after: room for the client's list of providers
 * @letters: their names
 * @prepare_err: what prepare returns
 * @prepare_err_pass: in which pass; 0 for every one
 * @save_err: what save returns
 * @restore_err: what restore returns
 * @during: called by prepare, if set
 * @during_restore: called by restore, if set
 * @during_finish: called by finish, if set
 * @value: is written to the image by prepare
 * @with_mem: preserve memory, too, filled with @value
 * @takes_mem: keep that memory in finish
 * @mem: that memory, while it is the client's
 * @entered: prepare was entered, and abort has not been called since
 * @aborts: how often abort has been called
 * @wrong: called when it should not have been
 * @restored: what restore has read
 * @restored_mem: where it has found the memory, or 0
 */
struct test_client {
	struct kho_client client;
	struct test_world *world;
	const char *after[TEST_CLIENTS];
	char letters[TEST_CLIENTS][2];
	int prepare_err;
	unsigned int prepare_err_pass;
	int save_err;
	int restore_err;
	void (*during)(struct test_client *c);
	void (*during_restore)(struct test_client *c);
	void (*during_finish)(struct test_client *c);
	u32 value;
	bool with_mem;
	bool takes_mem;
	void *mem;
	bool entered;
	unsigned int aborts;
	bool wrong;
	u32 restored;
	phys_addr_t restored_mem;
};

/**
 * struct test_world - a machine and its clients
 * @test: the test
 * @m: the machine
 * @clients: clients; those without a name aren't in use
 * @log: what they were asked, "P1a" for pass 1 of prepare of client a, then
 *	S, A, R and F
 * @log_lock: protects @log from callbacks that run side by side
 * @preserved: number of preserved pages when nothing is under way
 */
struct test_world {
	struct kunit *test;
	struct kho_machine m;
	struct test_client clients[TEST_CLIENTS];
	char log[512];
	spinlock_t log_lock;	/* see above */
	u64 preserved;
};

extern const char * const test_formats[];

struct test_world *test_world_new(struct kunit *test);
void test_world_end(struct test_world *w);
struct test_client *test_client_make(struct test_world *w, const char *name,
				     const char *after);
struct test_client *test_client_add(struct test_world *w, const char *name,
				    const char *after);
int test_register(struct test_client *c);
struct test_client *test_client(struct test_world *w, const char *name);
void test_free_mem(struct test_client *c);
int test_command(struct test_world *w, const char *target,
		 const char *command);
void test_expect_log(struct test_world *w, const char *log);
void test_expect_state(struct test_world *w, const char *target,
		       const char *state);
bool test_word_in(const char *word, const char *words);
u64 test_snapshot(struct test_world *w);
void test_expect_refusals(struct test_world *w, const char *allowed);
struct kho_image *test_image_new(struct kunit *test);
void test_fail_after(unsigned int points);
void test_fail_no_more(void);
bool test_has_failed(void);
int test_kexec(struct test_world *from, struct test_world *to,
	       void (*meddle)(void *manifest));

bool kho_test_preserved(phys_addr_t phys, unsigned long nr_pages);
u64 kho_test_preserved_pages(void);
u64 kho_test_incoming_pages(void);

#endif /* _KHO_FSM_TEST_CLIENTS_H */
