#pragma once

#include "smq/ports.hpp"
#include "smq/seaweedmq/filer.hpp"

/// For the .cpp files of this folder only.
namespace tidegate::smq::seaweedmq {

/// The files of a directory as entry_port::list wants them; the arguments are checked. It asks the filer again until
/// the page is full, because directories are among what the filer lists.
void list_files(std::shared_ptr<filer_rpc> rpc, const std::string& directory, const std::string& after,
                std::size_t limit, bool with_chunks, time_point deadline, completion<result<list_page>> done);

}  // namespace tidegate::smq::seaweedmq
