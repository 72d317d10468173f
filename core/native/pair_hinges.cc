// Hinges of pairs by their labels.

#include <limits>

#include "label_pairs.h"

namespace gradfold {
namespace {

// Squared distances that rounding leaves between a row and its copy.
constexpr float kNoise = 1.0f / (1 << 18);

inline Vector Root(Vector x) {
#ifdef __AVX__
  return __builtin_ia32_sqrtps256(x);
#else
  Vector root;
  for (int lane = 0; lane < kLanes; lane++) root[lane] = std::sqrt(x[lane]);
  return root;
#endif
}

// What was found among some pairs, of positives or of negatives.
struct Found {
  Vector sum;
  Integers counted, above;
  // The slopes of hinges by the products, 0 where they do not count; rows that are not flagged have none.
  std::vector<float> slopes = std::vector<float>(kReferences * kAnchors);
  bool flags[kReferences];

  void Clear() {
    sum = Vector{};
    counted = above = Integers{};
    std::fill(flags, flags + kReferences, false);
  }
};

// By distance max(d - m, 0) over positives and max(m - d, 0) over negatives; by cosine max(m - s, 0) and max(s - m, 0).
// Gives the sum of the positives' hinges, how many count, and those of the negatives, then the gradients of both sums by
// the anchors, [2, anchors, dim].
struct WindowHinges {
  int32_t distance, all, differentiate;
  float margins[2];
  explicit WindowHinges(TF_OpKernelConstruction* c)
      : distance(IntegerAttribute(c, "distance")),
        all(IntegerAttribute(c, "all")),
        differentiate(IntegerAttribute(c, "differentiate")),
        margins{FloatAttribute(c, "positiveMargin"), FloatAttribute(c, "negativeMargin")} {}

  void Compute(Call& call) {
    const PairInputs inputs(call);
    const Side own = inputs.own(), theirs = inputs.theirs();
    const int64_t dim = inputs.dim(), count = own.count;
    const Tensor terms = call.Output(0, {4});
    const Tensor gradient = call.Output(1, {2, differentiate ? count : 0, dim});
    const Tasks tasks(count, theirs.count);
    const int64_t size = differentiate ? 2 * kAnchors * dim : 0;
    std::vector<float> gradients(tasks.count() * size);
    std::vector<double> totals(tasks.count() * 4);
    tasks.Run(theirs.count, [&](int64_t task, int64_t first, int64_t start, int64_t end) {
      Take(AnchorBlock(own, first, dim), theirs, start, end, dim, &totals[task * 4], gradients.data() + task * size);
    });
    for (int i = 0; i < 4; i++) {
      double total = 0;
      for (int64_t task = 0; task < tasks.count(); task++) total += totals[task * 4 + i];
      terms.floats()[i] = total;
    }
    if (!differentiate) return;
    std::fill(gradient.floats(), gradient.floats() + 2 * count * dim, 0.0f);
    ParallelFor(2 * tasks.blocks, 1, [&](int64_t i, int64_t) {
      const int64_t mean = i % 2, first = i / 2 * kAnchors, rows = std::min(kAnchors, count - first);
      for (int64_t part = 0; part < tasks.parts; part++) {
        AddTo(gradient.floats() + (mean * count + first) * dim,
              gradients.data() + (i / 2 * tasks.parts + part) * size + mean * kAnchors * dim, rows * dim);
      }
    });
  }

  void Take(AnchorBlock block, const Side& theirs, int64_t start, int64_t end, int64_t dim, double* totals,
            float* gradient) const {
    Found founds[2];
    for (int64_t first = start; first < end; first += kReferences) {
      const int64_t rows = std::min(kReferences, end - first);
      const float* references = theirs.rows + first * dim;
      block.Multiply(references, rows, end - first - rows);
      for (Found& found : founds) found.Clear();
      for (int64_t j = 0; j < rows; j++) Compare(block, theirs, first + j, j, founds);
      for (int mean = 0; mean < 2; mean++) {
        Found& found = founds[mean];
        totals[2 * mean] += Sum(found.sum);
        totals[2 * mean + 1] += Total(found.counted);
        if (!differentiate) continue;
        block.Pull(found.slopes.data(), found.flags, Total(found.above), references, rows, gradient + mean * kAnchors * dim);
      }
    }
  }

  // One reference with all anchors of a block.
  void Compare(const AnchorBlock& block, const Side& theirs, int64_t reference, int64_t j, Found* founds) const {
    const Vector inverse = Fill(block.inverse[j]);
    // Negatives farther than the margin have no hinge; most are. A little nearer, for what rounding does.
    const float beyond = margins[1] * 1.0001f, infinity = std::numeric_limits<float>::infinity();
    const Vector least = Fill(all ? -infinity : !distance ? margins[1] : margins[1] > 0 ? 1 - std::max(beyond * beyond / 2, kNoise) : infinity);
    for (int64_t a = 0; a < block.count; a += kLanes) {
      const Vector cosines = Load(&block.products[j * kAnchors + a]) * inverse;
      const auto [there, same] = block.With(theirs, reference, a);
      const Integers met = there & (same | (Integers)~(cosines <= least));
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
      Note(founds[0], sign * (values - margins[0]), sign * slopes, met & same, a, j);
      Note(founds[1], -sign * (values - margins[1]), -sign * slopes, met & ~same, a, j);
    }
  }

  void Note(Found& found, Vector hinges, Vector slopes, Integers mask, int64_t a, int64_t j) const {
    // What is not a number is not at most 0 either, and shall show.
    const Integers above = mask & (Integers)~(hinges <= Vector{});
    found.counted += all ? mask : above;
    if (!Any(above)) return;
    found.above += above;
    found.sum += Choose(above, hinges, Vector{});
    if (!differentiate) return;
    float* row = &found.slopes[j * kAnchors];
    if (!found.flags[j]) std::fill_n(row, kAnchors, 0.0f);
    found.flags[j] = true;
    Store(row + a, Choose(above, slopes, Vector{}));
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
