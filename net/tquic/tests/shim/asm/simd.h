/* SPDX-License-Identifier: GPL-2.0 */
/* Vector registers: see crypto/internal/simd.h. */
#include <crypto/internal/simd.h>
