// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the registered suites one after the other and prints KTAP.  A test fails by a
 * check, by WARN_ON() and by leaving objects allocated; the last line counts.
 */
#include <kunit/test.h>
#include <linux/random.h>
#include <setjmp.h>

#define SHIM_MAX_SUITES	128

/* what a test has set up and the runner takes down after it */
struct shim_resource {
	struct shim_resource *next;
	void (*fn)(void *arg);
	void *arg;
};

static struct kunit_suite *suites[SHIM_MAX_SUITES];
static int nr_suites;
static struct kunit *current;
static jmp_buf abort_case;
static int passed, failed, skipped;
static bool stray_warning;	/* outside of tests */
static u64 seed = 1;

void shim_kunit_register(struct kunit_suite **s, int n)
{
	while (n--) {
		if (nr_suites == SHIM_MAX_SUITES)
			shim_bug(__FILE__, __LINE__, "SHIM_MAX_SUITES");
		suites[nr_suites++] = *s++;
	}
}

bool shim_warn(const char *file, int line, const char *what)
{
	printf("# WARNING at %s:%d: %s\n", file, line, what);
	if (current)
		current->failed = true;
	else
		stray_warning = true;
	return true;
}

void shim_bug(const char *file, int line, const char *what)
{
	printf("# BUG at %s:%d: %s\n", file, line, what);
	abort();
}

void shim_kunit_fail(struct kunit *test, bool fatal, const char *file, int line,
		     const char *fmt, ...)
{
	va_list ap;

	printf("# %s: %s:%d\n# ", test->name, file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	test->failed = true;
	if (fatal)
		longjmp(abort_case, 1);
}

void shim_kunit_skip(struct kunit *test, bool now, const char *fmt, ...)
{
	va_list ap;

	printf("# skipped: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	test->skipped = true;
	if (now)
		longjmp(abort_case, 1);
}

bool shim_kunit_mem(const void *a, const void *b, size_t len, bool want)
{
	const u8 *x = a, *y = b;
	size_t i;

	for (i = 0; i < len && x[i] == y[i]; i++)
		;
	if (i < len && want)
		printf("# byte %zu of %zu: %02x, %02x\n", i, len, x[i], y[i]);
	return (i == len) == want;
}

int kunit_add_action(struct kunit *test, void (*fn)(void *), void *arg)
{
	struct shim_resource *r = malloc(sizeof(*r));

	*r = (struct shim_resource) { .next = test->resources, .fn = fn, .arg = arg };
	test->resources = r;
	return 0;
}

static void free_resource(void *p)
{
	kfree(p);
}

void *shim_kunit_alloc(struct kunit *test, size_t size, gfp_t gfp)
{
	void *p = shim_alloc(size, gfp);

	if (p)
		kunit_add_action(test, free_resource, p);
	return p;
}

void kunit_kfree(struct kunit *test, const void *p)
{
	struct shim_resource **at = &test->resources, *r;

	while (*at && (*at)->arg != p)
		at = &(*at)->next;
	r = *at;
	if (!r)
		return;
	*at = r->next;
	r->fn(r->arg);
	free(r);
}

static void release(struct kunit *test)
{
	struct shim_resource *r;

	while ((r = test->resources)) {
		test->resources = r->next;
		r->fn(r->arg);
		free(r);
	}
}

static void run_one(struct kunit_suite *s, struct kunit_case *c, struct kunit *test)
{
	u64 before = shim_live();

	current = test;
	shim_random_seed(seed);
	if (!setjmp(abort_case)) {
		if (s->init && s->init(test))
			shim_kunit_fail(test, true, __FILE__, __LINE__, "init failed");
		c->run_case(test);
	}
	shim_fail_alloc(0);
	shim_fail_all_allocs(false);
	if (s->exit && !setjmp(abort_case))
		s->exit(test);
	release(test);
	current = NULL;
	if (!test->failed && !test->skipped && shim_live() != before) {
		printf("# %s: leaves %lld objects allocated\n", test->name,
		       (long long)(shim_live() - before));
		test->failed = true;
	}
}

static void count(const struct kunit *test)
{
	if (test->failed)
		failed++;
	else if (test->skipped)
		skipped++;
	else
		passed++;
}

/* returns whether all went well */
static bool run_params(struct kunit_suite *s, struct kunit_case *c)
{
	char desc[KUNIT_PARAM_DESC_SIZE] = "";
	const void *p = NULL;
	bool ok = true;
	int n = 0;

	printf("        KTAP version 1\n        # Subtest: %s\n", c->name);
	while ((p = c->generate_params(p, desc))) {
		struct kunit test = { .name = c->name, .param_value = p, .param_index = n++ };

		run_one(s, c, &test);
		count(&test);
		ok &= !test.failed;
		printf("        %sok %d %s\n", test.failed ? "not " : "", n, desc);
		desc[0] = 0;
	}
	printf("        1..%d\n", n);
	return ok;
}

static bool run_case(struct kunit_suite *s, struct kunit_case *c, int nr)
{
	struct kunit test = { .name = c->name };

	if (c->generate_params) {
		test.failed = !run_params(s, c);
	} else {
		run_one(s, c, &test);
		count(&test);
	}
	printf("    %sok %d %s%s\n", test.failed ? "not " : "", nr, c->name,
	       test.skipped ? " # SKIP" : "");
	return !test.failed;
}

static bool run_suite(struct kunit_suite *s)
{
	u64 before = shim_live();
	struct kunit_case *c;
	bool ok = true;
	int n = 0;

	printf("    KTAP version 1\n    # Subtest: %s\n", s->name);
	for (c = s->test_cases; c->run_case; c++)
		n++;
	printf("    1..%d\n", n);
	if (s->suite_init && s->suite_init(s)) {
		printf("# suite_init failed\n");
		failed += n;
		return false;
	}
	for (c = s->test_cases, n = 1; c->run_case; c++, n++)
		ok &= run_case(s, c, n);
	if (s->suite_exit)
		s->suite_exit(s);
	if (ok && shim_live() != before) {
		printf("# %s: leaves %lld objects allocated\n", s->name,
		       (long long)(shim_live() - before));
		failed++;
		ok = false;
	}
	return ok;
}

int main(void)
{
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);	/* a sanitizer may end the program at any line */
	if (getenv("UNIT_SEED"))
		seed = strtoull(getenv("UNIT_SEED"), NULL, 0);
	printf("KTAP version 1\n1..%d\n", nr_suites);
	for (i = 0; i < nr_suites; i++)
		printf("%sok %d %s\n", run_suite(suites[i]) ? "" : "not ", i + 1, suites[i]->name);
	if (stray_warning)
		failed++;
	if (skipped)
		printf("# %d skipped\n", skipped);
	printf("%d passed, %d failed\n", passed, failed);
	return failed || !passed;
}
