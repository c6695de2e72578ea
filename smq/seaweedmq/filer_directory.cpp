#include "smq/seaweedmq/filer_directory.hpp"

namespace tidegate::smq::seaweedmq {

filer_directory::filer_directory(std::shared_ptr<filer> via, const options& wanted) : filer_(std::move(via)) {
  request_.collection = wanted.collection;
  request_.replication = wanted.replication;
}

void filer_directory::assign(std::uint32_t count, std::uint64_t bytes_each, time_point deadline,
                             completion<result<id_batch>> done) {
  auto wanted = request_;
  wanted.bytes_each = bytes_each;
  wanted.count = static_cast<std::int32_t>(count);
  filer_->assign(wanted, deadline, [done = std::move(done)](result<assigned_ids> ids) {
    if (!ids.is_ok()) return done({std::move(ids.what), {}});
    done({{}, {ids.value.first, static_cast<std::uint32_t>(ids.value.count), ids.value.location.url, ids.value.auth}});
  });
}

void filer_directory::locate(std::uint32_t volume, time_point deadline,
                             completion<result<std::vector<std::string>>> done) {
  const auto id = std::to_string(volume);
  filer_->locate({id}, deadline, [id, done = std::move(done)](result<volume_locations> found) {
    result<std::vector<std::string>> servers{std::move(found.what), {}};
    for (const auto& location : found.value[id]) servers.value.push_back(location.url);
    done(std::move(servers));
  });
}

}  // namespace tidegate::smq::seaweedmq
