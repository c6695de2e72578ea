#include "actors/settings/cluster_options.hpp"

#include <algorithm>

namespace tidegate::actors {

namespace {

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= list.size();) {
    const auto comma = std::min(list.find(',', at), list.size());
    if (comma > at) parts.push_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

/// As [https.client] in SeaweedFS's security.toml; most clusters have the same files there and in [grpc.client].
smq::seaweedmq::tls_files https_files(const smq_settings& settings) {
  smq::seaweedmq::tls_files files{settings.https_ca, settings.https_cert, settings.https_key};
  if (files.ca.empty()) files.ca = settings.tls_ca;
  if (files.cert.empty()) files = {files.ca, settings.tls_cert, settings.tls_key};
  return files;
}

}  // namespace

smq::seaweedmq::options cluster_options(const smq_settings& settings) {
  smq::seaweedmq::options cluster;
  cluster.masters = split(settings.masters);
  cluster.filer = settings.filer;
  cluster.filer_group = settings.filer_group;
  cluster.collection = settings.collection;
  cluster.replication = settings.replication;
  cluster.level = settings.durability == "fsync" ? smq::seaweedmq::durability::fsync : smq::seaweedmq::durability::os;
  cluster.tls = {settings.tls_ca, settings.tls_cert, settings.tls_key};
  if (settings.https) cluster.https = https_files(settings);
  cluster.jwt_read_key = settings.jwt_read_key;
  return cluster;
}

}  // namespace tidegate::actors
