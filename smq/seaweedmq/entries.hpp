#pragma once

#include "smq/ports.hpp"
#include "smq/seaweedmq/filer.hpp"

#include <memory>
#include <string>
#include <vector>

namespace tidegate::smq::seaweedmq {

/// Entries as files of a filer: content inline, attributes in `extended`. Directories are not entries: `get` answers
/// absent and `list` leaves them out. Thread-safe; completions run on gRPC's threads, or in the caller's when nothing
/// is sent. Names, attribute names and chunk ids must be UTF-8, because Protobuf carries nothing else.
class entries final : public entry_port {
 public:
  explicit entries(std::shared_ptr<filer> via) : filer_(std::move(via)) {}

  void get(const std::string& path, time_point deadline, completion<result<entry>> done) override;
  void get_many(std::vector<std::string> paths, time_point deadline,
                completion<result<std::vector<result<entry>>>> done) override;
  void list(const std::string& directory, const std::string& after, std::size_t limit, bool with_chunks,
            time_point deadline, completion<result<list_page>> done) override;

  /// Chunks are released by the filer, up to seconds later. Errors: see outcomes.hpp; refused also for what cannot be
  /// sent: paths, sizes, a deadline in the past.
  void transact(guard condition, mutation_list mutations, time_point deadline,
                completion<outcome> done) override;
  void remove_tree(const std::string& directory, time_point deadline, completion<outcome> done) override;

 private:
  std::shared_ptr<filer> filer_;
};

}  // namespace tidegate::smq::seaweedmq
