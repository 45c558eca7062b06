/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which files and folders are trusted: by mode, owner, kind and parents. */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "trust.h"

static int
close_if(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int
dir_trusted(const char *path, struct tc_error *err)
{
	memset(err, 0, sizeof(*err));
	return close_if(tc_trust_dir(path, NULL, err));
}

static int
dir_ours(const char *path, struct tc_error *err)
{
	memset(err, 0, sizeof(*err));
	return close_if(tc_trust_own_dir(path, err));
}

/* Opens DIR/NAME as the library would. */
static int
file_trusted(const void *dir, const char *name, enum tc_readers readers,
	     struct tc_error *err)
{
	int fd = open(dir, O_PATH | O_DIRECTORY);
	struct stat st;
	int ok;

	assert_true(fd >= 0);
	memset(err, 0, sizeof(*err));
	ok = close_if(tc_trust_file(fd, name, test_path(dir, name), O_RDONLY,
				    readers, &st, err));
	close(fd);
	return ok;
}

static void
file_modes(void **state)
{
	static const struct {
		mode_t mode;
		int world, group; /* trusted where these may read it */
	} table[] = {
		{ 0600, 1, 1 }, { 0400, 1, 1 }, { 0640, 1, 1 },	 { 0644, 1, 0 },
		{ 0604, 1, 0 }, { 0755, 1, 0 }, { 0660, 0, 0 },	 { 0620, 0, 0 },
		{ 0602, 0, 0 }, { 0666, 0, 0 }, { 01666, 0, 0 }, { 0661, 0, 0 },
	};
	const char *path = test_path(*state, "f");
	struct tc_error err;

	test_text(path, 0600, "x");
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		assert_int_equal(chmod(path, table[i].mode), 0);
		if (file_trusted(*state, "f", TC_WORLD_MAY_READ, &err) !=
		    table[i].world)
			fail_msg("%04o, world: %s", table[i].mode, err.text);
		if (file_trusted(*state, "f", TC_GROUP_MAY_READ, &err) !=
		    table[i].group)
			fail_msg("%04o, group: %s", table[i].mode, err.text);
		if (table[i].group)
			continue;
		assert_int_equal(err.code, TC_E_UNAVAILABLE);
		assert_memory_equal(err.text, path, strlen(path));
		assert_non_null(strstr(err.text, "able by "));
	}
}

static void
bind_socket(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
}

static void
file_kinds(void **state)
{
	static const struct {
		const char *name, *why;
	} table[] = {
		{ "link", "is a symbolic link" },
		{ "dangling", "is a symbolic link" },
		{ "dir", "is not a regular file" },
		{ "fifo", "is not a regular file" },
		{ "sock", "" }, /* open() says it */
		{ "absent", "No such file" },
	};
	struct tc_error err;

	test_text(test_path(*state, "f"), 0600, "x");
	assert_int_equal(symlink("f", test_path(*state, "link")), 0);
	assert_int_equal(symlink("no", test_path(*state, "dangling")), 0);
	assert_int_equal(mkdir(test_path(*state, "dir"), 0700), 0);
	assert_int_equal(mkfifo(test_path(*state, "fifo"), 0600), 0);
	bind_socket(test_path(*state, "sock"));
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		errno = 0;
		if (file_trusted(*state, table[i].name, TC_WORLD_MAY_READ,
				 &err))
			fail_msg("%s was trusted", table[i].name);
		assert_int_equal(err.code, TC_E_UNAVAILABLE);
		assert_non_null(strstr(err.text, table[i].name));
		assert_non_null(strstr(err.text, table[i].why));
	}
}

/* ENOENT means "not there" to the callers, whatever was in errno before. */
static void
absence(void **state)
{
	int fd = open(*state, O_PATH | O_DIRECTORY);
	struct tc_error err;
	struct stat st;

	test_text(test_path(*state, "bad"), 0666, "x");
	errno = 0;
	assert_int_equal(tc_trust_file(fd, "absent", "absent", O_RDONLY,
				       TC_GROUP_MAY_READ, &st, &err),
			 -1);
	assert_int_equal(errno, ENOENT);
	errno = ENOENT;
	assert_int_equal(tc_trust_file(fd, "bad", "bad", O_RDONLY,
				       TC_GROUP_MAY_READ, &st, &err),
			 -1);
	assert_int_not_equal(errno, ENOENT);
	assert_int_equal(symlink("no", test_path(*state, "dangling")), 0);
	errno = ENOENT;
	assert_int_equal(tc_trust_file(fd, "dangling", "dangling", O_RDONLY,
				       TC_GROUP_MAY_READ, &st, &err),
			 -1);
	assert_int_not_equal(errno, ENOENT);
	close(fd);
}

static void
dir_modes(void **state)
{
	static const struct {
		mode_t mode;
		int trusted, ours; /* ours: also to make files in */
	} table[] = {
		{ 0700, 1, 1 },	 { 0755, 1, 1 },  { 02750, 1, 1 },
		{ 0770, 0, 0 },	 { 0777, 0, 0 },  { 0702, 0, 0 },
		{ 0720, 0, 0 },	 { 01777, 1, 0 }, { 01770, 1, 0 },
		{ 01755, 1, 1 }, { 02770, 0, 0 },
	};
	const char *top = test_path(*state, "top");
	const char *below = test_path(*state, "top/below");
	struct tc_error err;

	assert_int_equal(mkdir(top, 0700), 0);
	assert_int_equal(mkdir(below, 0700), 0);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		assert_int_equal(chmod(top, table[i].mode), 0);
		if (dir_trusted(top, &err) != table[i].trusted ||
		    dir_trusted(below, &err) != table[i].trusted)
			fail_msg("%04o: %s", table[i].mode, err.text);
		if (dir_ours(top, &err) != table[i].ours ||
		    dir_ours(below, &err) != table[i].trusted)
			fail_msg("%04o, ours: %s", table[i].mode, err.text);
		if (table[i].trusted)
			continue;
		/* The message names the folder that is the matter. */
		assert_memory_equal(err.text, top, strlen(top));
		assert_int_equal(err.text[strlen(top)], ':');
		assert_non_null(strstr(err.text, "writable by others"));
	}
	assert_int_equal(chmod(top, 0700), 0);
}

/* A folder that is held open is looked at again, by its descriptor. */
static void
open_dir(void **state)
{
	const char *top = test_path(*state, "top");
	struct tc_error err = { .text = "" };
	int fd;

	assert_int_equal(mkdir(top, 0700), 0);
	fd = tc_trust_dir(top, NULL, &err);
	assert_true(fd >= 0);
	assert_int_equal(tc_trust_open_dir(fd, top, &err), 0);
	assert_int_equal(chmod(top, 0777), 0);
	assert_int_equal(tc_trust_open_dir(fd, top, &err), -1);
	assert_non_null(strstr(err.text, "/top: is writable by others"));
	assert_int_equal(chmod(top, 01777), 0);
	assert_int_equal(tc_trust_open_dir(fd, top, &err), -1);
	assert_non_null(strstr(err.text, "/top: others may put files there"));
	assert_int_equal(chmod(top, 0700), 0);
	assert_int_equal(tc_trust_open_dir(fd, top, &err), 0);
	close(fd);
}

static void
joined(void **state)
{
	char *in_root = tc_join("/", "f"), *below = tc_join("/d", "f");

	(void)state;
	assert_string_equal(in_root, "/f");
	assert_string_equal(below, "/d/f");
	free(in_root);
	free(below);
}

static void
dir_kinds(void **state)
{
	struct tc_error err;

	test_text(test_path(*state, "f"), 0600, "x");
	assert_false(dir_trusted(test_path(*state, "f"), &err));
	assert_int_equal(err.code, TC_E_UNAVAILABLE);
	assert_false(dir_trusted(test_path(*state, "absent"), &err));
	assert_non_null(strstr(err.text, "absent"));
	/* A link is followed, and what it leads to is what counts. */
	assert_int_equal(mkdir(test_path(*state, "open"), 0700), 0);
	assert_int_equal(chmod(test_path(*state, "open"), 0777), 0);
	assert_int_equal(mkdir(test_path(*state, "open/dir"), 0700), 0);
	assert_int_equal(symlink("open/dir", test_path(*state, "link")), 0);
	assert_false(dir_trusted(test_path(*state, "link"), &err));
	assert_non_null(strstr(err.text, "/open: "));
	assert_int_equal(chmod(test_path(*state, "open"), 0755), 0);
	assert_true(dir_trusted(test_path(*state, "link"), &err));
}

/* Owners can be made only by root. */
static void
owners(void **state)
{
	const char *file = test_path(*state, "f");
	const char *dir = test_path(*state, "d");
	const char *below = test_path(*state, "d/below");
	struct tc_error err;

	if (geteuid() != 0) {
		print_error("skipped: files of others take root\n");
		return; /* cmocka's skip() says "not ok" in TAP */
	}
	test_text(file, 0600, "x");
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(mkdir(below, 0755), 0);
	assert_true(dir_trusted(below, &err));
	assert_int_equal(chown(file, 65534, 65534), 0);
	assert_int_equal(chown(dir, 65534, 65534), 0);
	assert_false(file_trusted(*state, "f", TC_WORLD_MAY_READ, &err));
	assert_non_null(strstr(err.text, "belongs neither to root"));
	assert_false(dir_trusted(below, &err));
	assert_memory_equal(err.text, dir, strlen(dir));
	assert_non_null(strstr(err.text, "belongs neither to root"));
	/* To that user they are his own, and root's are good, too. */
	assert_int_equal(chmod(*state, 0755), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_true(file_trusted(*state, "f", TC_WORLD_MAY_READ, &err));
	assert_true(dir_trusted(below, &err));
	assert_int_equal(seteuid(0), 0);
}

static void
links_of_others(void **state)
{
	const char *all = test_path(*state, "all");
	const char *link = test_path(*state, "all/link");
	const char *deep = test_path(*state, "all/deep");
	struct tc_error err;

	if (geteuid() != 0) {
		print_error("skipped: links of others take root\n");
		return;
	}
	assert_int_equal(mkdir(all, 0700), 0);
	assert_int_equal(chmod(all, 01777), 0);
	assert_int_equal(mkdir(test_path(*state, "ours"), 0700), 0);
	assert_int_equal(mkdir(test_path(*state, "ours/x"), 0700), 0);
	assert_int_equal(symlink("../ours", link), 0);
	assert_int_equal(symlink("link/../ours/./x", deep), 0);
	assert_true(dir_trusted(link, &err));
	assert_true(dir_trusted(deep, &err));
	/* It leads to the same folder, but for how long? */
	assert_int_equal(lchown(link, 65534, 65534), 0);
	assert_false(dir_trusted(link, &err));
	assert_memory_equal(err.text, link, strlen(link));
	assert_non_null(strstr(err.text, "link of another user"));
	assert_false(dir_trusted(test_path(*state, "all/link/x"), &err));
	assert_non_null(strstr(err.text, "/all/link: is a"));
	assert_false(dir_trusted(deep, &err));
	assert_non_null(strstr(err.text, "/link: is a"));
	assert_false(dir_trusted(test_path(*state, "all/no/x"), &err));
	assert_non_null(strstr(err.text, "/all/no: No such file"));
	/* To that user it is his own. */
	assert_int_equal(chmod(*state, 0755), 0);
	assert_int_equal(chmod(test_path(*state, "ours"), 0755), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_true(dir_trusted(link, &err));
	assert_int_equal(seteuid(0), 0);
}

/* What a path is without links and dots; a link counts from where it lies. */
static void
real_paths(void **state)
{
	static const char *const paths[] = { "a/b",	  "a/link",
					     "a/whole",	  "./a//b/.",
					     "a/b/../b/", "a/link/../b",
					     "a/far/../b" };
	const char *b = test_path(*state, "a/b");
	char here[PATH_MAX], *real;
	struct tc_error err;

	assert_int_equal(mkdir(test_path(*state, "a"), 0755), 0);
	assert_int_equal(mkdir(b, 0755), 0);
	assert_int_equal(symlink("../a/b", test_path(*state, "a/link")), 0);
	assert_int_equal(symlink(b, test_path(*state, "a/whole")), 0);
	assert_int_equal(symlink("/", test_path(*state, "a/root")), 0);
	assert_int_equal(symlink("link/../b", test_path(*state, "a/far")), 0);
	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(chdir(*state), 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int fd = tc_trust_dir(paths[i], &real, &err);

		assert_true(fd >= 0);
		assert_string_equal(real, b);
		free(real);
		close(fd);
	}
	assert_true(close_if(tc_trust_dir("a/root/..", &real, &err)));
	assert_string_equal(real, "/");
	free(real);
	assert_int_equal(chdir(here), 0);
}

/* Who may write the folder in which a link lies decides where it leads. */
static void
links_in_folders_of_all(void **state)
{
	struct tc_error err;

	assert_int_equal(mkdir(test_path(*state, "all"), 0755), 0);
	assert_int_equal(mkdir(test_path(*state, "ours"), 0755), 0);
	assert_int_equal(symlink("../ours", test_path(*state, "all/link")), 0);
	assert_true(dir_trusted(test_path(*state, "all/link"), &err));
	assert_int_equal(chmod(test_path(*state, "all"), 0777), 0);
	assert_false(dir_trusted(test_path(*state, "all/link"), &err));
	assert_non_null(strstr(err.text, "/all: is writable by others"));
}

static void
links_in_circles(void **state)
{
	const char *loop = test_path(*state, "loop");
	struct tc_error err;

	assert_int_equal(symlink("loop/../loop", loop), 0);
	assert_false(dir_trusted(loop, &err));
	assert_int_equal(err.code, TC_E_UNAVAILABLE);
	assert_non_null(strstr(err.text, "loop"));
	assert_int_equal(symlink("loop", test_path(*state, "to")), 0);
	assert_false(dir_trusted(test_path(*state, "to"), &err));
}

static void
names(void **state)
{
	static const struct {
		const char *path, *dir, *base;
	} table[] = {
		{ "/etc/a/b.conf", "/etc/a", "b.conf" },
		{ "/b.conf", "/", "b.conf" },
		{ "b.conf", ".", "b.conf" },
		{ "a/b.conf", "a", "b.conf" },
		{ "/etc/a/", "/etc/a", "" },
		{ "/", "/", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const char *base;
		char *dir = tc_dirname(table[i].path, &base);

		assert_string_equal(dir, table[i].dir);
		assert_string_equal(base, table[i].base);
		free(dir);
	}
}

static void
reading(void **state)
{
	const char *path = test_path(*state, "f");
	static char text[5001];
	char *got;
	size_t len;
	struct tc_error err;

	memset(text, 'x', sizeof(text));
	for (size_t size = 4998; size <= sizeof(text); size++) {
		int fd, rc;

		test_write(path, 0600, text, size);
		fd = open(path, O_RDONLY);
		rc = tc_read_all(fd, path, 5000, &got, &len, &err);
		close(fd);
		assert_int_equal(rc, size <= 5000 ? TC_OK : TC_E_UNAVAILABLE);
		if (rc != TC_OK) {
			assert_non_null(strstr(err.text, "larger than 5000"));
			continue;
		}
		assert_int_equal(len, size);
		assert_memory_equal(got, text, size);
		assert_int_equal(got[len], '\0');
		OPENSSL_clear_free(got, len + 1);
	}
	assert_int_equal(tc_read_all(-1, path, 10, &got, &len, &err),
			 TC_E_UNAVAILABLE);
}

#define WITH_DIR(test)                                                         \
	cmocka_unit_test_setup_teardown(test, test_dir_make, test_dir_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(file_modes),	    WITH_DIR(file_kinds),
		WITH_DIR(absence),	    WITH_DIR(dir_modes),
		WITH_DIR(open_dir),	    WITH_DIR(dir_kinds),
		WITH_DIR(owners),	    WITH_DIR(links_of_others),
		WITH_DIR(real_paths),	    WITH_DIR(links_in_folders_of_all),
		WITH_DIR(links_in_circles), cmocka_unit_test(names),
		cmocka_unit_test(joined),   WITH_DIR(reading),
	};

	/* Folders that others pass through: whoever builds may have 077. */
	umask(022);
	return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
