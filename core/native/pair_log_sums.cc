// Logarithms of sums of exponentials over pairs, by their labels.

#include "label_pairs.h"

namespace gradfold {
namespace {

// Exponentials of up to this, and sums of them, are within single precision.
constexpr float kMost = 60;
// Stands for the logarithm of 0; differences of it are numbers.
constexpr float kNothing = -1e30f;

// exp(x) for x of at most 88, in fewer operations than Exp: what is far below 1 is at least 1e-38, and NaN goes through.
inline Vector SmallExp(Vector exponent) {
  const Vector x = exponent < Fill(-87) ? Fill(-87) : exponent;
  const Vector shifter = Fill(12582912.0f), shifted = x * 1.44269504f + shifter, n = shifted - shifter;
  const Vector r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Vector p = Fill(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + (r + 1.0f);
  return p * (Vector)(((Integers)shifted << 23) + 0x3f800000);
}

// What one thread finds for a block of anchors, of positives or of negatives.
struct Found {
  // Exponentials are divided by exp(shift).
  float shifts[kAnchors];
  double sums[kAnchors] = {};
  // Exponentials times slopes, which lie as the products do; rows that are not flagged have none.
  std::vector<float> weights = std::vector<float>(kReferences * kAnchors);
  bool flags[kReferences];
  Integers some;
};

// log Σ exp(slope (s - base)) over an anchor's positives and over its negatives, [2, anchors], and their gradients by the
// anchors, [2, anchors, dim]. What other references gave before is taken into them. With offsets [2, references] each
// exponential is divided by exp(its reference's offset) in place, and the gradients are those of the sums themselves.
struct WindowLogSums {
  int32_t differentiate;
  float slopes[2], base;
  explicit WindowLogSums(TF_OpKernelConstruction* c)
      : differentiate(IntegerAttribute(c, "differentiate")),
        slopes{FloatAttribute(c, "positiveSlope"), FloatAttribute(c, "negativeSlope")},
        base(FloatAttribute(c, "base")) {}

  void Compute(Call& call) {
    const PairInputs inputs(call);
    const Tensor offsets = call.Input(7), earlierLogs = call.Input(8), earlierGradient = call.Input(9);
    const Side own = inputs.own(), theirs = inputs.theirs();
    const int64_t dim = inputs.dim(), count = own.count;
    const bool offset = offsets.size() > 0, earlier = earlierLogs.size() > 0;
    const Tensor logs = call.Output(0, {2, count});
    const Tensor gradient = call.Output(1, {2, differentiate ? count : 0, dim});
    const Tasks tasks(count, theirs.count);
    const int64_t size = differentiate ? 2 * kAnchors * dim : 0;
    std::vector<float> gradients(tasks.count() * size);
    // A shift and a sum for each anchor of a task.
    std::vector<double> shifts(tasks.count() * 2 * kAnchors), sums(shifts.size());
    tasks.Run(theirs.count, [&](int64_t task, int64_t first, int64_t start, int64_t end) {
      Found founds[2];
      Take(AnchorBlock(own, first, dim), theirs, offset ? offsets.floats() : nullptr, start, end, dim, founds,
           gradients.data() + task * size);
      for (int64_t i = 0; i < 2 * kAnchors; i++) {
        shifts[task * 2 * kAnchors + i] = founds[i / kAnchors].shifts[i % kAnchors];
        sums[task * 2 * kAnchors + i] = founds[i / kAnchors].sums[i % kAnchors];
      }
    });
    ParallelFor(2 * count, 16, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; i++) {
        const int64_t mean = i / count, a = i % count;
        const auto at = [&](int64_t part) { return (a / kAnchors * tasks.parts + part) * 2 * kAnchors + mean * kAnchors + a % kAnchors; };
        double shift = earlier ? earlierLogs.floats()[i] : kNothing;
        const double before = shift;
        for (int64_t part = 0; part < tasks.parts; part++) shift = std::max(shift, shifts[at(part)]);
        double sum = before == kNothing ? 0 : std::exp(before - shift);
        for (int64_t part = 0; part < tasks.parts; part++) sum += sums[at(part)] * std::exp(shifts[at(part)] - shift);
        logs.floats()[i] = sum == 0 ? kNothing : shift + std::log(sum);
        if (!differentiate) continue;
        float* row = gradient.floats() + i * dim;
        std::fill(row, row + dim, 0.0f);
        for (int64_t part = 0; part < tasks.parts; part++) {
          const double share = offset ? 1 : sum == 0 ? 0 : std::exp(shifts[at(part)] - shift) / sum;
          AddTo(row, gradients.data() + at(part) * dim, dim, share);
        }
        if (earlier && sum != 0) AddTo(row, earlierGradient.floats() + i * dim, dim, std::exp(before - shift) / sum);
      }
    });
  }

  void Take(AnchorBlock block, const Side& theirs, const float* offsets, int64_t start, int64_t end, int64_t dim,
            Found* founds, float* gradient) const {
    bool bounded[2];
    for (int mean = 0; mean < 2; mean++) {
      // The cosine is at most 1, or at least -1; a little more by rounding.
      bounded[mean] = offsets || std::abs(slopes[mean]) * 1.01f - slopes[mean] * base <= kMost;
      std::fill_n(founds[mean].shifts, kAnchors, bounded[mean] ? 0 : kNothing);
    }
    for (int64_t first = start; first < end; first += kReferences) {
      const int64_t rows = std::min(kReferences, end - first);
      const float* references = theirs.rows + first * dim;
      block.Multiply(references, rows, end - first - rows);
      for (int mean = 0; mean < 2; mean++) {
        Found& found = founds[mean];
        const float* own = offsets ? offsets + mean * theirs.count + first : nullptr;
        float* sum = gradient + mean * kAnchors * dim;
        if (!bounded[mean]) Lift(block, theirs, mean, first, rows, dim, found, sum);
        Weigh(block, theirs, own, mean, first, rows, found);
        if (differentiate) block.Pull(found.weights.data(), found.flags, Total(found.some), references, rows, sum);
      }
    }
  }

  static Integers Members(const AnchorBlock& block, const Side& theirs, int mean, int64_t reference, int64_t a) {
    const auto [met, same] = block.With(theirs, reference, a);
    return met & (mean == 0 ? same : ~same);
  }

  Vector Exponent(const AnchorBlock& block, int mean, int64_t j, int64_t a) const {
    return slopes[mean] * (Load(&block.products[j * kAnchors + a]) * block.inverse[j] - base);
  }

  void Weigh(const AnchorBlock& block, const Side& theirs, const float* offsets, int mean, int64_t first, int64_t rows,
             Found& found) const {
    found.some = Integers{};
    float sums[kAnchors] = {};
    for (int64_t j = 0; j < rows; j++) {
      // Hardly a reference is a positive of any anchor.
      found.flags[j] = mean == 1 || block.MayHave(theirs.labels[first + j]);
      if (!found.flags[j]) continue;
      const Vector slope = Fill(slopes[mean] * block.inverse[j]);
      const Vector rest = Fill(slopes[mean] * base + (offsets ? offsets[j] : 0));
      for (int64_t a = 0; a < block.count; a += kLanes) {
        const Integers members = Members(block, theirs, mean, first + j, a);
        const Vector exponent = Load(&block.products[j * kAnchors + a]) * slope - (rest + Load(&found.shifts[a]));
        const Vector value = (Vector)((Integers)SmallExp(exponent) & members);
        found.some += members;
        Store(&sums[a], Load(&sums[a]) + value);
        Store(&found.weights[j * kAnchors + a], slope * value);
      }
    }
    for (int64_t a = 0; a < block.count; a++) found.sums[a] += sums[a];
  }

  // Raises shifts that the exponents of some references are far above.
  void Lift(const AnchorBlock& block, const Side& theirs, int mean, int64_t first, int64_t rows, int64_t dim,
            Found& found, float* gradient) const {
    for (int64_t a = 0; a < block.count; a += kLanes) {
      Vector most = Fill(kNothing);
      for (int64_t j = 0; j < rows; j++) {
        const Vector exponent = Exponent(block, mean, j, a);
        most = Choose(Members(block, theirs, mean, first + j, a) & (exponent > most), exponent, most);
      }
      for (int64_t lane = 0; lane < kLanes && a + lane < block.count; lane++) {
        float& shift = found.shifts[a + lane];
        if (most[lane] <= shift + kMost) continue;
        const double factor = std::exp(static_cast<double>(shift) - most[lane]);
        shift = most[lane];
        found.sums[a + lane] *= factor;
        if (!differentiate) continue;
        for (int64_t k = 0; k < dim; k++) gradient[(a + lane) * dim + k] *= factor;
      }
    }
  }
};

const bool registered = Register<WindowLogSums>({"GradfoldWindowLogSums",
                                                 {"anchors: float", "table: float", "start: int32",
                                                  "anchor_labels: int32", "labels: int32", "anchor_ids: int32",
                                                  "ids: int32", "offsets: float", "earlier_logs: float",
                                                  "earlier_gradient: float"},
                                                 {"logs: float", "gradient: float"},
                                                 {"differentiate: int", "positiveSlope: float", "negativeSlope: float",
                                                  "base: float"}});

}  // namespace
}  // namespace gradfold
