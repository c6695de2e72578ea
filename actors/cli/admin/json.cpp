#include "actors/cli/admin/json.hpp"

#include "messages/common/utf8.hpp"

#include <boost/json/src.hpp>  // Boost.JSON's own sources: compiled here, once

#include <ostream>

namespace tidegate::cli {

boost::json::string json_text(std::string_view text) {
  const auto good = well_formed_utf8(text);
  return boost::json::string(good.data(), good.size());
}

json_list::json_list(std::string_view key) { text_ = "{\"" + std::string(key) + "\":["; }

void json_list::add(const boost::json::object& element) {
  text_ += is_first_ ? "\n" : ",\n";
  text_ += boost::json::serialize(element);
  is_first_ = false;
}

void json_list::print(std::ostream& out) const { out << text_ << (is_first_ ? "]}\n" : "\n]}\n"); }

}  // namespace tidegate::cli
