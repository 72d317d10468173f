// The Gaussian error linear unit x Φ(x), and its gradient.

#include "kernel.h"
#include "parallel.h"
#include "vector.h"

namespace gradfold {
namespace {

constexpr int64_t kGrain = 16384;

// erf(x) for |x| ≤ 4, where it is 1 in float32: a rational function whose coefficients minimise the largest error.
inline Vector Erf(Vector x) {
  x = Clamp(x, -3.832506856900711f, 3.832506856900711f);
  const Vector s = x * x;
  Vector p = Fill(2.2905065861350646e-4f);
  p = p * s + 3.4082910107109506e-3f;
  p = p * s + 5.0955695062380861e-2f;
  p = p * s + 1.8520832239976145e-1f;
  p = p * s + 1.128379143519084f;
  Vector q = Fill(-1.1791602954361697e-7f);
  q = q * s + 2.3547966471313185e-5f;
  q = q * s + 1.0179625278914885e-3f;
  q = q * s + 1.4070470171167667e-2f;
  q = q * s + 1.1098505178285362e-1f;
  q = q * s + 4.9746925110067538e-1f;
  q = q * s + 1.0f;
  return x * p / q;
}

inline Vector Below(Vector x) { return 0.5f + 0.5f * Erf(x * 0.70710678f); }

inline Vector Slope(Vector x, Vector below) { return below + x * (0.39894228f * Exp(-0.5f * x * x)); }

// Runs body(i, count) over vectors at i of `count` numbers, all of them full but the last.
template <typename Body>
void ForVectors(int64_t size, const Body& body) {
  ParallelFor(size, kGrain, [&](int64_t from, int64_t to) {
    int64_t i = from;
    for (; i + kLanes <= to; i += kLanes) body(i, kLanes);
    if (i < to) body(i, static_cast<int>(to - i));
  });
}

struct Gelu {
  explicit Gelu(TF_OpKernelConstruction*) {}
  void Compute(Call& call) {
    const Tensor x = call.Input(0);
    const Tensor y = call.Output(0, x.shape());
    const float* from = x.floats();
    float* to = y.floats();
    ForVectors(x.size(), [=](int64_t i, int count) {
      const Vector value = count == kLanes ? Load(from + i) : LoadSome(from + i, count);
      const Vector result = value * Below(value);
      count == kLanes ? Store(to + i, result) : StoreSome(to + i, result, count);
    });
  }
};

// From x and the cotangent of its image: the image again, and the cotangent of x.
struct GeluGrad {
  explicit GeluGrad(TF_OpKernelConstruction*) {}
  void Compute(Call& call) {
    const Tensor x = call.Input(0), dy = call.Input(1);
    const Tensor y = call.Output(0, x.shape()), dx = call.Output(1, x.shape());
    const float *from = x.floats(), *cotangent = dy.floats();
    float *image = y.floats(), *to = dx.floats();
    ForVectors(x.size(), [=](int64_t i, int count) {
      const bool full = count == kLanes;
      const Vector value = full ? Load(from + i) : LoadSome(from + i, count);
      const Vector change = full ? Load(cotangent + i) : LoadSome(cotangent + i, count);
      const Vector below = Below(value);
      const Vector result = value * below, gradient = change * Slope(value, below);
      full ? Store(image + i, result) : StoreSome(image + i, result, count);
      full ? Store(to + i, gradient) : StoreSome(to + i, gradient, count);
    });
  }
};

const bool registered = Register<Gelu>({"GradfoldGelu", {"x: float"}, {"y: float"}, {}}) &&
                        Register<GeluGrad>({"GradfoldGeluGrad", {"x: float", "dy: float"}, {"y: float", "dx: float"}, {}});

}  // namespace
}  // namespace gradfold
