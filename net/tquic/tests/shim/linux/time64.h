/* SPDX-License-Identifier: GPL-2.0 */
/* USEC_PER_SEC and its family are in the shim's kernel.h. */
#include <linux/kernel.h>
