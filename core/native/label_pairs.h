// Anchors against references that belong together by their labels, a block at a time, without a matrix of all pairs.

#pragma once

#include <algorithm>
#include <cmath>

#include "kernel.h"
#include "panel.h"
#include "parallel.h"
#include "rows.h"

namespace gradfold {

// Pairs are compared in blocks that stay in the processor's nearest memory.
constexpr int64_t kAnchors = 64;
constexpr int64_t kReferences = 48;
// References in a part, whose sums are added up after.
constexpr int64_t kPart = 42 * kReferences;
// From this share of the pairs of a block on, products of whole blocks are quicker than pairs one by one.
constexpr double kDense = 0.1;
constexpr float kEpsilon = 1e-12f;

inline bool Any(Integers mask) {
#ifdef __AVX__
  typedef long long Halves __attribute__((vector_size(32)));
  return !__builtin_ia32_ptestz256((Halves)mask, (Halves)mask);
#else
  typedef int64_t Halves __attribute__((vector_size(32)));
  const Halves halves = (Halves)mask;
  return ((halves[0] | halves[1]) | (halves[2] | halves[3])) != 0;
#endif
}

inline Integers LoadIntegers(const int32_t* from) {
  Integers value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

// How many flags are set; one that is has all bits.
inline int64_t Total(Integers flags) {
  int64_t total = 0;
  for (int lane = 0; lane < kLanes; lane++) total -= flags[lane];
  return total;
}

// Rows with their labels and ids; there are no ids if the pointer is null.
struct Side {
  const float* rows;
  int64_t count;
  const int32_t *labels, *ids;
};

// The first inputs: anchors of length 1, a table and the row of it at which the references begin, then labels
// and ids of both. Pairs of equal labels are positives, others negatives, pairs of equal ids neither.
struct PairInputs {
  PairInputs(Call& call)
      : anchors(call.Input(0)), table(call.Input(1)), start(call.Input(2)), anchorLabels(call.Input(3)),
        labels(call.Input(4)), anchorIds(call.Input(5)), ids(call.Input(6)) {}
  Tensor anchors, table, start, anchorLabels, labels, anchorIds, ids;

  int64_t dim() const { return anchors.dim(1); }
  Side own() const { return {anchors.floats(), anchors.dim(0), anchorLabels.integers(), named() ? anchorIds.integers() : nullptr}; }
  Side theirs() const {
    return {table.floats() + start.integers()[0] * dim(), labels.size(), labels.integers(), named() ? ids.integers() : nullptr};
  }

 private:
  bool named() const { return anchorIds.size() > 0; }
};

// Which of eight pairs count.
struct Relation {
  Integers met, same;
};

// Some anchors, at most kAnchors, with what one thread needs to compare them.
class AnchorBlock {
 public:
  AnchorBlock(const Side& all, int64_t first, int64_t dim)
      : count(std::min(kAnchors, all.count - first)), products(kReferences * kAnchors), dim_(dim), turned_(dim * kAnchors) {
    for (int64_t k = 0; k < dim; k++) {
      for (int64_t a = 0; a < count; a++) turned_[k * kAnchors + a] = all.rows[(first + a) * dim + k];
    }
    std::copy(all.labels + first, all.labels + first + count, labels_);
    if (all.ids) std::copy(all.ids + first, all.ids + first + count, ids_);
    std::fill(there_, there_ + count, -1);
    for (int64_t a = 0; a < count; a++) present_ |= uint64_t{1} << Bucket(labels_[a]);
  }

  const int64_t count;
  // The product of reference j and anchor a is at j * kAnchors + a; times inverse[j] it is their cosine.
  std::vector<float> products;
  float inverse[kReferences];

  // Behind the rows so many more will follow.
  void Multiply(const float* references, int64_t rows, int64_t more) {
    const int64_t width = Parts(count, 2 * kLanes) * 2 * kLanes;
    Panel(rows, dim_, width, {references, dim_, 1}, turned_.data(), kAnchors, products.data(), kAnchors, false);
    for (int64_t j = 0; j < rows; j++) inverse[j] = Inverse(references + j * dim_);
    // Rows come from far away; the next are under way while these are worked on.
    const int64_t next = std::min(more, kReferences) * dim_;
    for (int64_t k = 0; k < next; k += 16) __builtin_prefetch(references + rows * dim_ + k, 0, 2);
  }

  // Eight anchors from `a` on with a reference.
  Relation With(const Side& theirs, int64_t reference, int64_t a) const {
    Integers met = LoadIntegers(&there_[a]);
    if (theirs.ids) met &= LoadIntegers(&ids_[a]) != Integers{} + theirs.ids[reference];
    return {met, LoadIntegers(&labels_[a]) == Integers{} + theirs.labels[reference]};
  }

  // Whether an anchor may have the label; mostly it has if so.
  bool MayHave(int32_t label) const { return present_ >> Bucket(label) & 1; }

  // Adds references to the gradients of the anchors, [count, dim], by weights that lie as the products do, of which `some`
  // are not 0; rows that are not flagged have none and may hold anything.
  void Pull(float* weights, const bool* flags, int64_t some, const float* references, int64_t rows, float* gradient) const {
    if (some == 0) return;
    if (some >= kDense * rows * count) {
      for (int64_t j = 0; j < rows; j++) {
        if (!flags[j]) std::fill_n(weights + j * kAnchors, kAnchors, 0.0f);
      }
      Panel(count, rows, dim_, {weights, 1, kAnchors}, references, dim_, gradient, dim_, true);
      return;
    }
    for (int64_t j = 0; j < rows; j++) {
      if (!flags[j]) continue;
      for (int64_t a = 0; a < count; a++) {
        const float weight = weights[j * kAnchors + a];
        if (weight != 0) AddTo(gradient + a * dim_, references + j * dim_, dim_, weight);
      }
    }
  }

 private:
  static int Bucket(int32_t label) { return static_cast<uint32_t>(label) * 2654435769u >> 26; }

  // 1 / length, 0 for a row without a direction; a length that is no number goes on as such.
  float Inverse(const float* row) const {
    Vector squares = {};
    ForColumns(dim_, [&](int64_t k, int count) { squares += At(row, k, count) * At(row, k, count); });
    const float length = std::sqrt(Sum(squares));
    return length <= kEpsilon ? 0 : 1 / length;
  }

  int64_t dim_;
  uint64_t present_ = 0;
  std::vector<float> turned_;
  int32_t labels_[kAnchors] = {}, ids_[kAnchors] = {}, there_[kAnchors] = {};
};

// How blocks of anchors and parts of the references make tasks, each with sums of its own. There are enough for all cores,
// and no more.
struct Tasks {
  int64_t blocks, size, parts;
  Tasks(int64_t anchors, int64_t references)
      : blocks(Parts(anchors, kAnchors)),
        size(std::max(kPart, Parts(Parts(references * blocks, 32), kReferences) * kReferences)),
        parts(Parts(references, size)) {}

  int64_t count() const { return blocks * parts; }
  // Runs body(task, first anchor, first reference, end of the references).
  template <typename Body>
  void Run(int64_t references, const Body& body) const {
    ParallelFor(count(), 1, [&](int64_t task, int64_t) {
      const int64_t start = task % parts * size;
      body(task, task / parts * kAnchors, start, std::min(references, start + size));
    }, 2);
  }
};

}  // namespace gradfold
