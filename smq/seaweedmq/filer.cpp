#include "smq/seaweedmq/filer.hpp"

#include "smq/seaweedmq/address.hpp"
#include "smq/seaweedmq/channel.hpp"
#include "smq/seaweedmq/filer_rpc.hpp"

namespace tidegate::smq::seaweedmq {

namespace {

outcome failed(const grpc::Status& answer) { return {status::unknown, answer.error_message(), 0}; }

volume_location location_of(const filer_pb::Location& stored) { return {stored.url(), stored.public_url()}; }

}  // namespace

filer::~filer() {
  rpc_->calls->close();
  rpc_->stub.reset();  // and the channel, on this thread: see open_calls::end
}

result<std::shared_ptr<filer>> filer::at(const std::string& address, const tls_files& tls) {
  const auto target = grpc_target(address);
  if (!target) return {{status::refused, "not an address: " + address, 0}, {}};
  auto channel = make_channel(*target, tls);
  if (!channel.is_ok()) return {channel.what, {}};
  return {{}, std::shared_ptr<filer>(new filer(std::make_shared<filer_rpc>(channel.value)))};
}

void filer::assign(const id_request& wanted, time_point deadline, completion<result<assigned_ids>> done) {
  filer_pb::AssignVolumeRequest request;
  request.set_count(wanted.count);
  request.set_collection(wanted.collection);
  request.set_replication(wanted.replication);
  request.set_data_center(wanted.data_center);
  request.set_expected_data_size(wanted.bytes_each);
  request.set_path("/topics/kafka/");  // the filer's storage rules are by path
  rpc_->call<filer_pb::AssignVolumeRequest, filer_pb::AssignVolumeResponse>(
      &filer_rpc::async::AssignVolume, std::move(request), deadline,
      [done = std::move(done)](const grpc::Status& answer, filer_pb::AssignVolumeResponse& response) {
        if (!answer.ok()) return done({failed(answer), {}});
        if (!response.error().empty()) return done({{status::unknown, response.error(), 0}, {}});
        done({{},
              {response.file_id(), response.count(), location_of(response.location()), response.auth(),
               response.fsync()}});
      });
}

void filer::locate(const std::vector<std::string>& volume_ids, time_point deadline,
                   completion<result<volume_locations>> done) {
  filer_pb::LookupVolumeRequest request;
  for (const auto& id : volume_ids) request.add_volume_ids(id);
  rpc_->call<filer_pb::LookupVolumeRequest, filer_pb::LookupVolumeResponse>(
      &filer_rpc::async::LookupVolume, std::move(request), deadline,
      [done = std::move(done)](const grpc::Status& answer, filer_pb::LookupVolumeResponse& response) {
        if (!answer.ok()) return done({failed(answer), {}});
        volume_locations found;
        for (const auto& [id, stored] : response.locations_map()) {
          for (const auto& one : stored.locations()) found[id].push_back(location_of(one));
        }
        done({{}, std::move(found)});
      });
}

}  // namespace tidegate::smq::seaweedmq
