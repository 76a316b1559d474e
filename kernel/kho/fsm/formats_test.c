// SPDX-License-Identifier: GPL-2.0-only
/*
 * Versions: which format is written, who can read it, and who is refused.
 */
#include <kunit/test.h>

#include "test_clients.h"

static const char * const two_formats[] = { "test-v3", "test-v2", NULL };
static const char * const old_format[] = { "test-v1", NULL };
static const char * const one_feature[] = { "rings", NULL };
static const char * const two_features[] = { "rings", "turbo", NULL };
static const char * const no_feature[] = { NULL };

static int formats_test_init(struct kunit *test)
{
	test->priv = test_world_new(test);
	return 0;
}

static void formats_test_exit(struct kunit *test)
{
	test_world_end(test->priv);
}

static const char *what_is_required(struct test_client *c,
				    struct kho_image *image,
				    const char * const *features)
{
	struct kunit *test = c->world->test;
	const char *list;
	size_t len;

	KUNIT_EXPECT_EQ(test, kho_image_require(image, features), 0);
	list = kho_image_get(image, 0, "required-features", &len);
	return list ?: "";
}

/* Called by prepare: what it requires depends on its value. */
static void require(struct test_client *c)
{
	struct kho_image *image = c->client.node->image;

	kho_image_require(image, c->value == 2 ? two_features :
				 c->value == 1 ? one_feature : no_feature);
}

static struct test_client *add(struct test_world *w, const char *name)
{
	struct test_client *c = test_client_make(w, name, "");

	c->client.compatible = two_formats;
	c->client.older = old_format;
	KUNIT_ASSERT_EQ(w->test, test_register(c), 0);
	return c;
}

static int save_as(struct test_client *c, const char *name)
{
	guard(mutex)(&c->world->m.lock);
	return kho_node_save_as(c->client.node, name);
}

static int check(struct test_world *w, const char *list)
{
	guard(mutex)(&w->m.lock);
	return kho_formats_check(&w->m, NULL, "save", list);
}

static void formats_test_list(struct kunit *test)
{
	static const char list[] = "a-v1  b-v2 b-v3+fast c-v1+fast ";

	KUNIT_EXPECT_TRUE(test, kho_formats_include(list, "a-v1", NULL));
	KUNIT_EXPECT_TRUE(test, kho_formats_include(list, "b-v2", NULL));
	KUNIT_EXPECT_TRUE(test, kho_formats_include(list, "c-v1", "fast"));
	KUNIT_EXPECT_FALSE(test, kho_formats_include(list, "c-v1", NULL));
	KUNIT_EXPECT_FALSE(test, kho_formats_include(list, "a-v1", "fast"));
	KUNIT_EXPECT_FALSE(test, kho_formats_include(list, "b-v3", "fa"));
	KUNIT_EXPECT_FALSE(test, kho_formats_include(list, "b-v3", "faster"));
	KUNIT_EXPECT_FALSE(test, kho_formats_include(list, "b-v", NULL));
	KUNIT_EXPECT_FALSE(test, kho_formats_include(list, "v2", NULL));
	KUNIT_EXPECT_FALSE(test, kho_formats_include("", "a-v1", NULL));
}

static void formats_test_own_mark(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, kho_formats_include(kho_mark, "kho-fsm-v1",
						    NULL));
}

static void formats_test_readable(struct kunit *test)
{
	struct test_world *w = test->priv;

	add(w, "a");
	add(w, "b");
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);

	/* The last one is as good as the first. */
	KUNIT_EXPECT_EQ(test, check(w, "kho-fsm-v1 test-v3"), 0);
	KUNIT_EXPECT_EQ(test, check(w, "test-v2 kho-fsm-v1"), 0);
	KUNIT_EXPECT_EQ(test, check(w, "kho-fsm-v1 test-v1"), -EPROTO);
	KUNIT_EXPECT_NOT_NULL(test, strstr(w->m.error, "image of a"));
	KUNIT_EXPECT_EQ(test, check(w, "test-v3"), -EPROTO);
	KUNIT_EXPECT_EQ(test, check(w, NULL), -EPROTO);

	w->m.unreadable = KHO_UNREADABLE_ALLOW;
	KUNIT_EXPECT_EQ(test, check(w, "kho-fsm-v1 test-v1"), 0);
	KUNIT_EXPECT_EQ(test, check(w, NULL), 0);
}

static void formats_test_save_as(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *c = add(w, "a");

	KUNIT_EXPECT_EQ(test, save_as(c, "test-v4"), -EINVAL);
	KUNIT_EXPECT_EQ(test, save_as(c, "test-v1\n"), 0);
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	KUNIT_EXPECT_EQ(test, save_as(c, ""), -EBUSY);
	KUNIT_EXPECT_EQ(test, check(w, "kho-fsm-v1 test-v1"), 0);
	KUNIT_EXPECT_EQ(test, check(w, "kho-fsm-v1 test-v3 test-v2"), -EPROTO);

	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "abort"), 0);
	KUNIT_EXPECT_EQ(test, save_as(c, "test-v2"), 0);
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	KUNIT_EXPECT_EQ(test, check(w, "kho-fsm-v1 test-v2"), 0);
	KUNIT_EXPECT_EQ(test, check(w, "kho-fsm-v1 test-v3"), -EPROTO);

	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "abort"), 0);
	KUNIT_EXPECT_EQ(test, save_as(c, ""), 0);
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	KUNIT_EXPECT_EQ(test, check(w, "kho-fsm-v1 test-v3"), 0);
}

/* An update from one kernel to another one, whose drivers know other formats. */
static int update(struct kunit *test, const char *written,
		  const char * const *reads, const char * const *also)
{
	struct test_world *w = test->priv, *next = test_world_new(test);
	struct test_client *c = add(w, "a"), *there;
	int err;

	KUNIT_ASSERT_EQ(test, save_as(c, written), 0);
	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "save"), 0);
	KUNIT_ASSERT_EQ(test, test_kexec(w, next, NULL), 0);

	there = test_client_make(next, "a", "");
	there->client.compatible = reads;
	there->client.older = also;
	KUNIT_ASSERT_EQ(test, test_register(there), 0);
	err = test_command(next, NULL, "restore");
	test_expect_state(next, NULL, there->restored ? "restored" :
						       "restoring");
	test_world_end(next);
	return there->restored ? 0 : err;
}

static void formats_test_upgrade(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, update(test, "test-v1", two_formats, old_format),
			0);
}

static void formats_test_downgrade(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, update(test, "test-v1", old_format, NULL), 0);
}

static void formats_test_too_new(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, update(test, "", old_format, NULL), -EPROTO);
}

static void formats_test_require(struct kunit *test)
{
	struct test_world *w = test->priv;
	struct test_client *c = add(w, "a");
	struct kho_image *image;

	KUNIT_ASSERT_EQ(test, test_command(w, NULL, "prepare"), 0);
	image = c->client.node->image;
	KUNIT_EXPECT_STREQ(test, what_is_required(c, image, one_feature),
			   "rings");
	KUNIT_EXPECT_EQ(test, check(w, "kho-fsm-v1 test-v3"), -EPROTO);
	KUNIT_EXPECT_EQ(test, check(w, "kho-fsm-v1 test-v3 test-v3+rings"), 0);
	/* It may not be split between two formats. */
	KUNIT_EXPECT_EQ(test, check(w, "kho-fsm-v1 test-v3 test-v2+rings"),
			-EPROTO);

	what_is_required(c, image, two_features);
	KUNIT_EXPECT_EQ(test, check(w, "kho-fsm-v1 test-v3 test-v3+rings"),
			-EPROTO);
	KUNIT_EXPECT_STREQ(test, what_is_required(c, image, no_feature), "");
	KUNIT_EXPECT_EQ(test, check(w, "kho-fsm-v1 test-v3"), 0);

	KUNIT_ASSERT_EQ(test, kho_image_enter(image, "node"), 0);
	KUNIT_EXPECT_EQ(test, kho_image_require(image, one_feature), -EINVAL);
	kho_image_leave(image);
}

static void formats_test_required_there(struct kunit *test)
{
	static const struct {
		u32 value;
		const char * const *known;
		bool restored;
	} cases[] = {
		{ 3, NULL, true }, { 1, NULL, false }, { 1, one_feature, true },
		{ 2, one_feature, false }, { 2, two_features, true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct test_world *w = test_world_new(test);
		struct test_world *next = test_world_new(test);
		struct test_client *c = add(w, "a"), *there;

		c->value = cases[i].value;
		c->during = require;
		KUNIT_ASSERT_EQ(test, test_command(w, NULL, "save"), 0);
		KUNIT_ASSERT_EQ(test, test_kexec(w, next, NULL), 0);
		there = test_client_make(next, "a", "");
		there->client.compatible = two_formats;
		there->client.features = cases[i].known;
		KUNIT_ASSERT_EQ(test, test_register(there), 0);
		KUNIT_EXPECT_EQ(test, !!there->restored, cases[i].restored);
		if (!cases[i].restored)
			KUNIT_EXPECT_NOT_NULL(test, strstr(next->m.error,
							   "image requires"));
		test_world_end(w);
		test_world_end(next);
	}
}

static struct kunit_case formats_test_cases[] = {
	KUNIT_CASE(formats_test_list),
	KUNIT_CASE(formats_test_own_mark),
	KUNIT_CASE(formats_test_readable),
	KUNIT_CASE(formats_test_save_as),
	KUNIT_CASE(formats_test_upgrade),
	KUNIT_CASE(formats_test_downgrade),
	KUNIT_CASE(formats_test_too_new),
	KUNIT_CASE(formats_test_require),
	KUNIT_CASE(formats_test_required_there),
	{}
};

static struct kunit_suite formats_test_suite = {
	.name = "kho_formats",
	.init = formats_test_init,
	.exit = formats_test_exit,
	.test_cases = formats_test_cases,
};

kunit_test_suite(formats_test_suite);
