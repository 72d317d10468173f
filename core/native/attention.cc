// Self-attention of padded sequences in several heads, and its gradient, which computes the probabilities again.

#include <cmath>
#include <limits>

#include "kernel.h"
#include "parallel.h"
#include "small_product.h"

namespace gradfold {
namespace {

// The widths that a product of one head has: `length` places of `depth` numbers, `stride` apart; `padded` is the length
// up to full vectors.
struct Sizes {
  int64_t length, depth, stride, padded;
};

// What a thread needs for one head: keys or values turned, probabilities, and their cotangents.
struct Scratch {
  std::vector<float> turned, probabilities, cotangents;
  explicit Scratch(const Sizes& s)
      : turned(s.depth * s.padded), probabilities(s.length * s.padded), cotangents(s.length * s.padded) {}
};

// [length, depth] to [depth, padded], zeros behind the length.
void Turn(const Sizes& s, const float* from, int64_t stride, float* to) {
  for (int64_t j = 0; j < s.depth; j++) {
    for (int64_t i = 0; i < s.length; i++) to[j * s.padded + i] = from[i * stride + j];
    for (int64_t i = s.length; i < s.padded; i++) to[j * s.padded + i] = 0;
  }
}

// Turns scores into probabilities; places behind the length get none.
void Softmax(const Sizes& s, const float* bias, float* rows) {
  for (int64_t i = 0; i < s.length; i++) {
    float* row = rows + i * s.padded;
    Vector most = Fill(-std::numeric_limits<float>::infinity());
    for (int64_t j = 0; j < s.padded; j += kLanes) {
      const Vector score = Load(row + j) + Load(bias + j);
      Store(row + j, score);
      most = Choose(score > most, score, most);
    }
    float peak = most[0];
    for (int k = 1; k < kLanes; k++) peak = most[k] > peak ? most[k] : peak;
    Vector sum = {};
    for (int64_t j = 0; j < s.padded; j += kLanes) {
      Vector power = Exp(Load(row + j) - peak);
      if (j + kLanes > s.length) power = LoadSome(reinterpret_cast<const float*>(&power), static_cast<int>(s.length - j));
      Store(row + j, power);
      sum += power;
    }
    const float inverse = 1 / Sum(sum);
    for (int64_t j = 0; j < s.padded; j += kLanes) Store(row + j, Load(row + j) * inverse);
  }
}

void Probabilities(const Sizes& s, const float* queries, const float* keys, const float* bias, Scratch& scratch) {
  const float factor = 1 / std::sqrt(static_cast<float>(s.depth));
  Turn(s, keys, s.stride, scratch.turned.data());
  SmallProduct(s.length, s.depth, s.padded, {queries, s.stride, 1}, scratch.turned.data(), s.padded,
               scratch.probabilities.data(), s.padded, factor);
  Softmax(s, bias, scratch.probabilities.data());
}

// What is common to both kernels: the shapes, and a bias that hides padding.
struct Sequences {
  Sizes sizes;
  int64_t examples, heads, width;
  std::vector<float> bias;

  Sequences(const Tensor& projected, const Tensor& mask, int64_t heads)
      : examples(mask.dim(0)), heads(heads), width(projected.dim(1) / 3) {
    const int64_t length = mask.dim(1), padded = (length + kLanes - 1) / kLanes * kLanes;
    sizes = {length, width / heads, 3 * width, padded};
    // exp(-1e9) is 0, while -1e9 itself is finite: a row of padding alone stays defined.
    // Places behind the length are none at all.
    bias.assign(examples * padded, -std::numeric_limits<float>::infinity());
    for (int64_t i = 0; i < examples; i++) {
      for (int64_t j = 0; j < length; j++) bias[i * padded + j] = mask.floats()[i * length + j] == 0 ? -1e9f : 0;
    }
  }

  // Runs body(queries' offset, output's offset, bias, scratch) for each head of each example.
  template <typename Body>
  void ForHeads(const Body& body) const {
    const auto part = [&](int64_t first, int64_t end) {
      Scratch scratch(sizes);
      for (int64_t i = first; i < end; i++) {
        for (int64_t head = 0; head < heads; head++) {
          const int64_t place = i * sizes.length;
          body(place * sizes.stride + head * sizes.depth, place * width + head * sizes.depth, &bias[i * sizes.padded], scratch);
        }
      }
    };
    ParallelFor(examples, 4, part, 2);
  }
};

struct Attention {
  int32_t heads;
  explicit Attention(TF_OpKernelConstruction* c) : heads(IntegerAttribute(c, "heads")) {}
  void Compute(Call& call) {
    const Tensor projected = call.Input(0), mask = call.Input(1);
    const Sequences all(projected, mask, heads);
    const Sizes& s = all.sizes;
    const Tensor y = call.Output(0, {projected.dim(0), all.width});
    const float* from = projected.floats();
    float* to = y.floats();
    all.ForHeads([&](int64_t in, int64_t out, const float* bias, Scratch& scratch) {
      Probabilities(s, from + in, from + in + all.width, bias, scratch);
      SmallProduct(s.length, s.length, s.depth, {scratch.probabilities.data(), s.padded, 1}, from + in + 2 * all.width,
                   s.stride, to + out, all.width, 1);
    });
  }
};

struct AttentionGrad {
  int32_t heads;
  explicit AttentionGrad(TF_OpKernelConstruction* c) : heads(IntegerAttribute(c, "heads")) {}
  void Compute(Call& call) {
    const Tensor projected = call.Input(0), mask = call.Input(1), dy = call.Input(2);
    const Sequences all(projected, mask, heads);
    const Sizes& s = all.sizes;
    const Tensor dprojected = call.Output(0, projected.shape());
    const float *from = projected.floats(), *cotangents = dy.floats();
    float* to = dprojected.floats();
    const float factor = 1 / std::sqrt(static_cast<float>(s.depth));
    all.ForHeads([&](int64_t in, int64_t out, const float* bias, Scratch& scratch) {
      const float *queries = from + in, *keys = queries + all.width, *values = keys + all.width, *dz = cotangents + out;
      float *dqueries = to + in, *dkeys = dqueries + all.width, *dvalues = dkeys + all.width;
      float *p = scratch.probabilities.data(), *d = scratch.cotangents.data();
      Probabilities(s, queries, keys, bias, scratch);
      SmallProduct(s.length, s.length, s.depth, {p, 1, s.padded}, dz, all.width, dvalues, s.stride, 1);
      Turn(s, values, s.stride, scratch.turned.data());
      SmallProduct(s.length, s.depth, s.padded, {dz, all.width, 1}, scratch.turned.data(), s.padded, d, s.padded, 1);
      for (int64_t i = 0; i < s.length; i++) {
        float *row = d + i * s.padded, *share = p + i * s.padded;
        Vector aligned = {};
        for (int64_t j = 0; j < s.padded; j += kLanes) aligned += Load(row + j) * Load(share + j);
        const float mean = Sum(aligned);
        for (int64_t j = 0; j < s.padded; j += kLanes) Store(row + j, (Load(row + j) - mean) * Load(share + j));
      }
      SmallProduct(s.length, s.length, s.depth, {d, s.padded, 1}, keys, s.stride, dqueries, s.stride, factor);
      SmallProduct(s.length, s.length, s.depth, {d, 1, s.padded}, queries, s.stride, dkeys, s.stride, factor);
    });
  }
};

const bool registered =
    Register<Attention>({"GradfoldAttention", {"projected: float", "mask: float"}, {"y: float"}, {"heads: int"}}) &&
    Register<AttentionGrad>(
        {"GradfoldAttentionGrad", {"projected: float", "mask: float", "dy: float"}, {"dprojected: float"}, {"heads: int"}});

}  // namespace
}  // namespace gradfold
