#include "smq/embedded/disk_reads.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <utility>

namespace tidegate::smq::embedded {

namespace asio = boost::asio;

namespace {

constexpr std::size_t max_waiting_hints = 256;

/// A pool with an end to its queue.
struct bounded_pool {
  bounded_pool(std::size_t threads, std::size_t most) : max_waiting(most), pool(threads) {}

  bool run(std::function<void()> what) {
    if (waiting.fetch_add(1) >= max_waiting) {
      --waiting;
      return false;
    }
    asio::post(pool, [this, what = std::move(what)] {
      what();
      --waiting;
    });
    return true;
  }

  const std::size_t max_waiting;
  std::atomic<std::size_t> waiting{0};
  asio::thread_pool pool;  // the last member: its threads use the others
};

}  // namespace

struct disk_reads::pools {
  pools(std::size_t threads, std::size_t max_waiting) : reads(threads, max_waiting), hints(1, max_waiting_hints) {}

  bounded_pool reads;
  bounded_pool hints;
};

disk_reads::disk_reads(std::size_t threads, std::size_t max_waiting)
  : pools_(std::make_unique<pools>(threads, max_waiting)) {}

disk_reads::~disk_reads() { finish(); }

void disk_reads::finish() {
  pools_->reads.pool.join();
  pools_->hints.pool.join();
}

bool disk_reads::run(std::function<void()> read) { return pools_->reads.run(std::move(read)); }

void disk_reads::run_hint(std::function<void()> hint) { pools_->hints.run(std::move(hint)); }

}  // namespace tidegate::smq::embedded
