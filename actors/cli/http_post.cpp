#include "actors/cli/http_post.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <stdexcept>

namespace tidegate::cli {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::uint64_t longest_answer = 65536;

/// One request on a context of its own, which has nothing more to do when it is over.
class exchange {
 public:
  exchange(http::request<http::empty_body> request, std::chrono::milliseconds patience)
    : request_(std::move(request)), deadline_(std::chrono::steady_clock::now() + patience) {
    parser_.body_limit(longest_answer);
  }

  http_answer run(const std::string& host, const std::string& port) {
    resolver_.async_resolve(host, port, [this](beast::error_code error, const tcp::resolver::results_type& found) {
      if (failed(error)) return;
      stream_.expires_at(deadline_);
      stream_.async_connect(found, [this](beast::error_code refused, const tcp::endpoint&) {
        if (!failed(refused)) send();
      });
    });
    context_.run_until(deadline_ + grace);
    if (!is_done_) throw std::runtime_error(problem());
    return {parser_.get().result_int(), std::move(parser_.get().body())};
  }

 private:
  // The stream's own deadline comes first.
  static constexpr std::chrono::milliseconds grace{100};

  [[nodiscard]] std::string problem() const {
    if (!error_ || error_ == beast::error::timeout) return "no answer in time";
    const bool is_answer = error_.category() == http::make_error_code(http::error::bad_version).category();
    return is_answer ? "the answer is not HTTP, or too long: " + error_.message() : error_.message();
  }

  bool failed(beast::error_code error) {
    error_ = error;
    return error.failed();
  }

  void send() {
    http::async_write(stream_, request_, [this](beast::error_code error, std::size_t) {
      if (failed(error)) return;
      http::async_read(stream_, buffer_, parser_,
                       [this](beast::error_code broken, std::size_t) { is_done_ = !failed(broken); });
    });
  }

  asio::io_context context_{1};
  tcp::resolver resolver_{context_};
  beast::tcp_stream stream_{context_};
  beast::flat_buffer buffer_{longest_answer};
  http::request<http::empty_body> request_;
  http::response_parser<http::string_body> parser_;
  const std::chrono::steady_clock::time_point deadline_;
  beast::error_code error_;
  bool is_done_ = false;
};

}  // namespace

http_answer http_post(const std::string& host, const std::string& port, const std::string& target,
                      const std::pair<std::string, std::string>& header, std::chrono::milliseconds patience) {
  http::request<http::empty_body> request{http::verb::post, target, 11};
  request.set(http::field::host, host + ":" + port);
  request.set(http::field::connection, "close");
  request.set(header.first, header.second);
  request.prepare_payload();
  return exchange{std::move(request), patience}.run(host, port);
}

}  // namespace tidegate::cli
