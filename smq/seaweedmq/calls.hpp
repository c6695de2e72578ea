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

  /// After its completion: deletes `call`, the owner of `context`, and only then lets close() go on. A context keeps
  /// the channel, and the last channel must not go on one of gRPC's threads: gRPC 1.51 aborts the process.
  template <class Call>
  void end(grpc::ClientContext& context, Call* call) {
    forget(context);
    delete call;
    count_down();
  }

  /// Cancels what is open and waits until it is answered. Never from inside a completion.
  void close();

 private:
  void forget(grpc::ClientContext& context);
  void count_down();

  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::unordered_set<grpc::ClientContext*> calls_;  // that may be cancelled
  std::size_t open_ = 0;                            // that are not deleted yet
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
  auto owned = std::make_unique<unary>();
  owned->request = std::move(request);
  owned->context.set_deadline(to_grpc(deadline));
  if (!calls->add(owned->context)) return done({grpc::StatusCode::CANCELLED, "closed"}, owned->response);
  auto* call = owned.release();  // gRPC copies its callbacks: what they share would live as long as the last copy
  method(&call->context, &call->request, &call->response,
         [call, calls, done = std::move(done)](const grpc::Status& answer) {
           done(answer, call->response);
           calls->end(call->context, call);
         });
}

}  // namespace tidegate::smq::seaweedmq
