#include "smq/seaweedmq/entries.hpp"

#include "messages/common/utf8.hpp"
#include "smq/entry_path.hpp"
#include "smq/seaweedmq/entry_codec.hpp"
#include "smq/seaweedmq/filer_rpc.hpp"
#include "smq/seaweedmq/listing.hpp"
#include "smq/seaweedmq/outcomes.hpp"
#include "smq/seaweedmq/sendable.hpp"

#include <algorithm>

namespace tidegate::smq::seaweedmq {

namespace {

constexpr std::size_t max_lookups = 1000;  // of one call; the filer takes 4096

outcome refused(std::string reason) { return {status::refused, std::move(reason), 0}; }
outcome unknown(std::string reason) { return {status::unknown, std::move(reason), 0}; }

bool is_over(time_point deadline) { return deadline <= std::chrono::steady_clock::now(); }

filer_pb::LookupDirectoryEntryRequest lookup_of(const std::string& path) {
  filer_pb::LookupDirectoryEntryRequest request;
  request.set_directory(std::string{directory_of(path)});
  request.set_name(std::string{name_of(path)});
  return request;
}

result<entry> to_entry(const std::string& path, filer_pb::Entry& stored) {
  // Nothing of ours made it: whether there was an entry before, nobody knows.
  if (stored.is_directory()) return {refused(path + " is a directory"), {}};
  return {{}, decode_entry(path, stored)};
}

/// Looks paths up, batch after batch; one doubt ends it.
class many_lookups : public std::enable_shared_from_this<many_lookups> {
 public:
  many_lookups(std::shared_ptr<filer_rpc> rpc, std::vector<std::string> paths, time_point deadline,
               completion<result<std::vector<result<entry>>>> done)
    : rpc_(std::move(rpc)), paths_(std::move(paths)), deadline_(deadline), done_(std::move(done)) {}

  void ask() {
    if (found_.size() == paths_.size()) return done_({{}, std::move(found_)});
    filer_pb::LookupDirectoryEntriesRequest request;
    const auto end = std::min(paths_.size(), found_.size() + max_lookups);
    for (auto i = found_.size(); i < end; ++i) *request.add_requests() = lookup_of(paths_[i]);
    rpc_->call<filer_pb::LookupDirectoryEntriesRequest, filer_pb::LookupDirectoryEntriesResponse>(
        &filer_rpc::async::LookupDirectoryEntries, std::move(request), deadline_,
        [self = shared_from_this(), end](const grpc::Status& answer, auto& response) {
          self->take(answer, response, end);
        });
  }

 private:
  void take(const grpc::Status& answer, filer_pb::LookupDirectoryEntriesResponse& response, std::size_t end) {
    if (!answer.ok()) return done_({unknown(answer.error_message()), {}});
    if (static_cast<std::size_t>(response.results_size()) != end - found_.size())
      return done_({unknown("the filer left results out"), {}});
    for (auto& one : *response.mutable_results()) {
      const auto& path = paths_[found_.size()];
      // `error` beside an entry is about its volumes, which nobody asked for.
      if (one.found() && one.has_entry())
        found_.push_back(to_entry(path, *one.mutable_entry()));
      else if (!one.found() && one.error().empty())
        found_.push_back({{status::absent, "no such entry", 0}, {}});
      else
        return done_({unknown(path + ": " + one.error()), {}});
    }
    ask();
  }

  std::shared_ptr<filer_rpc> rpc_;
  std::vector<std::string> paths_;
  time_point deadline_;
  completion<result<std::vector<result<entry>>>> done_;
  std::vector<result<entry>> found_;
};

filer_pb::ObjectTransactionRequest transaction_of(const guard& condition, const mutation_list& mutations) {
  filer_pb::ObjectTransactionRequest request;
  request.set_lock_key(condition.path);
  auto& clause = *request.mutable_condition()->add_clauses();
  if (condition.expected) {
    clause.set_kind(filer_pb::WriteCondition::IF_ETAG_MATCH);
    clause.add_etags(etag_of(*condition.expected));
  } else {
    clause.set_kind(filer_pb::WriteCondition::IF_NOT_EXISTS);
  }
  const auto now = std::chrono::system_clock::now();
  for (const auto& m : mutations) {
    auto& sent = *request.add_mutations();
    sent.set_directory(std::string{directory_of(m.target.path)});
    if (m.what == mutation::kind::put) {
      sent.set_type(filer_pb::ObjectMutation::PUT);
      *sent.mutable_entry() = encode_entry(m.target, now);
    } else {
      sent.set_type(filer_pb::ObjectMutation::DELETE);
      sent.set_name(std::string{name_of(m.target.path)});
      sent.set_is_delete_data(true);
    }
  }
  return request;
}

}  // namespace

void entries::get(const std::string& path, time_point deadline, completion<result<entry>> done) {
  if (auto problem = filer_path_problem(path); !problem.empty()) return done({refused(std::move(problem)), {}});
  filer_->rpc()->call<filer_pb::LookupDirectoryEntryRequest, filer_pb::LookupDirectoryEntryResponse>(
      &filer_rpc::async::LookupDirectoryEntry, lookup_of(path), deadline,
      [path, done = std::move(done)](const grpc::Status& answer, filer_pb::LookupDirectoryEntryResponse& response) {
        if (!answer.ok()) return done({read_outcome(answer), {}});
        if (!response.has_entry()) return done({unknown("the filer left the entry out"), {}});
        done(to_entry(path, *response.mutable_entry()));
      });
}

void entries::get_many(std::vector<std::string> paths, time_point deadline,
                       completion<result<std::vector<result<entry>>>> done) {
  for (const auto& path : paths) {
    if (auto problem = filer_path_problem(path); !problem.empty()) return done({refused(std::move(problem)), {}});
  }
  std::make_shared<many_lookups>(filer_->rpc(), std::move(paths), deadline, std::move(done))->ask();
}

void entries::list(const std::string& directory, const std::string& after, std::size_t limit, bool with_chunks,
                   time_point deadline, completion<result<list_page>> done) {
  if (directory != "/") {
    if (auto problem = filer_path_problem(directory); !problem.empty()) return done({refused(std::move(problem)), {}});
  }
  if (!is_well_formed_utf8(after)) return done({refused("no name is before or behind what is not UTF-8"), {}});
  list_files(filer_->rpc(), directory, after, limit, with_chunks, deadline, std::move(done));
}

void entries::transact(guard condition, mutation_list mutations, time_point deadline,
                       completion<outcome> done) {
  if (auto problem = transaction_problem(condition, mutations); !problem.empty())
    return done(refused(std::move(problem)));
  if (is_over(deadline)) return done(refused("the deadline passed before anything was sent"));
  filer_->rpc()->call<filer_pb::ObjectTransactionRequest, filer_pb::ObjectTransactionResponse>(
      &filer_rpc::async::ObjectTransaction, transaction_of(condition, mutations), deadline,
      [done = std::move(done)](const grpc::Status& answer, filer_pb::ObjectTransactionResponse& response) {
        done(write_outcome(answer, response.error(),
                           response.error_code() == filer_pb::FilerError::PRECONDITION_FAILED));
      });
}

void entries::remove_tree(const std::string& directory, time_point deadline, completion<outcome> done) {
  if (auto problem = filer_path_problem(directory); !problem.empty()) return done(refused(std::move(problem)));
  filer_pb::DeleteEntryRequest request;
  request.set_directory(std::string{directory_of(directory)});
  request.set_name(std::string{name_of(directory)});
  request.set_is_delete_data(true);
  request.set_is_recursive(true);
  filer_->rpc()->call<filer_pb::DeleteEntryRequest, filer_pb::DeleteEntryResponse>(
      &filer_rpc::async::DeleteEntry, std::move(request), deadline,
      [done = std::move(done)](const grpc::Status& answer, filer_pb::DeleteEntryResponse& response) {
        // Children go one by one: an error proves nothing about what is gone. Doing it again is harmless.
        if (!answer.ok()) return done(unknown(answer.error_message()));
        if (!response.error().empty()) return done(unknown(response.error()));
        done({});
      });
}

}  // namespace tidegate::smq::seaweedmq
