#include "actors/runtime/pool_scheduler.hpp"

#include "net/work_pool.hpp"

#include <caf/actor_system.hpp>
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <deque>
#include <thread>
#include <utility>

namespace tidegate::actors {

namespace {

class pool_scheduler final : public caf::scheduler::abstract_coordinator {
 public:
  pool_scheduler(caf::actor_system& system, std::shared_ptr<net::work_pool> pool)
    : abstract_coordinator(system), pool_(std::move(pool)) {
    for (std::size_t i = 0; i < pool_->size(); ++i) units_.emplace_back(*this);
  }

  void enqueue(caf::resumable* what) override {
    if (!pool_->submit({&pool_scheduler::resume, this, what})) cleanup_and_release(what);
  }

  caf::detail::thread_safe_actor_clock& clock() noexcept override { return clock_; }

 protected:
  void start() override {
    timers_ = std::thread{[this] { clock_.run_dispatch_loop(); }};
    abstract_coordinator::start();
  }

  void stop() override {
    stop_actors();
    for (const auto& one : pool_->stop()) cleanup_and_release(static_cast<caf::resumable*>(one.what));
    clock_.cancel_dispatch_loop();
    timers_.join();
  }

 private:
  /// What an actor that runs on a thread of the pool sees of it.
  class unit final : public caf::execution_unit {
   public:
    explicit unit(pool_scheduler& scheduler) : execution_unit(&scheduler.system()), scheduler_(scheduler) {}
    void exec_later(caf::resumable* what) override { scheduler_.enqueue(what); }

   private:
    pool_scheduler& scheduler_;
  };

  static void resume(void* self, void* what, std::size_t thread) {
    auto& scheduler = *static_cast<pool_scheduler*>(self);
    auto* actor = static_cast<caf::resumable*>(what);
    // One that has more to do keeps its reference and its place behind the others.
    if (actor->resume(&scheduler.units_[thread], scheduler.max_throughput_) == caf::resumable::resume_later)
      scheduler.enqueue(actor);
    else
      intrusive_ptr_release(actor);
  }

  const std::shared_ptr<net::work_pool> pool_;
  std::deque<unit> units_;  // one per thread
  caf::detail::thread_safe_actor_clock clock_;
  std::thread timers_;
};

}  // namespace

void run_actors_on(const std::shared_ptr<net::work_pool>& pool, caf::actor_system_config& config) {
  config.module_factories.emplace_back(
    [pool](caf::actor_system& system) -> caf::actor_system::module* { return new pool_scheduler(system, pool); });
}

}  // namespace tidegate::actors
