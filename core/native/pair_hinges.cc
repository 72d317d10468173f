// Hinges of pairs by their labels: anchors against references, without a matrix of all pairs.

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernel.h"
#include "parallel.h"
#include "rows.h"
#include "small_product.h"

namespace gradfold {
namespace {

// Pairs are compared in blocks that stay in the processor's nearest memory.
constexpr int64_t kAnchors = 64;
constexpr int64_t kReferences = 64;
// References in a part, whose sums are added up after.
constexpr int64_t kPart = 2048;
// From this share of the pairs of a block on, products of whole blocks are quicker than pairs one by one.
constexpr double kDense = 0.25;
// Squared distances that rounding leaves between a row and its copy.
constexpr float kNoise = 1.0f / (1 << 18);
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

inline Vector Root(Vector x) {
  Vector root;
  for (int lane = 0; lane < kLanes; lane++) root[lane] = std::sqrt(x[lane]);
  return root;
}

inline Integers LoadIntegers(const int32_t* from) {
  Integers value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

// The slopes of hinges by the products of a reference and eight anchors, 0 where they do not count.
struct Active {
  Vector slopes;
  int64_t reference, anchor;
};

// What was found in a block, of positives or of negatives.
struct Found {
  Vector sum;
  Integers counted, above;
  std::vector<Active> active;

  void Clear() {
    sum = Vector{};
    counted = above = Integers{};
    active.clear();
  }
};

inline int64_t Total(Integers flags) {
  int64_t total = 0;
  for (int lane = 0; lane < kLanes; lane++) total -= flags[lane];
  return total;
}

// What one thread needs for a block of anchors and a part of the references.
struct Work {
  explicit Work(int64_t dim)
      : turned(dim * kAnchors), products(kReferences * kAnchors), slopes(kReferences * kAnchors), part(kAnchors * dim) {}
  std::vector<float> turned, products, slopes, part;
  Found found[2];
  float inverse[kReferences];
  int32_t labels[kAnchors] = {}, ids[kAnchors] = {};
  double sums[2] = {}, counts[2] = {};
};

// C = A · B for many rows of A and a few dozen columns, a multiple of four vectors.
inline void WideProduct(int64_t rows, int64_t inner, int64_t columns, const float* a, const float* b, float* c) {
  for (int64_t j = 0; j < columns; j += 4 * kLanes) {
    int64_t i = 0;
    for (; i + 3 <= rows; i += 3) {
      ProductBlock<3, 4>(inner, {a + i * inner, inner, 1}, b + j, kAnchors, c + i * kAnchors + j, kAnchors, 1);
    }
    for (; i < rows; i++) {
      ProductBlock<1, 4>(inner, {a + i * inner, inner, 1}, b + j, kAnchors, c + i * kAnchors + j, kAnchors, 1);
    }
  }
}

// By distance max(d - m, 0) over positives and max(m - d, 0) over negatives; by cosine max(m - s, 0) and max(s - m, 0).
// Anchors have length 1, references any. Pairs of equal labels are positives, others negatives, pairs of equal ids neither;
// there are no ids if the list is empty. References are rows of a table from `start` on. Gives the sum of the positives' hinges, how many count, and those of the
// negatives, then the gradients of both sums by the anchors, [2, anchors, dim].
struct WindowHinges {
  int32_t distance, all, differentiate;
  float margins[2];
  explicit WindowHinges(TF_OpKernelConstruction* c)
      : distance(IntegerAttribute(c, "distance")),
        all(IntegerAttribute(c, "all")),
        differentiate(IntegerAttribute(c, "differentiate")),
        margins{FloatAttribute(c, "positiveMargin"), FloatAttribute(c, "negativeMargin")} {}

  struct Side {
    const float* rows;
    int64_t count;
    const int32_t *labels, *ids;
  };

  void Compute(Call& call) {
    const Tensor anchors = call.Input(0), table = call.Input(1), start = call.Input(2), anchorLabels = call.Input(3),
                 labels = call.Input(4), anchorIds = call.Input(5), ids = call.Input(6);
    const int64_t dim = anchors.dim(1), count = anchors.dim(0), columns = labels.size();
    const bool named = anchorIds.size() > 0;
    const Side own{anchors.floats(), count, anchorLabels.integers(), named ? anchorIds.integers() : nullptr};
    const Side theirs{table.floats() + start.integers()[0] * dim, columns, labels.integers(), named ? ids.integers() : nullptr};
    const Tensor terms = call.Output(0, {4});
    const Tensor gradient = call.Output(1, {2, differentiate ? count : 0, dim});
    const int64_t blocks = Parts(count, kAnchors);
    // Enough parts for all cores, and no more: each has a gradient of its own.
    const int64_t size = std::max(kPart, Parts(columns * blocks, 32)), parts = Parts(columns, size);
    const int64_t block = differentiate ? 2 * kAnchors * dim : 0;
    std::vector<float> gradients(blocks * parts * block);
    std::vector<double> totals(blocks * parts * 4);
    ParallelFor(blocks * parts, 1, [&](int64_t task, int64_t) {
      const int64_t first = task / parts * kAnchors, start = task % parts * size;
      Work work(dim);
      const Side few{own.rows + first * dim, std::min(kAnchors, count - first), own.labels + first,
                     named ? own.ids + first : nullptr};
      Take(few, theirs, start, std::min(columns, start + size), dim, work, gradients.data() + task * block);
      for (int mean = 0; mean < 2; mean++) {
        totals[task * 4 + 2 * mean] = work.sums[mean];
        totals[task * 4 + 2 * mean + 1] = work.counts[mean];
      }
    }, 2);
    for (int i = 0; i < 4; i++) {
      double total = 0;
      for (int64_t task = 0; task < blocks * parts; task++) total += totals[task * 4 + i];
      terms.floats()[i] = total;
    }
    if (!differentiate) return;
    std::fill(gradient.floats(), gradient.floats() + 2 * count * dim, 0.0f);
    ParallelFor(2 * blocks, 1, [&](int64_t i, int64_t) {
      const int64_t mean = i % 2, first = i / 2 * kAnchors, rows = std::min(kAnchors, count - first);
      for (int64_t part = 0; part < parts; part++) {
        AddTo(gradient.floats() + (mean * count + first) * dim,
              gradients.data() + (i / 2 * parts + part) * block + mean * kAnchors * dim, rows * dim);
      }
    });
  }

  void Take(const Side& own, const Side& theirs, int64_t start, int64_t end, int64_t dim, Work& work,
            float* gradient) const {
    for (int64_t k = 0; k < dim; k++) {
      for (int64_t a = 0; a < own.count; a++) work.turned[k * kAnchors + a] = own.rows[a * dim + k];
    }
    std::copy(own.labels, own.labels + own.count, work.labels);
    if (own.ids) std::copy(own.ids, own.ids + own.count, work.ids);
    const int64_t width = Parts(own.count, 4 * kLanes) * 4 * kLanes;
    for (int64_t first = start; first < end; first += kReferences) {
      const int64_t rows = std::min(kReferences, end - first);
      const float* references = theirs.rows + first * dim;
      WideProduct(rows, dim, width, references, work.turned.data(), work.products.data());
      for (int64_t j = 0; j < rows; j++) work.inverse[j] = Inverse(references + j * dim, dim);
      for (Found& found : work.found) found.Clear();
      for (int64_t j = 0; j < rows; j++) Compare(own, theirs, first + j, j, work);
      for (int mean = 0; mean < 2; mean++) {
        Found& found = work.found[mean];
        work.sums[mean] += Sum(found.sum);
        work.counts[mean] += Total(found.counted);
        if (differentiate) Collect(found, references, rows, own.count, dim, work, gradient + mean * kAnchors * dim);
      }
    }
  }

  // 1 / length, 0 for a row without a direction; a length that is no number goes on as such.
  static float Inverse(const float* row, int64_t dim) {
    Vector squares = {};
    ForColumns(dim, [&](int64_t k, int count) { squares += At(row, k, count) * At(row, k, count); });
    const float length = std::sqrt(Sum(squares));
    return length <= kEpsilon ? 0 : 1 / length;
  }

  // One reference with all anchors of a block.
  void Compare(const Side& own, const Side& theirs, int64_t reference, int64_t j, Work& work) const {
    const Integers label = Integers{} + theirs.labels[reference];
    const Integers id = Integers{} + (theirs.ids ? theirs.ids[reference] : 0);
    const Vector inverse = Fill(work.inverse[j]);
    // Negatives farther than the margin have no hinge; most are. A little nearer, for what rounding does.
    const float beyond = margins[1] * 1.0001f, infinity = std::numeric_limits<float>::infinity();
    const Vector least = Fill(all ? -infinity : !distance ? margins[1] : margins[1] > 0 ? 1 - std::max(beyond * beyond / 2, kNoise) : infinity);
    for (int64_t a = 0; a < own.count; a += kLanes) {
      const Vector cosines = Load(&work.products[j * kAnchors + a]) * inverse;
      const Integers same = LoadIntegers(&work.labels[a]) == label, near = (Integers)~(cosines <= least);
      Integers met = same | near;
      if (own.ids) met &= LoadIntegers(&work.ids[a]) != id;
      if (a + kLanes > own.count) {
        for (int lane = own.count - a; lane < kLanes; lane++) met[lane] = 0;
      }
      if (!Any(met)) continue;
      Vector values = cosines, slopes = Fill(1);
      if (distance) {
        const Vector squared = 2 - 2 * cosines;
        values = Root(Choose(squared > Fill(kNoise), squared, squared * 0));
        slopes = Choose(values == Vector{}, Vector{}, -1 / values);
      }
      slopes *= inverse;
      // By distance positives are to be below their margin, by cosine above.
      const float sign = distance ? 1 : -1;
      Note(work.found[0], sign * (values - margins[0]), sign * slopes, met & same, a, j);
      Note(work.found[1], -sign * (values - margins[1]), -sign * slopes, met & ~same, a, j);
    }
  }

  void Note(Found& found, Vector hinges, Vector slopes, Integers mask, int64_t a, int64_t j) const {
    // What is not a number is not at most 0 either, and shall show.
    const Integers above = mask & (Integers)~(hinges <= Vector{});
    found.counted += all ? mask : above;
    if (!Any(above)) return;
    found.above += above;
    found.sum += Choose(above, hinges, Vector{});
    if (differentiate) found.active.push_back({Choose(above, slopes, Vector{}), j, a});
  }

  void Collect(const Found& found, const float* references, int64_t rows, int64_t anchors, int64_t dim, Work& work,
               float* gradient) const {
    if (found.active.empty()) return;
    if (Total(found.above) < kDense * rows * anchors) {
      for (const Active& active : found.active) {
        for (int lane = 0; lane < kLanes; lane++) {
          const float slope = active.slopes[lane];
          if (slope == 0) continue;
          AddTo(gradient + (active.anchor + lane) * dim, references + active.reference * dim, dim, slope);
        }
      }
      return;
    }
    std::fill(work.slopes.begin(), work.slopes.end(), 0.0f);
    for (const Active& active : found.active) Store(&work.slopes[active.reference * kAnchors + active.anchor], active.slopes);
    SmallProduct(anchors, rows, dim, {work.slopes.data(), 1, kAnchors}, references, dim, work.part.data(), dim, 1);
    AddTo(gradient, work.part.data(), anchors * dim);
  }
};

const bool registered = Register<WindowHinges>({"GradfoldWindowHinges",
                                              {"anchors: float", "table: float", "start: int32", "anchor_labels: int32",
                                               "labels: int32", "anchor_ids: int32", "ids: int32"},
                                              {"terms: float", "gradient: float"},
                                              {"distance: int", "all: int", "differentiate: int",
                                               "positiveMargin: float", "negativeMargin: float"}});

}  // namespace
}  // namespace gradfold
