// The rectified maximum over 2 by 2 places, and the gradient of the maximum.

#include <algorithm>

#include "kernel.h"
#include "parallel.h"
#include "rows.h"

namespace gradfold {
namespace {

// From images [examples, height, width, channels] the largest of each four, or 0 if none is above. What is not a number
// counts as the largest.
struct HalveRelu {
  explicit HalveRelu(TF_OpKernelConstruction*) {}
  void Compute(Call& call) {
    const Tensor x = call.Input(0);
    const int64_t height = x.dim(1), width = x.dim(2), channels = x.dim(3), next = width * channels;
    const int64_t rows = height / 2, columns = width / 2;
    const Tensor y = call.Output(0, {x.dim(0), rows, columns, channels});
    ParallelFor(x.dim(0), 1, [&](int64_t example, int64_t) {
      const float* image = x.floats() + example * height * next;
      float* to = y.floats() + example * rows * columns * channels;
      for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++, to += channels) {
          const float* corner = image + (2 * i * width + 2 * j) * channels;
          ForColumns(channels, [&](int64_t c, int count) {
            Vector most = {};
            for (const int64_t place : {int64_t{0}, channels, next, next + channels}) {
              const Vector value = At(corner + place, c, count);
              most = Choose((value > most) | (value != value), value, most);
            }
            Put(to, c, most, count);
          });
        }
      }
    }, 2);
  }
};

// From images [examples, height, width, channels] and the cotangents of their halves: to the first largest of each four
// goes its cotangent, to all else zero.
struct HalveGrad {
  explicit HalveGrad(TF_OpKernelConstruction*) {}
  void Compute(Call& call) {
    const Tensor x = call.Input(0), dy = call.Input(1);
    const Tensor dx = call.Output(0, x.shape());
    const int64_t height = x.dim(1), width = x.dim(2), channels = x.dim(3), size = height * width * channels;
    const int64_t rows = height / 2, columns = width / 2, next = width * channels;
    ParallelFor(x.dim(0), 1, [&](int64_t example, int64_t) {
      const float *image = x.floats() + example * size, *cotangent = dy.floats() + example * rows * columns * channels;
      float* to = dx.floats() + example * size;
      if (height % 2 || width % 2) std::fill(to, to + size, 0.0f);
      for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) {
          const int64_t corner = (2 * i * width + 2 * j) * channels;
          const int64_t places[4] = {corner, corner + channels, corner + next, corner + next + channels};
          ForColumns(channels, [&](int64_t c, int count) {
            Vector values[4], most;
            for (int k = 0; k < 4; k++) values[k] = At(image + places[k], c, count);
            most = values[0];
            for (int k = 1; k < 4; k++) most = Choose(values[k] > most, values[k], most);
            const Vector change = At(cotangent + (i * columns + j) * channels, c, count);
            Integers open = (Integers)(most == most);
            for (int k = 0; k < 4; k++) {
              const Integers chosen = open & (Integers)(values[k] == most);
              Put(to + places[k], c, Choose(chosen, change, Vector{}), count);
              open &= ~chosen;
            }
          });
        }
      }
    }, 2);
  }
};

const bool registered =
    Register<HalveRelu>({"GradfoldHalveRelu", {"x: float"}, {"y: float"}, {}}) &&
    Register<HalveGrad>({"GradfoldHalveGrad", {"x: float", "dy: float"}, {"dx: float"}, {}});

}  // namespace
}  // namespace gradfold
