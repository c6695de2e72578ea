#include "smq/fencing/node_start.hpp"

#include "messages/common/fault_point.hpp"
#include "smq/fencing/field_io.hpp"

#include <algorithm>
#include <future>
#include <memory>
#include <optional>

namespace tidegate::smq {

namespace {

constexpr std::uint8_t cluster_format = 1;
constexpr std::chrono::milliseconds max_backoff{1000};
constexpr int most_timeouts = 15;  // of a store that answers, but so slowly that there is no end of it

enum class write_step : std::uint8_t { written, changed, failed };

// The steps of a start, one after the other. The first error ends it: `failure` says which.
class starter {
 public:
  starter(entry_port& entries, const node_options& options, const uuid& incarnation, const uuid_source& random)
    : entries_(entries),
      options_(options),
      incarnation_(incarnation),
      random_(random),
      latest_(options.now() + most_timeouts * options.start_timeout),
      deadline_(options.now() + options.start_timeout),
      backoff_(options.first_backoff) {}

  result<node_identity> run();

 private:
  using content = std::optional<std::string>;

  template <class T, class Call>
  T wait_for(Call call) {
    auto answer = std::make_shared<std::promise<T>>();
    auto future = answer->get_future();
    call([answer](T value) { answer->set_value(std::move(value)); });
    return future.get();
  }

  /// The store is there, however slow: the time begins anew.
  void answered() { deadline_ = std::min(options_.now() + options_.start_timeout, latest_); }
  time_point step_deadline() const { return std::min(options_.now() + options_.port_timeout, deadline_); }
  bool fail(status code, std::string reason);
  bool pause();
  bool read(const std::string& path, content& found);
  write_step put(const std::string& path, const content& before, const std::string& after);
  bool read_view(content& found, view_entry& view);
  bool take_over(const view_entry& view);
  bool take_fence(const uuid& owner, std::uint32_t shard);
  bool write_own_fences(node_identity& self);
  bool join_cluster(node_identity& self);

  entry_port& entries_;
  const node_options& options_;
  const uuid incarnation_;
  const uuid_source& random_;
  const time_point latest_;
  time_point deadline_;
  std::chrono::milliseconds backoff_;
  outcome failure_;
};

bool starter::fail(status code, std::string reason) {
  failure_ = {code, std::move(reason), 0};
  return false;
}

bool starter::pause() {
  if (options_.now() >= deadline_) return fail(status::unknown, "the store did not answer in time");
  if (options_.pause) {
    options_.pause(backoff_);
  } else {
    std::promise<void> never;
    never.get_future().wait_for(backoff_);
  }
  backoff_ = std::min(backoff_ * 2, max_backoff);
  return true;
}

bool starter::read(const std::string& path, content& found) {
  for (;;) {
    auto answer = wait_for<result<entry>>([&](auto done) { entries_.get(path, step_deadline(), std::move(done)); });
    if (answer.is_ok() || answer.what.code == status::absent) {
      answered();
      found = answer.is_ok() ? content{std::move(answer.value.content)} : std::nullopt;
      return true;
    }
    if (answer.what.code == status::refused) return fail(status::refused, path + ": " + answer.what.reason);
    if (!pause()) return false;
  }
}

// Replaces `before` by `after` with as many identical attempts as it takes; `after` must never have been used before.
write_step starter::put(const std::string& path, const content& before, const std::string& after) {
  bool doubt = false;
  for (;;) {
    auto what = wait_for<outcome>([&](auto done) {
      entries_.transact({path, before}, {{mutation::kind::put, {path, after, {}, {}}}}, step_deadline(),
                        std::move(done));
    });
    if (what.is_ok()) {
      answered();
      return write_step::written;
    }
    if (what.code == status::refused && !doubt) {
      fail(status::refused, path + ": " + what.reason);
      return write_step::failed;
    }
    doubt = true;
    content now;
    if (!read(path, now)) return write_step::failed;
    if (now == after) return write_step::written;
    if (now != before) return write_step::changed;
    if (!pause()) return write_step::failed;
  }
}

bool starter::read_view(content& found, view_entry& view) {
  if (!read(view_path(), found)) return false;
  if (!found) return true;
  auto decoded = decode_view(*found);
  if (!decoded) return fail(status::refused, view_path() + " is damaged");
  view = std::move(*decoded);
  return true;
}

bool starter::take_over(const view_entry& view) {
  for (const auto& member : view.members) {
    if (member.incarnation == incarnation_) return fail(status::refused, "this incarnation is in the view already");
    for (std::uint32_t shard = 0; shard < member.shard_count; ++shard)
      if (!take_fence(member.incarnation, shard)) return false;
  }
  return true;
}

bool starter::take_fence(const uuid& owner, std::uint32_t shard) {
  auto path = fence_path(owner, shard);
  for (;;) {
    content before;
    if (!read(path, before)) return false;
    fence taken{incarnation_, 1, 0, random_(), {}};
    if (before) {
      auto old = decode_fence(*before);
      if (!old) return fail(status::refused, path + " is damaged");
      taken.epoch = old->epoch + 1;
      // Whose writes are proven by it is its first owner's chain, however often it is taken.
      taken.previous = old->incarnation == owner ? *before : old->previous;
    }
    switch (put(path, before, encode(taken))) {
      case write_step::written:
        TIDEGATE_FAULT_POINT("node.start.fence_taken");
        return true;
      case write_step::failed:
        return false;
      case write_step::changed:
        break;  // the owner is still writing, or another node takes it too
    }
  }
}

bool starter::write_own_fences(node_identity& self) {
  for (std::uint32_t shard = 0; shard < options_.shard_count; ++shard) {
    fence own{incarnation_, 1, 0, random_(), {}};
    auto path = fence_path(incarnation_, shard);
    switch (put(path, std::nullopt, encode(own))) {
      case write_step::written:
        break;
      case write_step::failed:
        return false;
      case write_step::changed:
        return fail(status::refused, path + " exists: the incarnation is not new");
    }
    TIDEGATE_FAULT_POINT("node.start.own_fence_written");
    self.shards.push_back(own);
  }
  return true;
}

/// The cluster's id, drawn once, and the filer that it lives on. Another filer may lack what this one acknowledged, and
/// knows nothing of the locks of this one: only a person may say that it is the right one now.
bool starter::join_cluster(node_identity& self) {
  const auto& address = options_.store_address;
  for (;;) {
    content view;
    content found;
    if (!read(view_path(), view) || !read(cluster_path(), found)) return false;
    if (view && !found)  // it is written behind the cluster
      return fail(status::refused, cluster_path() + " is gone, and " + view_path() + " is there: the store lost entries");
    auto id = found ? uuid{} : random_();
    self.is_first = !found;
    std::string last_address;
    if (found) {
      field_reader in{*found};
      const auto version = in.integer<std::uint8_t>();
      id = in.id();
      if (in.left() > 0) last_address = in.text();
      if (in.failed() || version == 0) return fail(status::refused, cluster_path() + " is damaged");
    }
    self.cluster_id = to_base64url(id);
    if (found && (address.empty() || address == last_address)) return true;
    if (!last_address.empty() && !options_.address_is_named)
      return fail(status::refused, "until now the filer was " + last_address + ", and the masters name " + address +
                                     ": another filer may lack what was acknowledged; name the right one (smq.filer)");
    field_writer out;
    out.integer(cluster_format).id(id);
    if (!address.empty()) out.text(address).id(random_());  // no content is used twice
    switch (put(cluster_path(), found, out.take())) {
      case write_step::written: return true;
      case write_step::failed: return false;
      case write_step::changed: break;  // another node was faster
    }
  }
}

result<node_identity> starter::run() {
  node_identity self{incarnation_, options_.node_id, 0, {}, {}, {}};
  auto failed = [this] { return result<node_identity>{failure_, {}}; };
  if (options_.shard_count == 0) return {{status::refused, "a node needs a shard", 0}, {}};
  if (!join_cluster(self)) return failed();
  bool fences_written = false;
  for (;;) {
    content before;
    view_entry view;
    if (!read_view(before, view) || !take_over(view)) return failed();
    if (!fences_written && !write_own_fences(self)) return failed();
    fences_written = true;
    TIDEGATE_FAULT_POINT("node.start.before_view");
    view_entry next{view.version + 1, view_state::active, random_(), {}};
    next.members.push_back({incarnation_, options_.node_id, options_.shard_count, options_.addresses});
    switch (put(view_path(), before, encode(next))) {
      case write_step::failed:
        return failed();
      case write_step::written:
        TIDEGATE_FAULT_POINT("node.start.view_written");
        self.view_version = next.version;
        self.view = std::move(next);
        return {{}, std::move(self)};
      case write_step::changed:  // another node was faster: it must be fenced too
        if (!pause()) return failed();
    }
  }
}

}  // namespace

result<node_identity> start_node(entry_port& entries, const node_options& options, const uuid& incarnation,
                                 const uuid_source& random) {
  return starter{entries, options, incarnation, random}.run();
}

}  // namespace tidegate::smq
