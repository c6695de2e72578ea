#pragma once

#include "smq/seaweedmq/calls.hpp"
#include "smq/seaweedmq/filer.hpp"

#include <filer.grpc.pb.h>

namespace tidegate::smq::seaweedmq {

/// What a filer is made of; calls of several steps keep it, so that ~filer can end them.
/// For the .cpp files of this folder only.
struct filer_rpc {
  explicit filer_rpc(const std::shared_ptr<grpc::Channel>& channel)
    : stub(filer_pb::SeaweedFiler::NewStub(channel)) {}

  std::unique_ptr<filer_pb::SeaweedFiler::Stub> stub;
  std::shared_ptr<open_calls> calls = std::make_shared<open_calls>();

  /// `method`: of the stub's async interface, e.g. &filer_rpc::async::LookupVolume.
  using async = filer_pb::SeaweedFiler::StubInterface::async_interface;

  template <class Request, class Response>
  using unary_method = void (async::*)(grpc::ClientContext*, const Request*, Response*,
                                       std::function<void(grpc::Status)>);

  template <class Request, class Response>
  void call(unary_method<Request, Response> method, Request request, time_point deadline,
            std::function<void(const grpc::Status&, Response&)> done) {
    start_call<Request, Response>(
        calls,
        [this, method](grpc::ClientContext* context, const Request* sent, Response* received, auto callback) {
          (stub->async()->*method)(context, sent, received, std::move(callback));
        },
        std::move(request), deadline, std::move(done));
  }
};

}  // namespace tidegate::smq::seaweedmq
