#include "smq/seaweedmq/discovery.hpp"

#include "smq/seaweedmq/address.hpp"
#include "smq/seaweedmq/calls.hpp"
#include "smq/seaweedmq/channel.hpp"

#include <master.grpc.pb.h>

#include <algorithm>
#include <future>

namespace tidegate::smq::seaweedmq {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds call_timeout{2000};
constexpr std::chrono::milliseconds pause_between_rounds{200};

result<std::unique_ptr<master_pb::Seaweed::Stub>> master_at(const std::string& address, const tls_files& tls) {
  const auto target = grpc_target(address);
  if (!target) return {{status::refused, "not an address: " + address, 0}, {}};
  auto channel = make_channel(*target, tls);
  if (!channel.is_ok()) return {channel.what, {}};
  return {{}, master_pb::Seaweed::NewStub(channel.value)};
}

outcome failed(const std::string& master, const std::string& why) { return {status::unknown, master + ": " + why, 0}; }

/// Only the leader knows the filers: another master answers with an empty list.
result<std::string> leader_of(const std::string& master, const tls_files& tls, time_point deadline) {
  auto stub = master_at(master, tls);
  if (!stub.is_ok()) return {stub.what, {}};
  grpc::ClientContext context;
  context.set_deadline(to_grpc(std::min(deadline, clock::now() + call_timeout)));
  master_pb::GetMasterConfigurationResponse response;
  const auto answer = stub.value->GetMasterConfiguration(&context, {}, &response);
  if (!answer.ok()) return {failed(master, answer.error_message()), {}};
  if (response.leader().empty()) return {failed(master, "no leader now"), {}};
  return {{}, response.leader()};
}

result<std::string> filer_of(const std::string& leader, const options& wanted, time_point deadline) {
  auto stub = master_at(leader, wanted.tls);
  if (!stub.is_ok()) return {stub.what, {}};
  grpc::ClientContext context;
  context.set_deadline(to_grpc(std::min(deadline, clock::now() + call_timeout)));
  master_pb::ListClusterNodesRequest request;
  request.set_client_type("filer");
  request.set_filer_group(wanted.filer_group);
  master_pb::ListClusterNodesResponse response;
  const auto answer = stub.value->ListClusterNodes(&context, request, &response);
  if (!answer.ok()) return {failed(leader, answer.error_message()), {}};
  if (response.cluster_nodes().empty()) return {failed(leader, "no filer has joined"), {}};
  if (response.cluster_nodes_size() == 1) return {{}, response.cluster_nodes(0).address()};
  std::string all;
  for (const auto& node : response.cluster_nodes()) all += (all.empty() ? "" : ", ") + node.address();
  return {{status::refused, "several filers, name the one that all nodes use: " + all, 0}, {}};
}

/// Master after master, until one answers or refuses.
template <class Ask>
result<std::string> first_answer(const options& wanted, time_point deadline, Ask ask) {
  if (wanted.masters.empty()) return {{status::refused, "neither a filer nor masters are given", 0}, {}};
  outcome last;
  for (;;) {
    for (const auto& master : wanted.masters) {
      auto found = ask(master);
      if (found.is_ok() || found.what.code == status::refused) return found;
      // What our own deadline cut off says less than the answer before it.
      if (last.reason.empty() || clock::now() < deadline) last = std::move(found.what);
      if (clock::now() >= deadline) return {last, {}};
    }
    std::promise<void> never;
    never.get_future().wait_for(pause_between_rounds);
  }
}

}  // namespace

result<std::string> find_filer(const options& wanted, time_point deadline) {
  if (!wanted.filer.empty()) return {{}, wanted.filer};
  return first_answer(wanted, deadline, [&](const std::string& master) {
    const auto leader = leader_of(master, wanted.tls, deadline);
    return leader.is_ok() ? filer_of(leader.value, wanted, deadline) : leader;
  });
}

result<std::string> find_leader(const options& wanted, time_point deadline) {
  return first_answer(wanted, deadline,
                      [&](const std::string& master) { return leader_of(master, wanted.tls, deadline); });
}

}  // namespace tidegate::smq::seaweedmq
