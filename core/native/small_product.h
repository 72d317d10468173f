// Products of small matrices, for those that are too small for a library to be quick at.

#pragma once

#include "vector.h"

namespace gradfold {

// A matrix in memory: entry (i, j) is data[i * rows + j * columns].
struct Strided {
  const float* data;
  int64_t rows, columns;
};

// Sets C[i, j] = factor · Σₖ A[i, k] · B[k, j], or adds that to C, for `I` rows of C and `J` vectors of columns at once, so
// that each number loaded serves several products.
template <int I, int J, bool kAdd = false>
inline void ProductBlock(int64_t inner, Strided a, const float* b, int64_t ldb, float* c, int64_t ldc, float factor) {
  Vector sums[I][J] = {};
  for (int64_t k = 0; k < inner; k++) {
    Vector row[J];
    for (int j = 0; j < J; j++) row[j] = Load(b + k * ldb + j * kLanes);
    for (int i = 0; i < I; i++) {
      const float entry = a.data[i * a.rows + k * a.columns];
      for (int j = 0; j < J; j++) sums[i][j] += entry * row[j];
    }
  }
  for (int i = 0; i < I; i++) {
    for (int j = 0; j < J; j++) {
      float* to = c + i * ldc + j * kLanes;
      Store(to, kAdd ? Load(to) + factor * sums[i][j] : factor * sums[i][j]);
    }
  }
}

template <int J, bool kAdd>
inline void ProductColumns(int64_t rows, int64_t inner, Strided a, const float* b, int64_t ldb, float* c, int64_t ldc,
                           float factor) {
  int64_t i = 0;
  for (; i + 4 <= rows; i += 4) ProductBlock<4, J, kAdd>(inner, {a.data + i * a.rows, a.rows, a.columns}, b, ldb, c + i * ldc, ldc, factor);
  for (; i < rows; i++) ProductBlock<1, J, kAdd>(inner, {a.data + i * a.rows, a.rows, a.columns}, b, ldb, c + i * ldc, ldc, factor);
}

// C = factor · A · B, or adds that to C, [rows, inner] by [inner, columns]; rows of B and C are contiguous, ldb and ldc
// numbers apart.
template <bool kAdd = false>
inline void SmallProduct(int64_t rows, int64_t inner, int64_t columns, Strided a, const float* b, int64_t ldb, float* c,
                         int64_t ldc, float factor) {
  int64_t j = 0;
  for (; j + 2 * kLanes <= columns; j += 2 * kLanes) ProductColumns<2, kAdd>(rows, inner, a, b + j, ldb, c + j, ldc, factor);
  for (; j + kLanes <= columns; j += kLanes) ProductColumns<1, kAdd>(rows, inner, a, b + j, ldb, c + j, ldc, factor);
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t rest = j; rest < columns; rest++) {
      float sum = 0;
      for (int64_t k = 0; k < inner; k++) sum += a.data[i * a.rows + k * a.columns] * b[k * ldb + rest];
      c[i * ldc + rest] = (kAdd ? c[i * ldc + rest] : 0) + factor * sum;
    }
  }
}

}  // namespace gradfold
