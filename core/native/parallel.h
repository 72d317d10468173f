// Work shared among the processor's cores.

#pragma once

#include <cstdint>
#include <functional>

namespace gradfold {

// Runs body(from, to) on parts of 0 … count - 1, on all cores at a time, and returns when all are done. Parts are of
// `grain` items but the last, and are the same whatever the number of cores, so that sums over a part are too. Fewer than
// `worthwhile` parts are not worth waking another thread for, which takes as long as some hundred thousand additions.
void ParallelFor(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body, int64_t worthwhile = 8);

// How many parts ParallelFor makes.
inline int64_t Parts(int64_t count, int64_t grain) { return (count + grain - 1) / grain; }

}  // namespace gradfold
