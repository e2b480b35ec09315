/* SPDX-License-Identifier: GPL-2.0 */
/* Whether vector registers may be used here: as the test says. */
#ifndef _SHIM_CRYPTO_SIMD_H
#define _SHIM_CRYPTO_SIMD_H

#include <crypto/shim.h>

static inline bool crypto_simd_usable(void)
{
	return shim_simd_usable;
}

#endif
