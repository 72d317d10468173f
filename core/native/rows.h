// Rows of any width, a vector at a time.

#pragma once

#include "vector.h"

namespace gradfold {

// Runs body(column, count) over a row: vectors of `count` numbers from `column` on, all of them full but the last.
template <typename Body>
inline void ForColumns(int64_t width, const Body& body) {
  int64_t j = 0;
  for (; j + kLanes <= width; j += kLanes) body(j, kLanes);
  if (j < width) body(j, static_cast<int>(width - j));
}

inline Vector At(const float* row, int64_t j, int count) {
  return count == kLanes ? Load(row + j) : LoadSome(row + j, count);
}

inline void Put(float* row, int64_t j, Vector value, int count) {
  count == kLanes ? Store(row + j, value) : StoreSome(row + j, value, count);
}

// sum += weight · row
inline void AddTo(float* sum, const float* row, int64_t width, float weight = 1) {
  ForColumns(width, [=](int64_t j, int count) { Put(sum, j, At(sum, j, count) + weight * At(row, j, count), count); });
}

// The sum of `parts` rows. Many are added up in groups first: the rounding error of a long sum grows with its length.
template <typename Rows>
void SumParts(const Rows& rows, int64_t parts, int64_t width, float* sum) {
  constexpr int64_t kGroup = 64;
  for (int64_t j = 0; j < width; j++) sum[j] = 0;
  std::vector<float> group(width);
  for (int64_t first = 0; first < parts; first += kGroup) {
    for (float& value : group) value = 0;
    for (int64_t part = first; part < parts && part < first + kGroup; part++) AddTo(group.data(), &rows[part * width], width);
    AddTo(sum, group.data(), width);
  }
}

}  // namespace gradfold
