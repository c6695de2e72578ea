#include "smq/seaweedmq/listing.hpp"

#include "smq/seaweedmq/entry_codec.hpp"
#include "smq/seaweedmq/filer_rpc.hpp"

#include <algorithm>

namespace tidegate::smq::seaweedmq {

namespace {

using filer_pb::ListEntriesRequest;
using filer_pb::ListEntriesResponse;

constexpr std::size_t max_asked = 1024;  // of one stream; with 0 a filer chooses by itself

/// One stream of entries. It owns itself until gRPC is done with it.
class entry_stream final : public grpc::ClientReadReactor<ListEntriesResponse> {
 public:
  static void start(filer_rpc& rpc, ListEntriesRequest request, time_point deadline,
                    std::function<void(filer_pb::Entry&)> on_entry, std::function<void(const grpc::Status&)> done) {
    auto* stream = new entry_stream(rpc.calls, std::move(request), std::move(on_entry), std::move(done));
    stream->context_.set_deadline(to_grpc(deadline));
    if (!rpc.calls->add(stream->context_)) {
      stream->done_({grpc::StatusCode::CANCELLED, "closed"});
      delete stream;
      return;
    }
    rpc.stub->async()->ListEntries(&stream->context_, &stream->request_, stream);
    stream->StartRead(&stream->response_);
    stream->StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    on_entry_(*response_.mutable_entry());
    response_.Clear();
    StartRead(&response_);
  }

  void OnDone(const grpc::Status& answer) override {
    done_(answer);
    const auto calls = calls_;
    calls->end(context_, this);
  }

 private:
  entry_stream(std::shared_ptr<open_calls> calls, ListEntriesRequest request,
               std::function<void(filer_pb::Entry&)> on_entry, std::function<void(const grpc::Status&)> done)
    : calls_(std::move(calls)),
      request_(std::move(request)),
      on_entry_(std::move(on_entry)),
      done_(std::move(done)) {}

  std::shared_ptr<open_calls> calls_;
  grpc::ClientContext context_;
  ListEntriesRequest request_;
  ListEntriesResponse response_;
  std::function<void(filer_pb::Entry&)> on_entry_;
  std::function<void(const grpc::Status&)> done_;
};

/// Streams until there is one file more than the page takes, or the directory ends.
class listing : public std::enable_shared_from_this<listing> {
 public:
  listing(std::shared_ptr<filer_rpc> rpc, const std::string& directory, std::string after, std::size_t limit,
          bool with_chunks, time_point deadline, completion<result<list_page>> done)
    : rpc_(std::move(rpc)),
      directory_(directory),
      before_names_(directory == "/" ? directory : directory + "/"),
      last_(std::move(after)),
      limit_(limit),
      with_chunks_(with_chunks),
      deadline_(deadline),
      done_(std::move(done)) {}

  void ask() {
    received_ = 0;
    asked_ = std::min(limit_ - page_.entries.size(), max_asked - 1) + 1;
    ListEntriesRequest request;
    request.set_directory(directory_);
    request.set_startfromfilename(last_);
    request.set_limit(static_cast<std::uint32_t>(asked_));
    request.set_omit_chunks(!with_chunks_);
    entry_stream::start(
        *rpc_, std::move(request), deadline_,
        [self = shared_from_this()](filer_pb::Entry& stored) { self->take(stored); },
        [self = shared_from_this()](const grpc::Status& answer) { self->end_stream(answer); });
  }

 private:
  void take(filer_pb::Entry& stored) {
    ++received_;
    last_ = stored.name();
    if (page_.more) return;
    if (stored.is_directory()) return late_directories_.push_back(std::move(*stored.mutable_name()));
    if (page_.entries.size() == limit_) {
      page_.more = true;  // the next page begins behind this one's last entry, and with these directories
      return late_directories_.clear();
    }
    take_directories();
    if (!with_chunks_) stored.clear_chunks();
    page_.entries.push_back(decode_entry(before_names_ + stored.name(), stored));
  }

  void end_stream(const grpc::Status& answer) {
    if (!answer.ok()) return done_({{status::unknown, answer.error_message(), 0}, {}});
    if (!page_.more && received_ == asked_) return ask();
    take_directories();
    done_({{}, std::move(page_)});
  }

  void take_directories() {
    for (auto& name : late_directories_) page_.directories.push_back(std::move(name));
    late_directories_.clear();
  }

  std::shared_ptr<filer_rpc> rpc_;
  const std::string directory_;
  const std::string before_names_;
  std::string last_;  // the name to go on behind
  const std::size_t limit_;
  const bool with_chunks_;
  const time_point deadline_;
  completion<result<list_page>> done_;
  std::size_t asked_ = 0;
  std::size_t received_ = 0;
  list_page page_;
  std::vector<std::string> late_directories_;  // behind the last entry of the page so far
};

}  // namespace

void list_files(std::shared_ptr<filer_rpc> rpc, const std::string& directory, const std::string& after,
                std::size_t limit, bool with_chunks, time_point deadline, completion<result<list_page>> done) {
  std::make_shared<listing>(std::move(rpc), directory, after, limit, with_chunks, deadline, std::move(done))->ask();
}

}  // namespace tidegate::smq::seaweedmq
