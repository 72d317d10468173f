// Layer normalisation of rows, and its gradient.

#include <cmath>

#include "kernel.h"
#include "parallel.h"
#include "rows.h"

namespace gradfold {
namespace {

// Rows that a thread takes at a time; sums over all rows are made of sums over so many.
constexpr int64_t kRows = 128;

struct Moments {
  float mean, inverse;
};

inline Moments MomentsOf(const float* row, int64_t width, float epsilon) {
  Vector sum = {};
  ForColumns(width, [&](int64_t j, int count) { sum += At(row, j, count); });
  const float mean = Sum(sum) / width;
  Vector squares = {};
  ForColumns(width, [&](int64_t j, int count) {
    Vector centred = At(row, j, count) - mean;
    if (count < kLanes) centred = LoadSome(reinterpret_cast<const float*>(&centred), count);
    squares += centred * centred;
  });
  return {mean, 1 / std::sqrt(Sum(squares) / width + epsilon)};
}

struct LayerNorm {
  float epsilon;
  explicit LayerNorm(TF_OpKernelConstruction* c) : epsilon(FloatAttribute(c, "epsilon")) {}
  void Compute(Call& call) {
    const Tensor x = call.Input(0), scale = call.Input(1), shift = call.Input(2);
    const Tensor y = call.Output(0, x.shape());
    const int64_t width = scale.size(), rows = width ? x.size() / width : 0;
    const float *from = x.floats(), *factor = scale.floats(), *summand = shift.floats();
    float* to = y.floats();
    ParallelFor(rows, kRows, [=](int64_t first, int64_t end) {
      for (int64_t i = first; i < end; i++) {
        const float* row = from + i * width;
        const Moments m = MomentsOf(row, width, epsilon);
        ForColumns(width, [&](int64_t j, int count) {
          const Vector normal = (At(row, j, count) - m.mean) * m.inverse;
          Put(to + i * width, j, normal * At(factor, j, count) + At(summand, j, count), count);
        });
      }
    });
  }
};

// With n the normalised row and g = dy · scale: dx = (g - mean(g) - n · mean(g · n)) / deviation.
struct LayerNormGrad {
  float epsilon;
  explicit LayerNormGrad(TF_OpKernelConstruction* c) : epsilon(FloatAttribute(c, "epsilon")) {}
  void Compute(Call& call) {
    const Tensor x = call.Input(0), scale = call.Input(1), dy = call.Input(2);
    const Tensor dx = call.Output(0, x.shape()), dscale = call.Output(1, scale.shape()), dshift = call.Output(2, scale.shape());
    const int64_t width = scale.size(), rows = width ? x.size() / width : 0;
    const float *from = x.floats(), *factor = scale.floats(), *cotangents = dy.floats();
    float* to = dx.floats();
    std::vector<float> scaleSums(width * Parts(rows, kRows)), shiftSums(scaleSums.size());
    ParallelFor(rows, kRows, [&](int64_t first, int64_t end) {
      float *scales = &scaleSums[first / kRows * width], *shifts = &shiftSums[first / kRows * width];
      for (int64_t i = first; i < end; i++) {
        const float *row = from + i * width, *cotangent = cotangents + i * width;
        const Moments m = MomentsOf(row, width, epsilon);
        Vector sum = {}, aligned = {};
        ForColumns(width, [&](int64_t j, int count) {
          const Vector normal = (At(row, j, count) - m.mean) * m.inverse, change = At(cotangent, j, count);
          const Vector scaled = change * At(factor, j, count);
          sum += scaled;
          aligned += scaled * normal;
          Put(scales, j, At(scales, j, count) + change * normal, count);
          Put(shifts, j, At(shifts, j, count) + change, count);
        });
        const float mean = Sum(sum) / width, slope = Sum(aligned) / width;
        ForColumns(width, [&](int64_t j, int count) {
          const Vector normal = (At(row, j, count) - m.mean) * m.inverse;
          const Vector scaled = At(cotangent, j, count) * At(factor, j, count);
          Put(to + i * width, j, (scaled - mean - normal * slope) * m.inverse, count);
        });
      }
    });
    SumParts(scaleSums, Parts(rows, kRows), width, dscale.floats());
    SumParts(shiftSums, Parts(rows, kRows), width, dshift.floats());
  }
};

const bool registered =
    Register<LayerNorm>(
        {"GradfoldLayerNorm", {"x: float", "scale: float", "shift: float"}, {"y: float"}, {"epsilon: float"}}) &&
    Register<LayerNormGrad>({"GradfoldLayerNormGrad",
                             {"x: float", "scale: float", "dy: float"},
                             {"dx: float", "dscale: float", "dshift: float"},
                             {"epsilon: float"}});

}  // namespace
}  // namespace gradfold
