// One step of the moments of Adam and its kin, and one of Adam as a whole.

#include <cmath>

#include "kernel.h"
#include "parallel.h"

namespace gradfold {
namespace {

constexpr int64_t kGrain = 16384;

// From the gradient, the sums M and V, and three numbers β₁, β₂ and ε: M ← β₁M + g, V ← β₂V + g², and M / (√V + ε).
struct Moments {
  explicit Moments(TF_OpKernelConstruction*) {}
  void Compute(Call& call) {
    const Tensor gradient = call.Input(0), first = call.Input(1), second = call.Input(2), numbers = call.Input(3);
    const Tensor nextFirst = call.Output(0, gradient.shape()), nextSecond = call.Output(1, gradient.shape());
    const Tensor direction = call.Output(2, gradient.shape());
    const float beta1 = numbers.floats()[0], beta2 = numbers.floats()[1], epsilon = numbers.floats()[2];
    const float *g = gradient.floats(), *m = first.floats(), *v = second.floats();
    float *toM = nextFirst.floats(), *toV = nextSecond.floats(), *to = direction.floats();
    ParallelFor(gradient.size(), kGrain, [=](int64_t from, int64_t end) {
      for (int64_t i = from; i < end; i++) {
        const float sum = beta1 * m[i] + g[i], squares = beta2 * v[i] + g[i] * g[i];
        toM[i] = sum;
        toV[i] = squares;
        to[i] = sum / (std::sqrt(squares) + epsilon);
      }
    });
  }
};

// The same, and with two further numbers η and κ the parameter θ ← κθ - η M / (√V + ε).
struct AdamStep {
  explicit AdamStep(TF_OpKernelConstruction*) {}
  void Compute(Call& call) {
    const Tensor gradient = call.Input(0), first = call.Input(1), second = call.Input(2), parameter = call.Input(3);
    const Tensor numbers = call.Input(4);
    const Tensor nextFirst = call.Output(0, gradient.shape()), nextSecond = call.Output(1, gradient.shape());
    const Tensor next = call.Output(2, gradient.shape());
    const float *by = numbers.floats(), beta1 = by[0], beta2 = by[1], epsilon = by[2], rate = by[3], kept = by[4];
    const float *g = gradient.floats(), *m = first.floats(), *v = second.floats(), *from = parameter.floats();
    float *toM = nextFirst.floats(), *toV = nextSecond.floats(), *to = next.floats();
    ParallelFor(gradient.size(), kGrain, [=](int64_t start, int64_t end) {
      for (int64_t i = start; i < end; i++) {
        const float sum = beta1 * m[i] + g[i], squares = beta2 * v[i] + g[i] * g[i];
        toM[i] = sum;
        toV[i] = squares;
        to[i] = kept * from[i] - rate * (sum / (std::sqrt(squares) + epsilon));
      }
    });
  }
};

const bool registered =
    Register<Moments>({"GradfoldMoments",
                       {"gradient: float", "first: float", "second: float", "numbers: float"},
                       {"nextfirst: float", "nextsecond: float", "direction: float"},
                       {}}) &&
    Register<AdamStep>({"GradfoldAdamStep",
                        {"gradient: float", "first: float", "second: float", "parameter: float", "numbers: float"},
                        {"nextfirst: float", "nextsecond: float", "next: float"},
                        {}});

}  // namespace
}  // namespace gradfold
