#pragma once

#include "smq/ports.hpp"
#include "smq/seaweedmq/http/volume_directory.hpp"
#include "smq/seaweedmq/options.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::smq::seaweedmq {

struct chunk_store_options {
  bool fsync = true;                           // an upload is answered when its bytes are on disk
  std::string read_key;                        // of [jwt.signing.read]; "": reads need no token. A secret
  std::optional<tls_files> https;              // set: HTTPS with these, and nothing else
  std::chrono::milliseconds between_looks{10'000};  // after so long a renewed file is used by new connections
  unsigned copies = 1;                         // of each chunk, as the replication setting has it ("001": 2)
  std::uint32_t ids_per_assign = 100;          // kept in stock
  std::chrono::milliseconds id_lifetime{60'000};
  std::chrono::milliseconds id_patience{5'000};  // longest wait of a put for a file id
  std::chrono::milliseconds location_lifetime{60'000};
  std::chrono::milliseconds attempt_timeout{10'000};  // of one request; the call's deadline may be nearer
  std::chrono::milliseconds other_server_after{2'000};  // a GET, while another server may have the chunk
  std::chrono::milliseconds avoided_for{20'000};        // a server that did not answer is asked last
  unsigned put_attempts = 3;                          // each with a file id of its own
  std::size_t connections_per_server = 8;
  std::size_t queued_per_server = 1024;
  std::uint64_t max_put_bytes = 64ULL << 20;  // in flight; more waits
  std::uint64_t max_get_bytes = 64ULL << 20;
  std::size_t max_waiting = 10'000;  // of each; more are turned away
  std::size_t max_discards = 256;  // in flight
};

/// What one server has.
struct stored_chunk {
  std::uint64_t bytes = 0;
  std::string mark;  // that it was uploaded with; "": none
};

/// What is in flight now.
struct chunk_store_usage {
  std::uint64_t put_bytes = 0;
  std::uint64_t get_bytes = 0;
  std::uint64_t connections_opened = 0;  // since the start
};

/// Chunks on the volume servers of a SeaweedFS cluster, over HTTP or HTTPS. A chunk's id is its file id in computed form.
/// Thread: any; completions come on the store's own thread, must not block, and must not destroy the store.
/// The destructor answers everything that is open.
class chunk_store final : public chunk_port {
 public:
  /// `directory` must outlive the store; it may still answer afterwards.
  chunk_store(volume_directory& directory, chunk_store_options options);
  ~chunk_store() override;
  chunk_store(const chunk_store&) = delete;
  chunk_store& operator=(const chunk_store&) = delete;

  /// ok: on as many servers as the volume's replication says, on disk with `fsync`; the server's CRC-32C is ours.
  /// Errors: refused (empty, too many wait, no file id, every upload turned down); unknown (bytes may lie under a file
  /// id that nobody will ever name). Either way the chunk does not exist for anybody.
  /// Source: SeaweedFS 4.48, POST of a raw body to a volume server.
  void put(std::vector<shared_bytes> parts, time_point deadline, completion<result<chunk_id>> done) override;

  /// Asks one server after the other. Errors: absent (all `copies` said so, and every server that a lookup after that
  /// named); refused (not a file id, a range that ends behind the chunk: only what the chunk itself says); unknown.
  void get(const chunk_id& id, std::uint64_t position, std::uint64_t count, time_point deadline,
           completion<result<shared_bytes>> done) override;

  /// Whether volume servers let us read. Errors: refused (`reason` says what they want, or what is wrong with HTTPS).
  /// ok: yes, or nobody can tell now.
  void check_access(time_point deadline, completion<outcome> done);

  /// Removes a chunk that no entry names or ever will, wherever it is; absent is fine.
  /// Errors: refused (not a file id, too many at once); unknown (not removed everywhere, as in a cluster with write
  /// tokens).
  void discard(const chunk_id& id, time_point deadline, completion<outcome> done);

  /// Uploads that begin after this call are stored with `mark` (visible ASCII), so that a sweep knows whose they are.
  void mark_uploads(std::string mark);

  /// What `server` has under `id`; "": any server that has its volume. Errors: absent (there), unknown.
  void look(const chunk_id& id, const std::string& server, time_point deadline, completion<result<stored_chunk>> done);

  /// The next upload asks for new file ids. Nothing has to call it, not even after the master broke down: an id that was
  /// given to others too is turned down with the upload, which is repeated with another one. Tests begin anew with it.
  void forget_stock();

  [[nodiscard]] chunk_store_usage measure() const;

 private:
  std::unique_ptr<struct store_parts> parts_;
};

}  // namespace tidegate::smq::seaweedmq
