#pragma once

#include "smq/seaweedmq/options.hpp"
#include "tests/smq/test_engine.hpp"

#include <memory>
#include <string>

/// Certificates of a CA of one's own, and the server's side of TLS.
namespace tidegate::smq::testing {

struct test_key;

class test_authority {
 public:
  test_authority();
  ~test_authority();
  test_authority(const test_authority&) = delete;
  test_authority& operator=(const test_authority&) = delete;

  /// PEM files of a new certificate; `names`: its subjectAltName ("" = none); a negative number of days: it is over.
  [[nodiscard]] seaweedmq::tls_files issue(const std::string& names = "IP:127.0.0.1", int days = 30);

  /// The file of the CA's own certificate.
  [[nodiscard]] std::string ca() const { return home_.path("/ca.crt"); }

 private:
  scratch_directory home_;
  std::unique_ptr<test_key> key_;
  int issued_ = 0;
};

/// How a fake server speaks TLS.
struct server_tls {
  seaweedmq::tls_files files;
  bool wants_certificate = false;  // of a client, by a CA in files.ca
  bool is_old = false;             // TLS 1.1 at most
};

/// A connection that a fake server has taken, with TLS (blocking, 20 s at most for each step) or without.
class fake_channel {
 public:
  /// Shakes hands. `tls` null: none.
  fake_channel(int socket, const server_tls* tls);
  ~fake_channel();
  fake_channel(const fake_channel&) = delete;
  fake_channel& operator=(const fake_channel&) = delete;

  [[nodiscard]] bool is_open() const { return open_; }
  /// At most 64 KiB; "" at the end.
  std::string read();
  void write(const std::string& bytes);

 private:
  struct tls_state;
  int socket_;
  std::unique_ptr<tls_state> tls_;
  bool open_ = true;
};

}  // namespace tidegate::smq::testing
