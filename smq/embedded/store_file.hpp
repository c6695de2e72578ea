#pragma once

#include "messages/common/uuid.hpp"

#include <optional>
#include <string>

/// `store` in the data directory: the id that every window of this store has. Magic "TGS1" · version 1 · id 16 ·
/// CRC32C 4. Errors are texts ("" = none).
namespace tidegate::smq::embedded {

class volumes;

bool has_store_file(const std::string& data_dir);
std::string read_store_file(const std::string& data_dir, uuid& id);

/// What a start goes by: nothing in `id` when it would make a new store. Errors: it refuses.
std::string find_store(const std::string& data_dir, volumes& files, std::optional<uuid>& id);

/// A new store among the files of something else is a mistake: another path was meant, or a disk is not mounted there.
/// Errors: there is something.
std::string find_stranger(const std::string& data_dir);

/// Durable, as a whole or not at all.
std::string write_store_file(const std::string& data_dir, const uuid& id);

}  // namespace tidegate::smq::embedded
