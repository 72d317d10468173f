// Products of a few dozen rows and columns, as wide as the processor can.

#pragma once

#include "small_product.h"

namespace gradfold {

// C = A · B, or C += A · B, [rows, inner] by [inner, columns]; rows of B and C are contiguous, ldb and ldc numbers apart.
// Quickest where columns are a multiple of 64 and rows of 6.
void Panel(int64_t rows, int64_t inner, int64_t columns, Strided a, const float* b, int64_t ldb, float* c, int64_t ldc,
           bool add);

}  // namespace gradfold
