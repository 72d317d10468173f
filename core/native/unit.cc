// Rows at length 1, and the gradient of that.

#include <cmath>

#include "kernel.h"
#include "parallel.h"
#include "rows.h"

namespace gradfold {
namespace {

constexpr int64_t kRows = 64;

inline float Dot(const float* a, const float* b, int64_t width) {
  Vector sum = {};
  ForColumns(width, [&](int64_t j, int count) { sum += At(a, j, count) * At(b, j, count); });
  return Sum(sum);
}

// Rows shorter than epsilon become zeros, and so does their 1 / length.
struct UnitRows {
  float epsilon;
  explicit UnitRows(TF_OpKernelConstruction* c) : epsilon(FloatAttribute(c, "epsilon")) {}
  void Compute(Call& call) {
    const Tensor x = call.Input(0);
    const int64_t rows = x.dim(0), width = x.dim(1);
    const Tensor unit = call.Output(0, x.shape()), inverse = call.Output(1, {rows, 1});
    ParallelFor(rows, kRows, [&](int64_t first, int64_t end) {
      for (int64_t i = first; i < end; i++) {
        const float *row = x.floats() + i * width, length = std::sqrt(Dot(row, row, width));
        // A length that is no number goes on as such.
        const float factor = length <= epsilon ? 0 : 1 / length;
        inverse.floats()[i] = factor;
        ForColumns(width, [&](int64_t j, int count) { Put(unit.floats() + i * width, j, At(row, j, count) * factor, count); });
      }
    });
  }
};

// dx = (dy - unit · (dy · unit)) / length
struct UnitRowsGrad {
  explicit UnitRowsGrad(TF_OpKernelConstruction*) {}
  void Compute(Call& call) {
    const Tensor dy = call.Input(0), unit = call.Input(1), inverse = call.Input(2);
    const Tensor dx = call.Output(0, dy.shape());
    const int64_t rows = dy.dim(0), width = dy.dim(1);
    ParallelFor(rows, kRows, [&](int64_t first, int64_t end) {
      for (int64_t i = first; i < end; i++) {
        const float *cotangent = dy.floats() + i * width, *row = unit.floats() + i * width;
        const float along = Dot(cotangent, row, width), factor = inverse.floats()[i];
        ForColumns(width, [&](int64_t j, int count) {
          Put(dx.floats() + i * width, j, (At(cotangent, j, count) - along * At(row, j, count)) * factor, count);
        });
      }
    });
  }
};

const bool registered =
    Register<UnitRows>({"GradfoldUnitRows", {"x: float"}, {"unit: float", "inverse: float"}, {"epsilon: float"}}) &&
    Register<UnitRowsGrad>(
        {"GradfoldUnitRowsGrad", {"dy: float", "unit: float", "inverse: float"}, {"dx: float"}, {}});

}  // namespace
}  // namespace gradfold
