#pragma once

#include "smq/ports.hpp"

#include <grpcpp/support/status.h>

#include <string>

/// What an answer of the filer proves, and no more than that. For the .cpp files of this folder only.
namespace tidegate::smq::seaweedmq {

/// Of a look-up that failed. Absent only when the filer itself says that its store has no such entry.
outcome read_outcome(const grpc::Status& answer);

/// Of a transaction: its status, and the fields of its response.
outcome write_outcome(const grpc::Status& answer, const std::string& error, bool is_precondition_failed);

}  // namespace tidegate::smq::seaweedmq
