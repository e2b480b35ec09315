// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Log messages of libquic: which are shown, and by whom. It never sees key
 * material, because no caller passes any.
 */
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include "internal.h"

static void log_stderr(int level, const char *msg)
{
	(void)level;
	fprintf(stderr, "libquic: %s\n", msg);
}

static int log_level = LOG_ERR;
static quic_set_log_func_t log_func = log_stderr;

/**
 * quic_set_log_level - choose which messages are passed on
 * @level: LOG_* of <syslog.h>; messages above it are dropped, -1 drops all
 *
 * Return: the level until now.
 */
int quic_set_log_level(int level)
{
	int old = log_level;

	log_level = level;
	return old;
}

/**
 * quic_set_log_func - choose who gets the messages
 * @func: gets a level and one line without newline; NULL for standard error
 *
 * Return: the function until now.
 */
quic_set_log_func_t quic_set_log_func(quic_set_log_func_t func)
{
	quic_set_log_func_t old = log_func;

	log_func = func ? func : log_stderr;
	return old;
}

/**
 * quic_log - pass on one message
 * @level: LOG_* of <syslog.h>
 * @fmt: as for printf()
 */
void quic_log(int level, const char *fmt, ...)
{
	char msg[512];
	va_list args;

	if (level > log_level)
		return;
	va_start(args, fmt);
	vsnprintf(msg, sizeof(msg), fmt, args);
	va_end(args);
	log_func(level, msg);
}

/**
 * quic_log_gnutls - pass on an error of GnuTLS
 * @what: what was being done
 * @gnutls_err: GNUTLS_E_*
 */
void quic_log_gnutls(const char *what, int gnutls_err)
{
	quic_log(LOG_ERR, "%s: %s", what, gnutls_strerror(gnutls_err));
}
