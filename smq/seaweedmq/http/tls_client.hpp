#pragma once

#include "smq/seaweedmq/pem_files.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

namespace tidegate::smq::seaweedmq {

/// Our side of TLS with volume servers, from PEM files that may be renewed in place: at least TLS 1.2, servers verified
/// by the CA and, as SeaweedFS's own clients do, by the host name or address in their certificates' subjectAltName.
/// Thread: the loop's.
class tls_client {
 public:
  /// `between_looks`: how long a renewed file may stay unnoticed.
  tls_client(tls_files files, std::chrono::milliseconds between_looks)
    : files_(std::move(files)), between_looks_(between_looks) {}

  /// For a connection that begins now. While the files are no good (they are being renewed), as they were before; null:
  /// they never were any good, see trouble(). Blocks for small files.
  std::shared_ptr<boost::asio::ssl::context> context();
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  /// What an error of a TLS stream means for the settings; "" when it says nothing about them.
  /// `code`: OpenSSL's, in Asio's category of TLS; `verified`: SSL_get_verify_result.
  [[nodiscard]] std::string meaning_of(unsigned long code, long verified) const;

  /// What is likely when a server says nothing and closes the connection behind our certificate.
  [[nodiscard]] std::string meaning_of_silence() const;

 private:
  tls_files files_;
  std::chrono::milliseconds between_looks_;
  std::chrono::steady_clock::time_point next_look_{};
  pem_texts texts_;  // of `context_`
  std::shared_ptr<boost::asio::ssl::context> context_;
  std::string trouble_;
};

}  // namespace tidegate::smq::seaweedmq
