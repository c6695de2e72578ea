#include "smq/seaweedmq/engine.hpp"

#include "smq/seaweedmq/address.hpp"
#include "smq/seaweedmq/discovery.hpp"
#include "smq/seaweedmq/entries.hpp"
#include "smq/seaweedmq/filer.hpp"
#include "smq/seaweedmq/filer_directory.hpp"
#include "smq/seaweedmq/http/chunk_store.hpp"
#include "smq/seaweedmq/pem_files.hpp"
#include "smq/seaweedmq/storage_rules.hpp"
#include "smq/seaweedmq/tls_trouble.hpp"

#include <algorithm>
#include <future>

namespace tidegate::smq::seaweedmq {

namespace {

constexpr std::chrono::seconds release_patience{5};

/// "xyz" means x + y + z more copies in other data centers, racks and servers; "" is the cluster's own default, of
/// which only the first copy is certain.
unsigned copies_of(const std::string& replication) {
  unsigned copies = 1;
  for (const char digit : replication)
    if (digit >= '0' && digit <= '9') copies += static_cast<unsigned>(digit - '0');
  return copies;
}

chunk_store_options chunk_options(const options& wanted) {
  chunk_store_options chosen;
  chosen.fsync = wanted.level == durability::fsync;
  chosen.read_key = wanted.jwt_read_key;
  chosen.https = wanted.https;
  chosen.copies = copies_of(wanted.replication);
  return chosen;
}

constexpr std::chrono::seconds access_patience{2};

/// A node that may not read back what it stores must not store it. Without a volume server that is not known: go on.
outcome check_access(chunk_store& chunks, time_point deadline) {
  std::promise<outcome> answered;
  chunks.check_access(std::min(deadline, std::chrono::steady_clock::now() + access_patience),
                      [&](outcome what) { answered.set_value(std::move(what)); });
  return answered.get_future().get();
}

/// One call that every filer answers, so that a wrong address is found at the start and not by the first client.
outcome ask_once(entry_port& entries, time_point deadline) {
  std::promise<outcome> answered;
  entries.list("/topics", "", 1, false, deadline, [&](result<list_page> page) { answered.set_value(page.what); });
  return answered.get_future().get();
}

/// nullopt: not known.
std::optional<std::string> problem_in(const result<entry>& rules) {
  if (rules.what.code == status::absent) return "";
  if (!rules.is_ok()) return std::nullopt;
  if (rules.value.chunks.empty()) return expiry_problem(rules.value.content);
  // As a copied file has, which the filer follows all the same.
  return std::string{"the filer's rules in "} + storage_rules_path +
         " cannot be read: they are in chunks; write them with fs.configure in weed shell";
}

/// A node whose positions and records go by themselves after a time must not store them. Empty: they stay.
std::string check_rules(entry_port& entries, time_point deadline) {
  std::promise<result<entry>> answered;
  entries.get(storage_rules_path, deadline, [&](result<entry> found) { answered.set_value(std::move(found)); });
  const auto found = answered.get_future().get();
  return problem_in(found).value_or("the filer does not show its rules: " + found.what.reason);
}

}  // namespace

struct engine::parts {
  parts(std::string address, std::shared_ptr<filer> via, const options& wanted)
    : filer_address(std::move(address)), files(via), directory(std::move(via), wanted),
      chunks(directory, chunk_options(wanted)) {}

  std::string filer_address;
  entries files;
  filer_directory directory;  // outlives the chunk store
  chunk_store chunks;
};

engine::engine(std::unique_ptr<parts> made) : parts_(std::move(made)) {}

engine::~engine() = default;

smq::engine engine::ports() { return {parts_->chunks, parts_->files}; }

void engine::release(const chunk_id& id) {
  parts_->chunks.discard(id, std::chrono::steady_clock::now() + release_patience, [](const outcome&) {});
}

void engine::mark_uploads(const std::string& cluster_id) { parts_->chunks.mark_uploads(cluster_id); }

void engine::ask_about_rules(time_point deadline, std::function<void(std::optional<std::string>)> done) {
  parts_->files.get(storage_rules_path, deadline,
                    [done = std::move(done)](const result<entry>& found) { done(problem_in(found)); });
}

const std::string& engine::filer_address() const { return parts_->filer_address; }

open_result open(const options& wanted, time_point deadline) {
  const auto failed = [&](std::string why) { return with_tls_advice(std::move(why), wanted.tls.is_set()); };
  const auto address = find_filer(wanted, deadline);
  if (!address.is_ok()) return {nullptr, failed(address.what.reason)};
  if (wanted.https)
    if (const auto usable = read_pem_files(*wanted.https, own_certificate::optional); !usable.is_ok())
      return {nullptr, usable.what.reason};
  auto via = filer::at(address.value, wanted.tls);
  if (!via.is_ok()) return {nullptr, via.what.reason};
  // One filer may be written in several ways, its gRPC service in one.
  auto made = std::make_unique<engine::parts>(grpc_target(address.value).value_or(address.value), std::move(via.value),
                                              wanted);
  if (const auto answer = ask_once(made->files, deadline); !answer.is_ok())
    return {nullptr, "the filer " + address.value + " does not answer: " + failed(answer.reason)};
  if (auto problem = check_rules(made->files, deadline); !problem.empty()) return {nullptr, std::move(problem)};
  if (const auto access = check_access(made->chunks, deadline); !access.is_ok()) return {nullptr, access.reason};
  return {std::make_unique<engine>(std::move(made)), {}};
}

}  // namespace tidegate::smq::seaweedmq
