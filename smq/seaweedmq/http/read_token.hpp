#pragma once

#include "smq/seaweedmq/http/file_id.hpp"

#include <cstdint>
#include <string>

namespace tidegate::smq::seaweedmq {

/// What a volume server with [jwt.signing.read] wants with a GET of `id`: a JWT (HS256) that is signed with its `key`.
/// `expires`: seconds since 1970, by the server's clock.
/// Source: SeaweedFS 4.48; its own clients sign with the same key, and its filer gives nobody such a token.
std::string read_token(const std::string& key, const file_id& id, std::int64_t expires);

}  // namespace tidegate::smq::seaweedmq
