// Sums and rows in place: gradients of chunks, rows of a table, columns of a matrix, rows of a memory.

#include <algorithm>

#include "kernel.h"
#include "parallel.h"
#include "rows.h"

namespace gradfold {
namespace {

constexpr int64_t kGrain = 16384;
constexpr int64_t kRows = 128;

// Adds x to `sum`, again and again if `sum` is larger. Its buffer must belong to the caller alone.
struct Accumulate {
  explicit Accumulate(TF_OpKernelConstruction*) {}
  void Compute(Call& call) {
    const Tensor sum = call.Input(0), x = call.Input(1);
    const int64_t size = sum.size(), width = x.size();
    if (size == width) {
      ParallelFor(size, kGrain, [&](int64_t from, int64_t to) { AddTo(sum.floats() + from, x.floats() + from, to - from); });
    } else if (width > 0) {
      ParallelFor(size / width, std::max<int64_t>(1, kGrain / width), [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; i++) AddTo(sum.floats() + i * width, x.floats(), width);
      });
    }
  }
};

// Adds each of the last half of its inputs to the one at the same place in the first half; see Accumulate.
struct AccumulateAll {
  int32_t count;
  explicit AccumulateAll(TF_OpKernelConstruction* c) : count(IntegerAttribute(c, "count")) {}
  void Compute(Call& call) {
    for (int32_t i = 0; i < count; i++) {
      const Tensor sum = call.Input(i), x = call.Input(count + i);
      ParallelFor(x.size(), kGrain, [&](int64_t from, int64_t to) { AddTo(sum.floats() + from, x.floats() + from, to - from); });
    }
  }
};

// Adds rows[i / perRow] times weights[i] to row ids[i] of `sum`, in order. Each thread takes columns of its own.
struct AccumulateRows {
  explicit AccumulateRows(TF_OpKernelConstruction*) {}
  void Compute(Call& call) {
    const Tensor sum = call.Input(0), ids = call.Input(1), weights = call.Input(2), rows = call.Input(3);
    const int64_t width = sum.dim(1), count = ids.size(), vocabulary = sum.dim(0);
    const int64_t perRow = rows.size() ? count * width / rows.size() : 1;
    const bool weighted = weights.size() > 0;
    ParallelFor(width, 64, [&](int64_t from, int64_t to) {
      for (int64_t i = 0; i < count; i++) {
        const int64_t id = ids.integers()[i];
        const float weight = weighted ? weights.floats()[i] : 1;
        if (weight == 0 || id < 0 || id >= vocabulary) continue;
        AddTo(sum.floats() + id * width + from, rows.floats() + i / perRow * width + from, to - from, weight);
      }
    });
  }
};

// [rows, width] to [width], in sums over parts of the rows and the sum of those.
struct SumRows {
  explicit SumRows(TF_OpKernelConstruction*) {}
  void Compute(Call& call) {
    const Tensor x = call.Input(0);
    const int64_t rows = x.dim(0), width = x.dim(1), parts = Parts(rows, kRows);
    const Tensor y = call.Output(0, {width});
    std::vector<float> sums(parts * width);
    ParallelFor(rows, kRows, [&](int64_t first, int64_t end) {
      for (int64_t i = first; i < end; i++) AddTo(&sums[first / kRows * width], x.floats() + i * width, width);
    });
    SumParts(sums, parts, width, y.floats());
  }
};

// Writes rows over those of `table`: `place` is the row to begin at, the first to take, and how many. They may be the
// table's own.
struct WriteRows {
  explicit WriteRows(TF_OpKernelConstruction*) {}
  void Compute(Call& call) {
    const Tensor table = call.Input(0), place = call.Input(1), rows = call.Input(2);
    const int64_t dim = table.dim(1), to = place.integers()[0], from = place.integers()[1], count = place.integers()[2];
    std::memmove(table.floats() + to * dim, rows.floats() + from * dim, count * dim * sizeof(float));
  }
};

const bool registered =
    Register<Accumulate>({"GradfoldAccumulate", {"sum: float", "x: float"}, {}, {}}) &&
    Register<AccumulateAll>(
        {"GradfoldAccumulateAll", {"sums: count * float", "terms: count * float"}, {}, {"count: int >= 1"}}) &&
    Register<AccumulateRows>(
        {"GradfoldAccumulateRows", {"sum: float", "ids: int32", "weights: float", "rows: float"}, {}, {}}) &&
    Register<SumRows>({"GradfoldSumRows", {"x: float"}, {"y: float"}, {}}) &&
    Register<WriteRows>({"GradfoldWriteRows", {"table: float", "place: int32", "rows: float"}, {}, {}});

}  // namespace
}  // namespace gradfold
