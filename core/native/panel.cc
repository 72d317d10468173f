#include "panel.h"

namespace gradfold {
namespace {

#if defined(__x86_64__)
// Processors with vectors of sixteen numbers have twice the registers too. Not all have them, so that it is seen at run
// time; what is for them alone is marked, since inlining does not look past the mark.
#define GRADFOLD_WIDE __attribute__((target("avx512f")))
typedef float Wide __attribute__((vector_size(64)));
constexpr int kWide = 16;

template <int I, int J>
GRADFOLD_WIDE inline void WideBlock(int64_t inner, const Strided& a, const float* b, int64_t ldb, float* c, int64_t ldc,
                                    bool add) {
  Wide sums[I][J] = {};
  for (int64_t k = 0; k < inner; k++) {
    Wide row[J];
    for (int j = 0; j < J; j++) std::memcpy(&row[j], b + k * ldb + j * kWide, sizeof(Wide));
    for (int i = 0; i < I; i++) {
      const float entry = a.data[i * a.rows + k * a.columns];
      for (int j = 0; j < J; j++) sums[i][j] += entry * row[j];
    }
  }
  for (int i = 0; i < I; i++) {
    for (int j = 0; j < J; j++) {
      float* to = c + i * ldc + j * kWide;
      Wide sum = {};
      if (add) std::memcpy(&sum, to, sizeof(Wide));
      sum += sums[i][j];
      std::memcpy(to, &sum, sizeof(Wide));
    }
  }
}

template <int I, int J>
GRADFOLD_WIDE inline int64_t WideRows(int64_t i, int64_t rows, int64_t inner, const Strided& a, const float* b,
                                      int64_t ldb, float* c, int64_t ldc, bool add) {
  for (; i + I <= rows; i += I) WideBlock<I, J>(inner, {a.data + i * a.rows, a.rows, a.columns}, b, ldb, c + i * ldc, ldc, add);
  return i;
}

template <int J>
GRADFOLD_WIDE void WideColumns(int64_t rows, int64_t inner, const Strided& a, const float* b, int64_t ldb, float* c,
                               int64_t ldc, bool add) {
  int64_t i = WideRows<6, J>(0, rows, inner, a, b, ldb, c, ldc, add);
  i = WideRows<4, J>(i, rows, inner, a, b, ldb, c, ldc, add);
  i = WideRows<2, J>(i, rows, inner, a, b, ldb, c, ldc, add);
  WideRows<1, J>(i, rows, inner, a, b, ldb, c, ldc, add);
}

bool IsWide() {
  static const bool wide = __builtin_cpu_supports("avx512f");
  return wide;
}

// The first columns, as many as there are whole vectors of.
int64_t WidePanel(int64_t rows, int64_t inner, int64_t columns, const Strided& a, const float* b, int64_t ldb, float* c,
                  int64_t ldc, bool add) {
  int64_t j = 0;
  for (; j + 4 * kWide <= columns; j += 4 * kWide) WideColumns<4>(rows, inner, a, b + j, ldb, c + j, ldc, add);
  for (; j + 2 * kWide <= columns; j += 2 * kWide) WideColumns<2>(rows, inner, a, b + j, ldb, c + j, ldc, add);
  for (; j + kWide <= columns; j += kWide) WideColumns<1>(rows, inner, a, b + j, ldb, c + j, ldc, add);
  return j;
}
#else
bool IsWide() { return false; }
int64_t WidePanel(int64_t, int64_t, int64_t, const Strided&, const float*, int64_t, float*, int64_t, bool) { return 0; }
#endif

// The same by vectors of eight.
template <bool kAdd>
void NarrowPanel(int64_t rows, int64_t inner, int64_t columns, const Strided& a, const float* b, int64_t ldb, float* c,
                 int64_t ldc) {
  int64_t j = 0;
  for (; j + 4 * kLanes <= columns; j += 4 * kLanes) {
    int64_t i = 0;
    for (; i + 3 <= rows; i += 3) {
      ProductBlock<3, 4, kAdd>(inner, {a.data + i * a.rows, a.rows, a.columns}, b + j, ldb, c + i * ldc + j, ldc, 1);
    }
    for (; i < rows; i++) {
      ProductBlock<1, 4, kAdd>(inner, {a.data + i * a.rows, a.rows, a.columns}, b + j, ldb, c + i * ldc + j, ldc, 1);
    }
  }
  SmallProduct<kAdd>(rows, inner, columns - j, a, b + j, ldb, c + j, ldc, 1);
}

}  // namespace

void Panel(int64_t rows, int64_t inner, int64_t columns, Strided a, const float* b, int64_t ldb, float* c, int64_t ldc,
           bool add) {
  const int64_t done = IsWide() ? WidePanel(rows, inner, columns, a, b, ldb, c, ldc, add) : 0;
  if (done == columns) return;
  if (add) NarrowPanel<true>(rows, inner, columns - done, a, b + done, ldb, c + done, ldc);
  else NarrowPanel<false>(rows, inner, columns - done, a, b + done, ldb, c + done, ldc);
}

}  // namespace gradfold
