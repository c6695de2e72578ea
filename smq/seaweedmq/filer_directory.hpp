#pragma once

#include "smq/seaweedmq/filer.hpp"
#include "smq/seaweedmq/http/volume_directory.hpp"

namespace tidegate::smq::seaweedmq {

/// Where a new chunk goes and where an old one is: the filer asks the masters on our behalf.
class filer_directory final : public volume_directory {
 public:
  filer_directory(std::shared_ptr<filer> via, const options& wanted);

  void assign(std::uint32_t count, std::uint64_t bytes_each, time_point deadline,
              completion<result<id_batch>> done) override;
  void locate(std::uint32_t volume, time_point deadline, completion<result<std::vector<std::string>>> done) override;

 private:
  std::shared_ptr<filer> filer_;
  id_request request_;
};

}  // namespace tidegate::smq::seaweedmq
