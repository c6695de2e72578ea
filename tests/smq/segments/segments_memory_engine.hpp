#pragma once

#include "smq/ports.hpp"

#include <map>
#include <optional>
#include <string>

namespace tidegate::smq::test {

/// Both ports over maps; answers before the call returns, which is what most easily breaks a chain of calls.
class segments_memory_engine final : public chunk_port, public entry_port {
 public:
  engine ports() { return {*this, *this}; }

  void put(std::vector<shared_bytes> parts, time_point, completion<result<chunk_id>> done) override {
    byte_buffer bytes;
    for (const auto& p : parts) bytes.insert(bytes.end(), p.view().begin(), p.view().end());
    auto id = "chunk-" + std::to_string(next_chunk_++);
    chunks[id] = std::move(bytes);
    done({{}, id});
  }

  void get(const chunk_id& id, std::uint64_t position, std::uint64_t count, time_point,
           completion<result<shared_bytes>> done) override {
    ++chunk_reads;
    if (fail_with) return done({*fail_with, {}});
    auto found = chunks.find(id);
    if (found == chunks.end()) return done({{status::absent, "", 0}, {}});
    if (position > found->second.size() || count > found->second.size() - position)
      return done({{status::refused, "range", 0}, {}});
    bytes_read += count;
    done({{}, shared_bytes::copy_of(byte_view{found->second}.subspan(position, count))});
  }

  void get(const std::string& path, time_point, completion<result<entry>> done) override {
    if (fail_with) return done({*fail_with, {}});
    auto found = entries.find(path);
    if (found == entries.end()) return done({{status::absent, "", 0}, {}});
    done({{}, found->second});
  }

  void get_many(std::vector<std::string> paths, time_point deadline,
                completion<result<std::vector<result<entry>>>> done) override {
    std::vector<result<entry>> all;
    for (const auto& p : paths) get(p, deadline, [&](result<entry> e) { all.push_back(std::move(e)); });
    done({{}, std::move(all)});
  }

  void list(const std::string& directory, const std::string& after, std::size_t limit, bool, time_point,
            completion<result<list_page>> done) override {
    if (fail_with) return done({*fail_with, {}});
    list_page page;
    for (auto i = entries.upper_bound(directory + "/" + after); i != entries.end(); ++i) {
      if (!i->first.starts_with(directory + "/")) break;
      if (page.entries.size() == std::min(limit, page_limit)) {
        page.more = true;
        break;
      }
      page.entries.push_back(i->second);
    }
    done({{}, std::move(page)});
  }

  void transact(guard, mutation_list mutations, time_point, completion<outcome> done) override {
    write({mutations.begin(), mutations.end()});
    done({});
  }

  void remove_tree(const std::string&, time_point, completion<outcome> done) override { done({}); }

  void write(const std::vector<mutation>& mutations) {
    for (const auto& m : mutations) {
      if (m.what == mutation::kind::put)
        entries[m.target.path] = m.target;
      else
        entries.erase(m.target.path);
    }
  }

  std::map<std::string, byte_buffer> chunks;
  std::map<std::string, entry> entries;
  std::optional<outcome> fail_with;
  std::size_t page_limit = 3;
  std::size_t chunk_reads = 0;
  std::uint64_t bytes_read = 0;

 private:
  std::size_t next_chunk_ = 0;
};

}  // namespace tidegate::smq::test
