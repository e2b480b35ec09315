/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit's interface for test files, in user space: suites register themselves, the
 * runner in kunit.c runs them and prints KTAP.
 */
#ifndef _SHIM_KUNIT_TEST_H
#define _SHIM_KUNIT_TEST_H

#include <linux/slab.h>

#define KUNIT_PARAM_DESC_SIZE	128

struct shim_resource;

struct kunit {
	void *priv;
	const void *param_value;
	int param_index;
	const char *name;
	bool failed;
	bool skipped;
	struct shim_resource *resources;	/* newest first */
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	const void *(*generate_params)(const void *prev, char *desc);
};

struct kunit_suite {
	const char name[256];
	int (*suite_init)(struct kunit_suite *suite);
	void (*suite_exit)(struct kunit_suite *suite);
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(f)			{ .run_case = f, .name = #f }
#define KUNIT_CASE_SLOW(f)		KUNIT_CASE(f)
#define KUNIT_CASE_PARAM(f, gen)	{ .run_case = f, .name = #f, .generate_params = gen }

#define KUNIT_ARRAY_PARAM(name, array, get_desc)					\
static const void *name##_gen_params(const void *prev, char *desc)			\
{											\
	typeof((array)[0]) *__next = prev ? (typeof(__next))prev + 1 : (array);		\
	void (*__get_desc)(typeof(__next), char *) = get_desc;				\
											\
	if (__next == (array) + ARRAY_SIZE(array))					\
		return NULL;								\
	if (__get_desc)									\
		__get_desc(__next, desc);						\
	return __next;									\
}

void shim_kunit_register(struct kunit_suite **suites, int n);

#define __shim_suites(fn, arr, ...)							\
static struct kunit_suite *arr[] = { __VA_ARGS__ };					\
static void __attribute__((__constructor__)) fn(void)					\
{											\
	shim_kunit_register(arr, ARRAY_SIZE(arr));					\
}
#define kunit_test_suites(...)								\
	__shim_suites(__UNIQUE_ID(fn), __UNIQUE_ID(arr), __VA_ARGS__)
#define kunit_test_suite(suite)		kunit_test_suites(&suite)

void shim_kunit_fail(struct kunit *test, bool fatal, const char *file, int line,
		     const char *fmt, ...) __printf(5, 6);
void shim_kunit_skip(struct kunit *test, bool now, const char *fmt, ...) __printf(3, 4);
void *shim_kunit_alloc(struct kunit *test, size_t size, gfp_t gfp);
void kunit_kfree(struct kunit *test, const void *p);
int kunit_add_action(struct kunit *test, void (*fn)(void *), void *arg);

#define kunit_kmalloc(t, n, gfp)		shim_kunit_alloc(t, n, gfp)
#define kunit_kzalloc(t, n, gfp)		shim_kunit_alloc(t, n, (gfp) | __GFP_ZERO)
#define kunit_kmalloc_array(t, n, s, gfp)	shim_kunit_alloc(t, size_mul(n, s), gfp)
#define kunit_kcalloc(t, n, s, gfp)		shim_kunit_alloc(t, size_mul(n, s), (gfp) | __GFP_ZERO)

#define kunit_skip(t, ...)		shim_kunit_skip(t, true, __VA_ARGS__)
#define kunit_mark_skipped(t, ...)	shim_kunit_skip(t, false, __VA_ARGS__)
#define kunit_info(t, fmt, ...)		((void)(t), printk(fmt "\n", ##__VA_ARGS__))
#define kunit_warn(t, fmt, ...)		kunit_info(t, fmt, ##__VA_ARGS__)
#define kunit_err(t, fmt, ...)		kunit_info(t, fmt, ##__VA_ARGS__)

/* the checks; the message comes with what the MSG variants add */
#define __KU(t, fatal, fmt, ...)	\
	shim_kunit_fail(t, fatal, __FILE__, __LINE__, fmt, __VA_ARGS__)

#define __KU_CMP(t, fatal, a, op, b, fmt, ...) do {					\
	typeof(a) __l = (a);								\
	typeof(b) __r = (b);								\
											\
	if (!(__l op __r))								\
		__KU(t, fatal, "%s: %lld is not %s %lld" fmt, #a " " #op " " #b,	\
		     (long long)__l, #op, (long long)__r, ##__VA_ARGS__);		\
} while (0)

#define __KU_PTR(t, fatal, a, op, b, fmt, ...) do {					\
	typeof(a) __l = (a);		/* no arrays and no mixed types: as in the kernel */	\
	typeof(b) __r = (b);								\
											\
	if (!(__l op __r))								\
		__KU(t, fatal, "%s: %p is not %s %p" fmt, #a " " #op " " #b,		\
		     (const void *)__l, #op, (const void *)__r, ##__VA_ARGS__);					\
} while (0)

#define __KU_BOOL(t, fatal, c, want, fmt, ...) do {					\
	bool __c = (c);									\
											\
	if (__c != (want))								\
		__KU(t, fatal, "%s is not %s" fmt, #c, #want, ##__VA_ARGS__);		\
} while (0)

#define __KU_STR(t, fatal, a, op, b, fmt, ...) do {					\
	const char *__l = (a);								\
	const char *__r = (b);								\
											\
	if (!(strcmp(__l, __r) op 0))							\
		__KU(t, fatal, "%s: \"%s\", \"%s\"" fmt, #a " " #op " " #b, __l, __r,	\
		     ##__VA_ARGS__);							\
} while (0)

/* is it so that the bytes are equal (or are not, as wanted); prints the first difference */
bool shim_kunit_mem(const void *a, const void *b, size_t len, bool want);

#define __KU_MEM(t, fatal, a, b, n, want, fmt, ...) do {				\
	if (!shim_kunit_mem(a, b, n, want))						\
		__KU(t, fatal, "%s: equal is not %s" fmt, #a ", " #b, #want,		\
		     ##__VA_ARGS__);							\
} while (0)

#define KUNIT_FAIL(t, fmt, ...)			__KU(t, false, "%s" fmt, "", ##__VA_ARGS__)
#define KUNIT_FAIL_AND_ABORT(t, fmt, ...)	__KU(t, true, "%s" fmt, "", ##__VA_ARGS__)
#define KUNIT_SUCCEED(t)			((void)(t))

#define KUNIT_EXPECT_TRUE(t, c)			__KU_BOOL(t, false, c, true, "")
#define KUNIT_EXPECT_FALSE(t, c)		__KU_BOOL(t, false, c, false, "")
#define KUNIT_EXPECT_EQ(t, a, b)		__KU_CMP(t, false, a, ==, b, "")
#define KUNIT_EXPECT_NE(t, a, b)		__KU_CMP(t, false, a, !=, b, "")
#define KUNIT_EXPECT_LT(t, a, b)		__KU_CMP(t, false, a, <, b, "")
#define KUNIT_EXPECT_LE(t, a, b)		__KU_CMP(t, false, a, <=, b, "")
#define KUNIT_EXPECT_GT(t, a, b)		__KU_CMP(t, false, a, >, b, "")
#define KUNIT_EXPECT_GE(t, a, b)		__KU_CMP(t, false, a, >=, b, "")
#define KUNIT_EXPECT_PTR_EQ(t, a, b)		__KU_PTR(t, false, a, ==, b, "")
#define KUNIT_EXPECT_PTR_NE(t, a, b)		__KU_PTR(t, false, a, !=, b, "")
#define KUNIT_EXPECT_NULL(t, p)			__KU_PTR(t, false, p, ==, NULL, "")
#define KUNIT_EXPECT_NOT_NULL(t, p)		__KU_PTR(t, false, p, !=, NULL, "")
#define KUNIT_EXPECT_STREQ(t, a, b)		__KU_STR(t, false, a, ==, b, "")
#define KUNIT_EXPECT_STRNEQ(t, a, b)		__KU_STR(t, false, a, !=, b, "")
#define KUNIT_EXPECT_MEMEQ(t, a, b, n)		__KU_MEM(t, false, a, b, n, true, "")
#define KUNIT_EXPECT_MEMNEQ(t, a, b, n)		__KU_MEM(t, false, a, b, n, false, "")
#define KUNIT_EXPECT_NOT_ERR_OR_NULL(t, p)	__KU_BOOL(t, false, IS_ERR_OR_NULL(p), false, "")

#define KUNIT_EXPECT_TRUE_MSG(t, c, fmt, ...)	\
	__KU_BOOL(t, false, c, true, "\n# " fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_FALSE_MSG(t, c, fmt, ...)	\
	__KU_BOOL(t, false, c, false, "\n# " fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_EQ_MSG(t, a, b, fmt, ...)	\
	__KU_CMP(t, false, a, ==, b, "\n# " fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_NE_MSG(t, a, b, fmt, ...)	\
	__KU_CMP(t, false, a, !=, b, "\n# " fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_LT_MSG(t, a, b, fmt, ...)	\
	__KU_CMP(t, false, a, <, b, "\n# " fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_LE_MSG(t, a, b, fmt, ...)	\
	__KU_CMP(t, false, a, <=, b, "\n# " fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_GT_MSG(t, a, b, fmt, ...)	\
	__KU_CMP(t, false, a, >, b, "\n# " fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_GE_MSG(t, a, b, fmt, ...)	\
	__KU_CMP(t, false, a, >=, b, "\n# " fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_PTR_EQ_MSG(t, a, b, fmt, ...)	\
	__KU_PTR(t, false, a, ==, b, "\n# " fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_MEMEQ_MSG(t, a, b, n, fmt, ...)	\
	__KU_MEM(t, false, a, b, n, true, "\n# " fmt, ##__VA_ARGS__)

#define KUNIT_ASSERT_TRUE(t, c)			__KU_BOOL(t, true, c, true, "")
#define KUNIT_ASSERT_FALSE(t, c)		__KU_BOOL(t, true, c, false, "")
#define KUNIT_ASSERT_EQ(t, a, b)		__KU_CMP(t, true, a, ==, b, "")
#define KUNIT_ASSERT_NE(t, a, b)		__KU_CMP(t, true, a, !=, b, "")
#define KUNIT_ASSERT_LT(t, a, b)		__KU_CMP(t, true, a, <, b, "")
#define KUNIT_ASSERT_LE(t, a, b)		__KU_CMP(t, true, a, <=, b, "")
#define KUNIT_ASSERT_GT(t, a, b)		__KU_CMP(t, true, a, >, b, "")
#define KUNIT_ASSERT_GE(t, a, b)		__KU_CMP(t, true, a, >=, b, "")
#define KUNIT_ASSERT_PTR_EQ(t, a, b)		__KU_PTR(t, true, a, ==, b, "")
#define KUNIT_ASSERT_PTR_NE(t, a, b)		__KU_PTR(t, true, a, !=, b, "")
#define KUNIT_ASSERT_NULL(t, p)			__KU_PTR(t, true, p, ==, NULL, "")
#define KUNIT_ASSERT_NOT_NULL(t, p)		__KU_PTR(t, true, p, !=, NULL, "")
#define KUNIT_ASSERT_STREQ(t, a, b)		__KU_STR(t, true, a, ==, b, "")
#define KUNIT_ASSERT_MEMEQ(t, a, b, n)		__KU_MEM(t, true, a, b, n, true, "")
#define KUNIT_ASSERT_NOT_ERR_OR_NULL(t, p)	__KU_BOOL(t, true, IS_ERR_OR_NULL(p), false, "")

#define KUNIT_ASSERT_TRUE_MSG(t, c, fmt, ...)	\
	__KU_BOOL(t, true, c, true, "\n# " fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_FALSE_MSG(t, c, fmt, ...)	\
	__KU_BOOL(t, true, c, false, "\n# " fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_EQ_MSG(t, a, b, fmt, ...)	\
	__KU_CMP(t, true, a, ==, b, "\n# " fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_NE_MSG(t, a, b, fmt, ...)	\
	__KU_CMP(t, true, a, !=, b, "\n# " fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_NOT_NULL_MSG(t, p, fmt, ...)	\
	__KU_PTR(t, true, p, !=, NULL, "\n# " fmt, ##__VA_ARGS__)

#endif
