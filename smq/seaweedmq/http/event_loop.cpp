#include "smq/seaweedmq/http/event_loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <thread>

namespace tidegate::smq::seaweedmq {

namespace asio = boost::asio;

struct event_loop::implementation {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> open = asio::make_work_guard(context);
  std::thread thread{[this] { context.run(); }};
};

event_loop::event_loop() : impl_(std::make_unique<implementation>()) {}

event_loop::~event_loop() { stop({}); }

void event_loop::post(std::function<void()> work) { asio::post(impl_->context, std::move(work)); }

void event_loop::stop(std::function<void()> last) {
  if (!impl_->thread.joinable()) return;
  asio::post(impl_->context, [this, last = std::move(last)] {
    if (last) last();
    impl_->context.stop();
  });
  impl_->thread.join();
}

asio::io_context& event_loop::context() { return impl_->context; }

struct loop_timer::implementation {
  explicit implementation(asio::io_context& context) : timer(context) {}
  asio::steady_timer timer;
  std::function<void()> fire;
  std::uint64_t number = 0;  // of the alarm that counts
};

loop_timer::loop_timer(event_loop& loop) : impl_(std::make_shared<implementation>(loop.context())) {}

loop_timer::~loop_timer() { cancel(); }

void loop_timer::set(time_point at, std::function<void()> fire) {
  impl_->fire = std::move(fire);
  const auto number = ++impl_->number;
  impl_->timer.expires_at(at);
  impl_->timer.async_wait([impl = impl_, number](boost::system::error_code) {
    if (impl->number != number) return;
    ++impl->number;
    std::exchange(impl->fire, {})();
  });
}

void loop_timer::cancel() {
  ++impl_->number;
  impl_->fire = {};
  impl_->timer.cancel();
}

}  // namespace tidegate::smq::seaweedmq
