// Dropout by the random streams of `core/stream.ts`: the same numbers as drawn there.

#include "kernel.h"
#include "parallel.h"

namespace gradfold {
namespace {

// From x, in as many equal parts as there are states, and the states [parts, 4] of a xoshiro128** generator for each:
// two entries from each 32 random bits; an entry whose 16 bits are below the threshold becomes zero, the others are
// multiplied by the factor.
struct Dropout {
  int32_t threshold;
  float factor;
  explicit Dropout(TF_OpKernelConstruction* c)
      : threshold(IntegerAttribute(c, "threshold")), factor(FloatAttribute(c, "factor")) {}

  void Compute(Call& call) {
    const Tensor x = call.Input(0), states = call.Input(1);
    const Tensor y = call.Output(0, x.shape());
    const int64_t parts = states.dim(0), size = parts ? x.size() / parts : 0;
    const uint32_t least = static_cast<uint32_t>(threshold);
    ParallelFor(parts, 1, [&](int64_t part, int64_t) {
      const int32_t* state = states.integers() + 4 * part;
      uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
      const float* from = x.floats() + part * size;
      float* to = y.floats() + part * size;
      for (int64_t i = 0; i < size; i += 2) {
        const uint32_t scrambled = b * 5, drawn = ((scrambled << 7) | (scrambled >> 25)) * 9, shifted = b << 9;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= shifted;
        d = (d << 11) | (d >> 21);
        // Written as a product so that what is not a number stays so, dropped or not.
        to[i] = from[i] * ((drawn & 0xffff) < least ? 0 : factor);
        if (i + 1 < size) to[i + 1] = from[i + 1] * ((drawn >> 16) < least ? 0 : factor);
      }
    });
  }
};

const bool registered = Register<Dropout>(
    {"GradfoldDropout", {"x: float", "states: int32"}, {"y: float"}, {"threshold: int", "factor: float"}});

}  // namespace
}  // namespace gradfold
