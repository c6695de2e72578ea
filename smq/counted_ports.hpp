#pragma once

#include "smq/ports.hpp"

namespace tidegate::smq {

/// Both ports of an engine, with every call counted and timed (smq/counters.hpp). Thread: as the engine's.
/// `inner` outlives it; a completion may come after it is gone.
class counted_ports final : public chunk_port, public entry_port {
 public:
  explicit counted_ports(engine inner) : inner_(inner) {}

  void put(std::vector<shared_bytes> parts, time_point deadline, completion<result<chunk_id>> done) override;
  void get(const chunk_id& id, std::uint64_t position, std::uint64_t count, time_point deadline,
           completion<result<shared_bytes>> done) override;
  void will_read(const chunk_id& id, std::uint64_t size) override;

  void get(const std::string& path, time_point deadline, completion<result<entry>> done) override;
  void get_many(std::vector<std::string> paths, time_point deadline,
                completion<result<std::vector<result<entry>>>> done) override;
  void list(const std::string& directory, const std::string& after, std::size_t limit, bool with_chunks,
            time_point deadline, completion<result<list_page>> done) override;
  void transact(guard condition, mutation_list mutations, time_point deadline,
                completion<outcome> done) override;
  void remove_tree(const std::string& directory, time_point deadline, completion<outcome> done) override;

  [[nodiscard]] engine ports() { return {*this, *this}; }

 private:
  engine inner_;
};

}  // namespace tidegate::smq
