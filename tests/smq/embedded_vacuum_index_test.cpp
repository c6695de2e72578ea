#define CAF_SUITE embedded_vacuum_index
#include "smq/embedded/store_file.hpp"
#include "smq/embedded/vacuum.hpp"
#include "tests/smq/test_engine.hpp"

#include <fstream>
#include <set>

using namespace tidegate;
using namespace tidegate::smq;
using namespace tidegate::smq::testing;
using embedded::vacuum;
namespace fs = std::filesystem;

/// A vacuum goes by what the index says of each chunk. Here parts of the index cannot be read.
namespace {

constexpr int entries_written = 600;

/// A closed store of small volumes, whose index is one table file of some blocks.
std::vector<chunk_id> write_store(const std::string& directory) {
  embedded::options wanted;
  wanted.volume_bytes = 2000;
  wanted.upkeep_interval = std::chrono::hours{1};  // nothing is copied
  const auto store = open_embedded(directory, wanted);
  const blocking calls{store->ports()};
  std::vector<chunk_id> ids;
  for (int i = 0; i < entries_written; ++i) {
    ids.push_back(calls.put_chunk(std::string(50, static_cast<char>('a' + i % 26))).value);
    const auto path = "/d/" + std::to_string(i);
    CAF_REQUIRE(calls.transact({path, std::nullopt}, {put(path, "", {{ids.back(), 0, 50, 0}})}).is_ok());
  }
  return ids;
}

/// The chunks' places come first in it.
void flip_in_first_block(const std::string& directory) {
  std::vector<fs::path> tables;
  for (const auto& file : fs::directory_iterator(directory + "/index"))
    if (file.path().extension() == ".sst") tables.push_back(file.path());
  CAF_REQUIRE_EQUAL(tables.size(), 1U);
  std::fstream table{tables[0], std::ios::in | std::ios::out | std::ios::binary};
  table.seekg(50);
  const auto byte = static_cast<char>(table.get() ^ 1);
  table.seekp(50).put(byte);
}

/// The parts of a store that a vacuum uses, and what it does with each volume.
class subject {
 public:
  explicit subject(const std::string& directory) : files_{directory + "/volumes", {}} {
    std::string error = files_.scan();
    if (error.empty()) error = embedded::read_store_file(directory, store_);
    if (error.empty()) entries_ = embedded::index::open(directory + "/index", {}, error);
    if (!error.empty()) CAF_FAIL(error);
  }

  std::map<std::uint32_t, vacuum::ending> copy_all() {
    std::promise<vacuum::ending> ended;
    vacuum one{{files_, *entries_, store_, 500,
                [this](const std::vector<embedded::moved_chunk>& moves, const completion<outcome>& done) {
                  for (const auto& m : moves) moved.insert(m.id);
                  done({});
                },
                [&](std::uint32_t, vacuum::ending how) { ended.set_value(how); }, [](std::string_view) {}}};
    std::map<std::uint32_t, vacuum::ending> endings;
    for (const auto volume : files_.numbers()) {
      ended = {};
      auto how = ended.get_future();
      CAF_REQUIRE(one.begin(volume));
      CAF_REQUIRE(how.wait_for(std::chrono::seconds{20}) == std::future_status::ready);
      endings.emplace(volume, how.get());
    }
    return endings;
  }

  [[nodiscard]] result<embedded::chunk_place> place_of(const chunk_id& id) const { return entries_->place_of(id); }

  std::set<chunk_id> moved;

 private:
  embedded::volumes files_;
  uuid store_;
  std::unique_ptr<embedded::index> entries_;
};

}  // namespace

CAF_TEST(a volume of whose chunks the index does not tell all stays and the others are copied) {
  const scratch_directory home;
  const auto ids = write_store(home.path());
  std::map<chunk_id, std::uint32_t> volume_of;
  {
    subject whole{home.path()};
    for (const auto& id : ids) volume_of.emplace(id, whole.place_of(id).value.volume);
    for (const auto& [volume, how] : whole.copy_all()) CAF_CHECK(how == vacuum::ending::copied);
    CAF_CHECK_EQUAL(whole.moved.size(), ids.size());
  }
  flip_in_first_block(home.path());
  {
    subject broken{home.path()};
    std::set<std::uint32_t> unknown;
    for (const auto& id : ids)
      if (broken.place_of(id).what.code == status::unknown) unknown.insert(volume_of[id]);
    const auto endings = broken.copy_all();
    CAF_CHECK(!unknown.empty() && unknown.size() < endings.size());
    for (const auto& [volume, how] : endings)
      CAF_CHECK(how == (unknown.contains(volume) ? vacuum::ending::damaged : vacuum::ending::copied));
    for (const auto& id : ids) CAF_CHECK(broken.moved.contains(id) || unknown.contains(volume_of[id]));
  }
  flip_in_first_block(home.path());
  subject cured{home.path()};
  for (const auto& [volume, how] : cured.copy_all()) CAF_CHECK(how == vacuum::ending::copied);
  CAF_CHECK_EQUAL(cured.moved.size(), ids.size());
}
