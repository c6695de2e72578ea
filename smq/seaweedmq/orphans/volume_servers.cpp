#include "smq/seaweedmq/orphans/volume_servers.hpp"

#include "smq/seaweedmq/address.hpp"
#include "smq/seaweedmq/calls.hpp"
#include "smq/seaweedmq/channel.hpp"
#include "smq/seaweedmq/discovery.hpp"

#include <master.grpc.pb.h>
#include <volume_server.grpc.pb.h>

#include <algorithm>
#include <limits>

namespace tidegate::smq::seaweedmq {

namespace {

constexpr std::chrono::seconds status_patience{10};
constexpr std::uint64_t max_index_bytes = 1ULL << 30U;  // 60 million needles in one volume

outcome unknown(std::string reason) { return {status::unknown, std::move(reason), 0}; }

/// "xyz" in decimal, as in replication: x + y + z more copies.
unsigned copies_of(std::uint32_t placement) { return 1 + placement / 100 + placement / 10 % 10 + placement % 10; }

void take_disks(const master_pb::DataNodeInfo& node, const options& wanted, volume_list& into) {
  const auto http = node.address().empty() ? node.id() : node.address();
  const auto grpc = http.substr(0, http.rfind(':')) + ':' + std::to_string(node.grpc_port());
  for (const auto& [type, disk] : node.diskinfos()) {
    for (const auto& one : disk.volume_infos()) {
      into.all.insert(one.id());
      if (one.collection() != wanted.collection) continue;
      auto& at = into.volumes[one.id()];
      at.id = one.id();
      at.copies = std::max(at.copies, copies_of(one.replica_placement()));
      at.servers.push_back({http, grpc});
    }
    for (const auto& one : disk.ec_shard_infos()) {
      into.all.insert(one.id());
      if (one.collection() == wanted.collection) into.ec_volumes.insert(one.id());
    }
  }
}

/// The words of 4.48 about a needle that is not there.
bool is_absent(const std::string& words) { return words == "already deleted" || words == "not found"; }

}  // namespace

result<volume_list> list_volumes(const options& wanted, time_point deadline) {
  const auto leader = find_leader(wanted, deadline);
  if (!leader.is_ok()) return {leader.what, {}};
  const auto target = grpc_target(leader.value);
  if (!target) return {unknown("not an address: " + leader.value), {}};
  auto channel = make_channel(*target, wanted.tls);
  if (!channel.is_ok()) return {channel.what, {}};
  const auto stub = master_pb::Seaweed::NewStub(channel.value);
  grpc::ClientContext context;
  context.set_deadline(to_grpc(deadline));
  master_pb::VolumeListResponse response;
  const auto answer = stub->VolumeList(&context, {}, &response);
  if (!answer.ok()) return {unknown(leader.value + ": " + answer.error_message()), {}};
  volume_list found;
  for (const auto& center : response.topology_info().data_center_infos())
    for (const auto& rack : center.rack_infos())
      for (const auto& node : rack.data_node_infos()) take_disks(node, wanted, found);
  return {{}, std::move(found)};
}

struct volume_servers::connection {
  std::unique_ptr<volume_server_pb::VolumeServer::Stub> stub;
  bool is_silent = false;
};

volume_servers::volume_servers(tls_files tls) : tls_(std::move(tls)) {}

volume_servers::~volume_servers() = default;

result<volume_servers::connection*> volume_servers::to(const volume_server& server) {
  auto& at = connections_[server.grpc];
  if (!at) {
    auto channel = make_channel(server.grpc, tls_);
    if (!channel.is_ok()) return {channel.what, nullptr};
    at = std::make_unique<connection>();
    at->stub = volume_server_pb::VolumeServer::NewStub(channel.value);
  }
  if (at->is_silent) return {unknown(server.grpc + " does not answer"), nullptr};
  return {{}, at.get()};
}

outcome volume_servers::failed(const volume_server& server, const grpc::Status& answer) {
  const auto code = answer.error_code();
  if (code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::DEADLINE_EXCEEDED)
    connections_[server.grpc]->is_silent = true;
  return unknown(server.grpc + ": " + answer.error_message());
}

result<std::vector<std::uint64_t>> volume_servers::keys(const volume_server& on, std::uint32_t volume,
                                                        time_point deadline) {
  const auto connected = to(on);
  if (!connected.is_ok()) return {connected.what, {}};
  grpc::ClientContext asking;
  asking.set_deadline(to_grpc(std::min(deadline, std::chrono::steady_clock::now() + status_patience)));
  volume_server_pb::ReadVolumeFileStatusRequest which;
  which.set_volume_id(volume);
  volume_server_pb::ReadVolumeFileStatusResponse file;
  if (const auto answer = connected.value->stub->ReadVolumeFileStatus(&asking, which, &file); !answer.ok())
    return {failed(on, answer), {}};
  const auto offset_bytes = file.volume_info().bytes_offset();
  if (offset_bytes != 4 && offset_bytes != 5)
    return {{status::refused, on.grpc + ": offsets of " + std::to_string(offset_bytes) + " bytes", 0}, {}};
  grpc::ClientContext copying;
  copying.set_deadline(to_grpc(deadline));
  volume_server_pb::CopyFileRequest wanted;
  wanted.set_volume_id(volume);
  wanted.set_ext(".idx");
  wanted.set_compaction_revision(std::numeric_limits<std::uint32_t>::max());  // whichever it is
  wanted.set_stop_offset(file.idx_file_size());
  wanted.set_collection(file.collection());
  const auto stream = connected.value->stub->CopyFile(&copying, wanted);
  std::vector<std::byte> index;
  volume_server_pb::CopyFileResponse part;
  bool is_too_large = false;
  while (stream->Read(&part)) {
    is_too_large |= index.size() + part.file_content().size() > max_index_bytes;
    if (is_too_large) break;
    const auto* begin = reinterpret_cast<const std::byte*>(part.file_content().data());
    index.insert(index.end(), begin, begin + part.file_content().size());
  }
  if (is_too_large) copying.TryCancel();
  const auto answer = stream->Finish();
  if (is_too_large) return {{status::refused, on.grpc + ": an index file of more than 1 GiB", 0}, {}};
  if (!answer.ok()) return {failed(on, answer), {}};
  return {{}, live_keys(index, offset_bytes)};
}

needle_copy volume_servers::look(const volume_server& on, const needle& at, time_point deadline) {
  needle_copy copy;
  copy.server = on.http;
  const auto connected = to(on);
  if (!connected.is_ok()) return copy.what = connected.what, copy;
  grpc::ClientContext context;
  context.set_deadline(to_grpc(deadline));
  volume_server_pb::VolumeNeedleStatusRequest which;
  which.set_volume_id(at.volume);
  which.set_needle_id(at.key);
  volume_server_pb::VolumeNeedleStatusResponse found;
  const auto answer = connected.value->stub->VolumeNeedleStatus(&context, which, &found);
  if (!answer.ok()) {
    copy.what = is_absent(answer.error_message()) ? outcome{status::absent, {}, 0} : failed(on, answer);
    return copy;
  }
  copy.cookie = found.cookie();
  copy.crc = found.crc();
  copy.bytes = found.size();
  copy.modified = found.last_modified();
  return copy;
}

outcome volume_servers::erase(const volume_server& on, const std::string& file_id, time_point deadline) {
  const auto connected = to(on);
  if (!connected.is_ok()) return connected.what;
  grpc::ClientContext context;
  context.set_deadline(to_grpc(deadline));
  volume_server_pb::BatchDeleteRequest which;
  which.add_file_ids(file_id);
  volume_server_pb::BatchDeleteResponse response;
  const auto answer = connected.value->stub->BatchDelete(&context, which, &response);
  if (!answer.ok()) return failed(on, answer);
  constexpr int accepted = 202;
  constexpr int absent = 404;
  if (response.results_size() != 1) return unknown(on.grpc + ": no result");
  const auto& one = response.results(0);
  if (one.status() == accepted || one.status() == absent) return {};
  return unknown(on.grpc + ": status " + std::to_string(one.status()) + ' ' + one.error());
}

}  // namespace tidegate::smq::seaweedmq
