#pragma once

#include "smq/ports.hpp"

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_set>

/// Calls over gRPC's callback API. For the .cpp files of this folder only.
namespace tidegate::smq::seaweedmq {

/// The calls of one filer that are not answered yet.
class open_calls {
 public:
  /// False: closed, the call must not start.
  bool add(grpc::ClientContext& call);

  /// After the call's completion has returned.
  void remove(grpc::ClientContext& call);

  /// Cancels what is open and waits until it is answered. Never from inside a completion.
  void close();

 private:
  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::unordered_set<grpc::ClientContext*> calls_;
  bool closed_ = false;
};

/// On gRPC's monotonic clock: a jump of the wall clock changes nothing.
gpr_timespec to_grpc(time_point deadline);

/// Starts `method(context, request, response, callback)` of a stub's async interface.
/// Calls `done` exactly once; with CANCELLED at once when `calls` is closed.
template <class Request, class Response, class Method>
void start_call(const std::shared_ptr<open_calls>& calls, Method method, Request request, time_point deadline,
                std::function<void(const grpc::Status&, Response&)> done) {
  struct unary {
    grpc::ClientContext context;
    Request request;
    Response response;
  };
  auto call = std::make_shared<unary>();
  call->request = std::move(request);
  call->context.set_deadline(to_grpc(deadline));
  if (!calls->add(call->context)) return done({grpc::StatusCode::CANCELLED, "closed"}, call->response);
  method(&call->context, &call->request, &call->response,
         [call, calls, done = std::move(done)](const grpc::Status& answer) {
           done(answer, call->response);
           calls->remove(call->context);
         });
}

}  // namespace tidegate::smq::seaweedmq
