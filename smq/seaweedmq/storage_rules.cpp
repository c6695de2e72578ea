#include "smq/seaweedmq/storage_rules.hpp"

#include "smq/fencing/formats.hpp"
#include "smq/names.hpp"

#include <filer.pb.h>

#include <google/protobuf/util/json_util.h>

namespace tidegate::smq::seaweedmq {

namespace {

using rule = filer_pb::FilerConf::PathConf;

/// "0d" takes back what a shorter prefix says.
bool erases(const rule& r) { return r.ttl().find_first_of("123456789") != std::string::npos; }

/// The rule by which something in `tree`, which ends with "/", goes after a time; null: none.
const rule* erasing_rule(const filer_pb::FilerConf& rules, const std::string& tree) {
  const rule* of_all = nullptr;  // the longest prefix decides, and prefixes are of text, not of directories
  for (const auto& r : rules.locations()) {
    const auto& prefix = r.location_prefix();
    if (r.ttl().empty()) continue;  // leaves that to the others
    if (prefix.size() > tree.size() && prefix.starts_with(tree) && erases(r)) return &r;
    if (tree.starts_with(prefix) && (of_all == nullptr || prefix.size() >= of_all->location_prefix().size()))
      of_all = &r;
  }
  return of_all != nullptr && erases(*of_all) ? of_all : nullptr;
}

}  // namespace

std::string expiry_problem(const std::string& rules) {
  if (rules.empty()) return {};
  google::protobuf::util::JsonParseOptions lenient;
  lenient.ignore_unknown_fields = true;  // our .proto has only what we read
  filer_pb::FilerConf read;
  if (!google::protobuf::util::JsonStringToMessage(rules, &read, lenient).ok())
    return std::string{"the filer's rules in "} + storage_rules_path + " cannot be read: they are no JSON of SeaweedFS";
  for (const auto& tree : {std::string{own_root} + "/", "/topics/" + std::string{kafka_namespace} + "/"}) {
    const auto* found = erasing_rule(read, tree);
    if (found == nullptr) continue;
    const auto& prefix = found->location_prefix();
    return "the filer would erase what we store under " + prefix + " after " + found->ttl() + ", by a rule in " +
           storage_rules_path + "; take its ttl back in weed shell: fs.configure -locationPrefix=" + prefix +
           " -ttl=0d -apply";
  }
  return {};
}

}  // namespace tidegate::smq::seaweedmq
