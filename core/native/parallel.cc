#include "parallel.h"

#include <optional>

#include "kernel.h"
#include "tensorflow/core/framework/device_base.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/platform/threadpool.h"

namespace gradfold {

void ParallelFor(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body, int64_t worthwhile) {
  using Pool = tsl::thread::ThreadPool;
  const int64_t parts = Parts(count, grain);
  // TensorFlow's own threads are awake between its operations, and another pool's would be in their way. The C interface
  // has no word for them; its context is TensorFlow's.
  auto* context = static_cast<tensorflow::OpKernelContext*>(Call::Current());
  Pool* pool = context->device()->tensorflow_cpu_worker_threads()->workers;
  if (parts < worthwhile || pool->NumThreads() < 2) {
    for (int64_t i = 0; i < parts; i++) body(i * grain, i + 1 == parts ? count : (i + 1) * grain);
    return;
  }
  pool->ParallelFor(count, Pool::SchedulingParams(Pool::SchedulingStrategy::kFixedBlockSize, std::nullopt, grain), body);
}

}  // namespace gradfold
