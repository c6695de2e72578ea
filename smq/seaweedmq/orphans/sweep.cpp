#include "smq/seaweedmq/orphans/sweep.hpp"

#include "smq/fencing/field_io.hpp"
#include "smq/fencing/formats.hpp"
#include "smq/seaweedmq/address.hpp"
#include "smq/seaweedmq/discovery.hpp"
#include "smq/seaweedmq/entries.hpp"
#include "smq/seaweedmq/filer_directory.hpp"
#include "smq/seaweedmq/http/chunk_store.hpp"
#include "smq/seaweedmq/http/file_id.hpp"
#include "smq/seaweedmq/orphans/named_chunks.hpp"
#include "smq/seaweedmq/orphans/needle_set.hpp"
#include "smq/seaweedmq/orphans/verdict.hpp"
#include "smq/seaweedmq/orphans/volume_servers.hpp"

#include <future>
#include <map>
#include <memory>
#include <set>

namespace tidegate::smq::seaweedmq {

namespace {

constexpr std::chrono::seconds patience{60};
constexpr std::chrono::seconds find_patience{10};
constexpr std::chrono::seconds look_patience{10};
constexpr std::size_t max_doubts = 1000;  // that are told one by one
constexpr std::uint64_t max_manifest = 64ULL << 20U;
constexpr unsigned max_manifest_depth = 8;

time_point soon(std::chrono::seconds wait = patience) { return std::chrono::steady_clock::now() + wait; }

template <class T, class Call>
T wait_for(Call call) {
  // Shared: who answers may still be inside set_value() when the value is taken.
  const auto answered = std::make_shared<std::promise<T>>();
  auto value_later = answered->get_future();
  call([answered](T value) { answered->set_value(std::move(value)); });
  return value_later.get();
}

chunk_store_options chunk_options(const options& wanted) {
  chunk_store_options chosen;
  chosen.read_key = wanted.jwt_read_key;
  chosen.https = wanted.https;
  return chosen;
}

class sweep {
 public:
  sweep(const sweep_options& wanted, std::shared_ptr<filer> via, std::string filer_address,
        const std::function<void(const std::string&)>& progress)
    : wanted_(wanted), filer_(std::move(via)), filer_address_(std::move(filer_address)), progress_(progress),
      directory_(filer_, wanted.cluster), chunks_(directory_, chunk_options(wanted.cluster)),
      servers_(wanted.cluster.tls) {
    cutoff_ = cutoff_of(std::chrono::system_clock::now(), wanted.older_than);
  }

  sweep_report run() {
    if (const auto what = find_mark(); !what.is_ok()) doubt(what.reason);
    else if (list_needles() && erase_named()) judge_rest();
    if (more_doubts_ > 0) report_.doubts.push_back("and " + std::to_string(more_doubts_) + " more doubts");
    return std::move(report_);
  }

 private:
  void doubt(std::string why) {
    if (report_.doubts.size() == max_doubts) ++more_doubts_;
    else report_.doubts.push_back(std::move(why));
  }

  /// The store's own id, which its gateways put on their uploads. Without it this is not their filer.
  outcome find_mark() {
    entries files{filer_};
    const auto found = wait_for<result<entry>>([&](auto done) { files.get(cluster_path(), soon(), done); });
    if (found.what.code == status::absent) return {status::refused, "no tidegate keeps its records on this filer", 0};
    if (!found.is_ok()) return found.what;
    field_reader in{found.value.content};
    in.integer<std::uint8_t>();
    mark_ = to_base64url(in.id());
    const std::string address{in.text()};
    if (in.failed()) return {status::refused, cluster_path() + " is damaged", 0};
    if (address == filer_address_) return {};
    return {status::refused, "the gateways use the filer " + address + ", and this is " + filer_address_, 0};
  }

  bool list_needles() {
    progress_("listing volumes");
    auto found = list_volumes(wanted_.cluster, soon(find_patience));
    if (!found.is_ok()) return doubt("the masters do not list the volumes: " + found.what.reason), false;
    for (const auto id : found.value.ec_volumes)
      doubt("volume " + std::to_string(id) + " is erasure coded: it is not looked at");
    report_.volumes = found.value.volumes.size();
    for (auto& [id, volume] : found.value.volumes) list_needles_of(volume);
    known_ = std::move(found.value.all);
    report_.needles = candidates_.size();
    return true;
  }

  void list_needles_of(volume_info& volume) {
    const auto name = "volume " + std::to_string(volume.id);
    progress_("listing " + name);
    if (volume.servers.size() < volume.copies) {
      return doubt(name + " is kept: " + std::to_string(volume.servers.size()) + " of " +
                   std::to_string(volume.copies) + " copies are there");
    }
    std::vector<std::vector<std::uint64_t>> lists;
    for (const auto& server : volume.servers) {
      auto keys = servers_.keys(server, volume.id, soon());
      if (!keys.is_ok()) return doubt(name + " is kept: " + keys.what.reason);
      lists.push_back(std::move(keys.value));
    }
    for (const auto& keys : lists) candidates_.add(volume.id, keys);
    volumes_[volume.id] = std::move(volume.servers);
  }

  bool erase_named() {
    std::size_t named = 0;
    const on_named_chunk erase = [&](const named_chunk& chunk) {
      if (++named % 10'000 == 0) progress_("reading names: " + std::to_string(named) + " chunks");
      return erase_one(chunk, 0);
    };
    const auto walked = walk_named_chunks(*filer_, patience, erase);
    if (!walked.is_ok()) return doubt("nothing is judged: " + walked.what.reason), false;
    report_.entries = walked.value;
    report_missing();
    return true;
  }

  /// Volumes that names lead to and that no server had at first; some are new.
  void report_missing() {
    if (missing_.empty()) return;
    const auto now = list_volumes(wanted_.cluster, soon(find_patience));
    for (const auto id : missing_)
      if (!now.value.all.contains(id)) doubt("volume " + std::to_string(id) + " is away: it is not looked at");
  }

  outcome erase_one(const named_chunk& chunk, unsigned depth) {
    candidates_.erase(chunk.at);
    if (!known_.contains(chunk.at.volume)) missing_.insert(chunk.at.volume);
    if (!chunk.is_manifest) return {};
    const auto failed = [&](const std::string& why) {
      return outcome{status::unknown, "the list of chunks " + chunk.file_id + " cannot be read: " + why, 0};
    };
    if (chunk.is_encrypted) return failed("it is encrypted");
    if (depth == max_manifest_depth) return failed("too deep");
    const auto size = wait_for<result<stored_chunk>>(
      [&](auto done) { chunks_.look(chunk.file_id, {}, soon(), std::move(done)); });
    if (!size.is_ok()) return failed(size.what.reason);
    if (size.value.bytes > max_manifest) return failed("it is too large");
    const auto bytes = wait_for<result<shared_bytes>>(
      [&](auto done) { chunks_.get(chunk.file_id, 0, size.value.bytes, soon(), std::move(done)); });
    if (!bytes.is_ok()) return failed(bytes.what.reason);
    auto what = read_manifest(as_text(bytes.value.view()),
                              [&](const named_chunk& inner) { return erase_one(inner, depth + 1); });
    return what.is_ok() || what.code == status::unknown ? what : failed(what.reason);
  }

  void judge_rest() {
    while (!candidates_.is_empty()) {
      for (const auto& one : candidates_.take_volume()) {
        progress_("looking at what nobody names in volume " + std::to_string(one.volume));
        judge_one(one);
      }
    }
  }

  void judge_one(const needle& at) {
    const auto& on = volumes_.at(at.volume);
    std::vector<needle_copy> copies;
    for (const auto& server : on) copies.push_back(servers_.look(server, at, soon(look_patience)));
    auto now = judge(copies, {}, cutoff_);  // marks cost a request each: only of those that are old enough
    const auto id = to_string(file_id{at.volume, at.key, copies.front().cookie});
    if (now.is == verdict::foreign) {
      for (auto& copy : copies) read_mark(id, copy);
      now = judge(copies, mark_, cutoff_);
    }
    if (now.is == verdict::young) ++report_.young;
    if (now.is == verdict::foreign) ++report_.foreign;
    if (now.is == verdict::doubtful) doubt("chunk " + id + " is kept: " + now.reason);
    if (now.is == verdict::orphan) settle(id, on, copies.front());
  }

  void read_mark(const std::string& id, needle_copy& copy) {
    auto found = wait_for<result<stored_chunk>>(
      [&](auto done) { chunks_.look(id, copy.server, soon(look_patience), std::move(done)); });
    copy.what = std::move(found.what);
    copy.mark = std::move(found.value.mark);
  }

  void settle(const std::string& id, const std::vector<volume_server>& on, const needle_copy& seen) {
    orphan found{id, seen.bytes, seen.modified, {}, wanted_.deletes};
    for (const auto& server : on) {
      found.servers.push_back(server.http);
      if (!wanted_.deletes) continue;
      const auto what = servers_.erase(server, id, soon(look_patience));
      found.is_deleted = found.is_deleted && what.is_ok();
      if (!what.is_ok()) doubt("chunk " + id + " is not deleted everywhere: " + what.reason);
    }
    report_.orphans.push_back(std::move(found));
  }

  const sweep_options& wanted_;
  std::shared_ptr<filer> filer_;
  std::string filer_address_;
  const std::function<void(const std::string&)>& progress_;
  filer_directory directory_;
  chunk_store chunks_;
  volume_servers servers_;
  std::uint64_t cutoff_ = 0;
  std::string mark_;
  std::map<std::uint32_t, std::vector<volume_server>> volumes_;  // that are looked at
  std::set<std::uint32_t> known_;                                // volumes of every collection
  std::set<std::uint32_t> missing_;
  needle_set candidates_;
  sweep_report report_;
  std::size_t more_doubts_ = 0;
};

}  // namespace

sweep_report sweep_orphans(const sweep_options& wanted, const std::function<void(const std::string&)>& progress) {
  const auto failed = [](const std::string& why) {
    sweep_report report;
    report.doubts.push_back(why);
    return report;
  };
  const auto address = find_filer(wanted.cluster, soon(find_patience));
  if (!address.is_ok()) return failed(address.what.reason);
  auto via = filer::at(address.value, wanted.cluster.tls);
  if (!via.is_ok()) return failed(via.what.reason);
  return sweep(wanted, std::move(via.value), grpc_target(address.value).value_or(address.value), progress).run();
}

}  // namespace tidegate::smq::seaweedmq
