// SPDX-License-Identifier: GPL-2.0
/* What the module of the unit tests says of itself; its suites are in the other files. */
#include <linux/module.h>

MODULE_DESCRIPTION("Unit tests of the QUIC module's leaves");
MODULE_LICENSE("GPL");
