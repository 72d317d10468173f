// Group normalisation of images [examples, places, channels], and its gradient.

#include <algorithm>
#include <cmath>

#include "kernel.h"
#include "parallel.h"
#include "rows.h"

namespace gradfold {
namespace {

// Places that are summed before they are added to the sum over all: the error of a long sum grows with its length.
constexpr int64_t kPlaces = 32;

// One example's statistics, spread to channels.
struct Statistics {
  std::vector<float> mean, inverse;
};

// Replaces each channel's value by the mean over its group.
void ShareInGroups(std::vector<float>& values, int64_t groups) {
  const int64_t channels = values.size(), size = channels / groups;
  for (int64_t first = 0; first < channels; first += size) {
    float sum = 0;
    for (int64_t c = first; c < first + size; c++) sum += values[c];
    for (int64_t c = first; c < first + size; c++) values[c] = sum / size;
  }
}

struct Images {
  int64_t examples, places, channels, groups;
  float epsilon;

  // Sums body(value, channel, count) over all places, for each channel, in sums over parts of the places.
  template <typename Body>
  void SumPlaces(const float* image, float* sums, const Body& body) const {
    std::vector<float> part(channels);
    for (int64_t first = 0; first < places; first += kPlaces) {
      std::fill(part.begin(), part.end(), 0.0f);
      for (int64_t p = first; p < places && p < first + kPlaces; p++) {
        ForColumns(channels, [&](int64_t c, int count) {
          Put(part.data(), c, At(part.data(), c, count) + body(At(image + p * channels, c, count), p, c, count), count);
        });
      }
      AddTo(sums, part.data(), channels);
    }
  }

  Statistics Of(const float* image) const {
    Statistics s{std::vector<float>(channels), std::vector<float>(channels)};
    SumPlaces(image, s.mean.data(), [](Vector value, int64_t, int64_t, int) { return value; });
    for (float& mean : s.mean) mean /= places;
    ShareInGroups(s.mean, groups);
    SumPlaces(image, s.inverse.data(), [&](Vector value, int64_t, int64_t c, int count) {
      const Vector centred = value - At(s.mean.data(), c, count);
      return centred * centred;
    });
    for (float& variance : s.inverse) variance /= places;
    ShareInGroups(s.inverse, groups);
    for (float& inverse : s.inverse) inverse = 1 / std::sqrt(inverse + epsilon);
    return s;
  }
};

struct GroupNorm {
  float epsilon;
  int32_t groups;
  explicit GroupNorm(TF_OpKernelConstruction* c)
      : epsilon(FloatAttribute(c, "epsilon")), groups(IntegerAttribute(c, "groups")) {}

  Images Of(const Tensor& x, const Tensor& scale) const {
    const int64_t channels = scale.size(), examples = x.dim(0);
    return {examples, examples ? x.size() / examples / channels : 0, channels, groups, epsilon};
  }

  void Compute(Call& call) {
    const Tensor x = call.Input(0), scale = call.Input(1), shift = call.Input(2);
    const Tensor y = call.Output(0, x.shape());
    const Images all = Of(x, scale);
    const int64_t channels = all.channels, size = all.places * channels;
    ParallelFor(all.examples, 1, [&](int64_t example, int64_t) {
      const float* image = x.floats() + example * size;
      float* to = y.floats() + example * size;
      const Statistics s = all.Of(image);
      std::vector<float> factor(channels);
      for (int64_t c = 0; c < channels; c++) factor[c] = s.inverse[c] * scale.floats()[c];
      for (int64_t p = 0; p < all.places; p++) {
        ForColumns(channels, [&](int64_t c, int count) {
          const Vector centred = At(image + p * channels, c, count) - At(s.mean.data(), c, count);
          Put(to + p * channels, c, centred * At(factor.data(), c, count) + At(shift.floats(), c, count), count);
        });
      }
    }, 2);
  }
};

// With n the normalised image and g = dy · scale: dx = (g - mean(g) - n · mean(g · n)) / deviation, means over a group.
struct GroupNormGrad : GroupNorm {
  using GroupNorm::GroupNorm;

  void Compute(Call& call) {
    const Tensor x = call.Input(0), scale = call.Input(1), dy = call.Input(2);
    const Tensor dx = call.Output(0, x.shape()), dscale = call.Output(1, scale.shape()), dshift = call.Output(2, scale.shape());
    const Images all = Of(x, scale);
    const int64_t channels = all.channels, size = all.places * channels;
    std::vector<float> scales(all.examples * channels), shifts(all.examples * channels);
    ParallelFor(all.examples, 1, [&](int64_t example, int64_t) {
      const float *image = x.floats() + example * size, *cotangent = dy.floats() + example * size;
      const Statistics s = all.Of(image);
      float *aligned = &scales[example * channels], *sums = &shifts[example * channels];
      all.SumPlaces(cotangent, sums, [](Vector change, int64_t, int64_t, int) { return change; });
      all.SumPlaces(cotangent, aligned, [&](Vector change, int64_t p, int64_t c, int count) {
        return change * (At(image + p * channels, c, count) - At(s.mean.data(), c, count));
      });
      std::vector<float> slope(channels), mean(channels), factor(channels);
      for (int64_t c = 0; c < channels; c++) {
        aligned[c] *= s.inverse[c];
        slope[c] = aligned[c] * scale.floats()[c] / all.places;
        mean[c] = sums[c] * scale.floats()[c] / all.places;
      }
      ShareInGroups(slope, all.groups);
      ShareInGroups(mean, all.groups);
      // dx = dy · factor - (x - mean of x) · slope - mean
      for (int64_t c = 0; c < channels; c++) {
        factor[c] = s.inverse[c] * scale.floats()[c];
        slope[c] *= s.inverse[c] * s.inverse[c];
        mean[c] *= s.inverse[c];
      }
      float* to = dx.floats() + example * size;
      for (int64_t p = 0; p < all.places; p++) {
        ForColumns(channels, [&](int64_t c, int count) {
          const Vector own = At(cotangent + p * channels, c, count) * At(factor.data(), c, count);
          const Vector centred = At(image + p * channels, c, count) - At(s.mean.data(), c, count);
          Put(to + p * channels, c, own - centred * At(slope.data(), c, count) - At(mean.data(), c, count), count);
        });
      }
    }, 2);
    SumParts(scales, all.examples, channels, dscale.floats());
    SumParts(shifts, all.examples, channels, dshift.floats());
  }
};

const bool registered =
    Register<GroupNorm>({"GradfoldGroupNorm",
                         {"x: float", "scale: float", "shift: float"},
                         {"y: float"},
                         {"epsilon: float", "groups: int"}}) &&
    Register<GroupNormGrad>({"GradfoldGroupNormGrad",
                             {"x: float", "scale: float", "dy: float"},
                             {"dx: float", "dscale: float", "dshift: float"},
                             {"epsilon: float", "groups: int"}});

}  // namespace
}  // namespace gradfold
