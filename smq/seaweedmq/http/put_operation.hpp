#pragma once

#include "smq/seaweedmq/http/store_parts.hpp"

namespace tidegate::smq::seaweedmq {

/// One chunk on its way to a volume server. Thread: the loop's.
class put_operation : public std::enable_shared_from_this<put_operation> {
 public:
  /// `crc` is the CRC-32C of the whole chunk of `size` bytes.
  put_operation(store_parts& parts, std::vector<shared_bytes> body, std::uint64_t size, std::uint32_t crc,
                time_point deadline, completion<result<chunk_id>> done);

  void start();

 private:
  void try_one();
  void upload(const slot_or_reason& got);
  void judge(const upload_slot& slot, const http_result& got);
  [[nodiscard]] std::string fault_of(const http_result& got) const;
  void give_up(const std::string& reason);
  void finish(outcome what, chunk_id id);

  store_parts& parts_;
  std::vector<shared_bytes> body_;
  std::uint64_t size_;
  std::string crc_;  // as the server writes it
  time_point deadline_;
  completion<result<chunk_id>> done_;
  unsigned attempts_ = 0;
  bool doubt_ = false;  // an upload that failed may have stored bytes
  std::string reason_;
  bool is_inside_ = false;  // of the gate
};

}  // namespace tidegate::smq::seaweedmq
