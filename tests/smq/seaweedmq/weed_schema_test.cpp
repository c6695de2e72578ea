#define CAF_SUITE weed_schema
// Our .proto files against what the running `weed` says about its own.
#include "smq/seaweedmq/address.hpp"
#include "smq/seaweedmq/calls.hpp"
#include "smq/seaweedmq/channel.hpp"
#include "tests/smq/seaweedmq/weed_server.hpp"

#include <filer.pb.h>
#include <master.pb.h>
#include <reflection.grpc.pb.h>
#include <volume_server.pb.h>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>

using namespace tidegate::smq;
using namespace tidegate::smq::testing;
namespace pb = google::protobuf;
namespace reflection = grpc::reflection::v1alpha;

namespace {

/// The server's file that defines `symbol`, and those that it imports.
std::vector<std::string> files_of(const std::string& address, const std::string& symbol) {
  const auto channel = seaweedmq::make_channel(*seaweedmq::grpc_target(address), {});
  const auto stub = reflection::ServerReflection::NewStub(channel.value);
  grpc::ClientContext context;
  context.set_deadline(seaweedmq::to_grpc(soon()));
  const auto stream = stub->ServerReflectionInfo(&context);
  reflection::ServerReflectionRequest request;
  request.set_file_containing_symbol(symbol);
  stream->Write(request);
  stream->WritesDone();
  reflection::ServerReflectionResponse response;
  if (!stream->Read(&response)) CAF_FAIL("no reflection: " << stream->Finish().error_message());
  const auto& files = response.file_descriptor_response().file_descriptor_proto();
  return {files.begin(), files.end()};
}

class comparison {
 public:
  comparison(const std::string& address, const std::string& symbol) {
    for (const auto& bytes : files_of(address, symbol)) {
      pb::FileDescriptorProto file;
      if (!file.ParseFromString(bytes) || !files_.Add(file)) CAF_FAIL("not a file: " << file.name());
    }
  }

  void compare(const pb::FileDescriptor& ours) {
    for (int i = 0; i < ours.message_type_count(); ++i) compare(*ours.message_type(i));
    for (int i = 0; i < ours.enum_type_count(); ++i) compare(*ours.enum_type(i));
    for (int i = 0; i < ours.service_count(); ++i) compare(*ours.service(i));
  }

  [[nodiscard]] int fields() const { return fields_; }
  [[nodiscard]] const std::vector<std::string>& differences() const { return differences_; }

 private:
  void compare(const pb::Descriptor& ours) {
    const auto* real = theirs_.FindMessageTypeByName(ours.full_name());
    if (real == nullptr) return differ(ours.full_name());
    for (int i = 0; i < ours.field_count(); ++i) {
      const auto& field = *ours.field(i);
      const auto* other = real->FindFieldByName(field.name());
      if (other == nullptr || shape_of(field) != shape_of(*other))
        differ(field.full_name() + ": " + shape_of(field) + ", theirs: " + (other ? shape_of(*other) : "none"));
      ++fields_;
    }
    for (int i = 0; i < ours.nested_type_count(); ++i) compare(*ours.nested_type(i));
    for (int i = 0; i < ours.enum_type_count(); ++i) compare(*ours.enum_type(i));
  }

  void compare(const pb::EnumDescriptor& ours) {
    const auto* real = theirs_.FindEnumTypeByName(ours.full_name());
    if (real == nullptr) return differ(ours.full_name());
    for (int i = 0; i < ours.value_count(); ++i) {
      const auto* other = real->FindValueByName(ours.value(i)->name());
      if (other == nullptr || other->number() != ours.value(i)->number()) differ(ours.value(i)->full_name());
    }
  }

  void compare(const pb::ServiceDescriptor& ours) {
    const auto* real = theirs_.FindServiceByName(ours.full_name());
    if (real == nullptr) return differ(ours.full_name());
    for (int i = 0; i < ours.method_count(); ++i) {
      const auto* other = real->FindMethodByName(ours.method(i)->name());
      if (other == nullptr || shape_of(*ours.method(i)) != shape_of(*other)) differ(ours.method(i)->full_name());
    }
  }

  static std::string shape_of(const pb::FieldDescriptor& f) {
    std::string type = f.type_name();
    if (f.message_type() != nullptr) type = f.message_type()->full_name();
    if (f.enum_type() != nullptr) type = f.enum_type()->full_name();
    return std::to_string(f.number()) + (f.is_repeated() ? " repeated " : " ") + type;
  }

  static std::string shape_of(const pb::MethodDescriptor& m) {
    return (m.client_streaming() ? "stream " : "") + m.input_type()->full_name() + " -> " +
           (m.server_streaming() ? "stream " : "") + m.output_type()->full_name();
  }

  void differ(std::string what) { differences_.push_back(std::move(what)); }

  pb::SimpleDescriptorDatabase files_;
  pb::DescriptorPool theirs_{&files_};
  int fields_ = 0;
  std::vector<std::string> differences_;
};

void check(comparison& with, const pb::FileDescriptor& ours, int at_least) {
  with.compare(ours);
  for (const auto& difference : with.differences()) CAF_ERROR(difference);
  CAF_CHECK(with.fields() >= at_least);
}

}  // namespace

CAF_TEST(filer messages have the numbers and types of the running weed) {
  comparison with{shared_weed().filer_address(), "filer_pb.SeaweedFiler"};
  check(with, *filer_pb::Entry::descriptor()->file(), 50);
}

CAF_TEST(master messages have the numbers and types of the running weed) {
  comparison with{shared_weed().master_address(), "master_pb.Seaweed"};
  check(with, *master_pb::ListClusterNodesRequest::descriptor()->file(), 15);
}

CAF_TEST(volume server messages have the numbers and types of the running weed) {
  comparison with{shared_weed().volume_address(), "volume_server_pb.VolumeServer"};
  check(with, *volume_server_pb::CopyFileRequest::descriptor()->file(), 15);
}

CAF_TEST(a wrong number is found) {
  pb::FileDescriptorProto wrong;
  filer_pb::Entry::descriptor()->file()->CopyTo(&wrong);
  wrong.mutable_message_type(0)->mutable_field(0)->set_number(77);
  wrong.mutable_message_type(1)->mutable_field(0)->set_type(pb::FieldDescriptorProto::TYPE_BYTES);
  pb::DescriptorPool pool;
  const auto* file = pool.BuildFile(wrong);
  CAF_REQUIRE(file != nullptr);
  comparison with{shared_weed().filer_address(), "filer_pb.SeaweedFiler"};
  with.compare(*file);
  CAF_CHECK_EQUAL(with.differences().size(), 2U);
}
