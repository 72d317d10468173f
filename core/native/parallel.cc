#include "parallel.h"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif

namespace gradfold {
namespace {

int CoreCount() {
  if (const char* chosen = std::getenv("TF_NUM_INTRAOP_THREADS")) {
    const int count = std::atoi(chosen);
    if (count > 0) return count;
  }
#ifdef __linux__
  // The cores that this process may run on, which in a container are fewer than the machine's.
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) return CPU_COUNT(&allowed);
#endif
  const int count = static_cast<int>(std::thread::hardware_concurrency());
  return count > 0 ? count : 1;
}

// Threads that wait for a job; the thread that brings one works on it too.
class Pool {
 public:
  explicit Pool(int threads) {
    for (int i = 1; i < threads; i++) std::thread([this] { Work(); }).detach();
    helpers_ = threads - 1;
  }

  void Run(const std::function<void()>& job) {
    std::lock_guard<std::mutex> one_at_a_time(running_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      job_ = &job;
      pending_ = helpers_;
      generation_++;
    }
    wake_.notify_all();
    job();
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return pending_ == 0; });
  }

  int threads() const { return helpers_ + 1; }

 private:
  void Work() {
    uint64_t seen = 0;
    for (;;) {
      const std::function<void()>* job;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [&] { return generation_ != seen; });
        seen = generation_;
        job = job_;
      }
      (*job)();
      {
        std::lock_guard<std::mutex> lock(mutex_);
        pending_--;
      }
      done_.notify_one();
    }
  }

  std::mutex running_, mutex_;
  std::condition_variable wake_, done_;
  const std::function<void()>* job_ = nullptr;
  uint64_t generation_ = 0;
  int pending_ = 0;
  int helpers_ = 0;
};

// Never destroyed: its threads may outlive the statics of the library.
Pool& ThePool() {
  static Pool& pool = *new Pool(CoreCount());
  return pool;
}

}  // namespace

void ParallelFor(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body, int64_t worthwhile) {
  const int64_t parts = Parts(count, grain);
  const auto part = [&](int64_t i) { body(i * grain, i + 1 == parts ? count : (i + 1) * grain); };
  if (parts < worthwhile || ThePool().threads() < 2) {
    for (int64_t i = 0; i < parts; i++) part(i);
    return;
  }
  std::atomic<int64_t> next{0};
  ThePool().Run([&] {
    for (int64_t i = next++; i < parts; i = next++) part(i);
  });
}

}  // namespace gradfold
