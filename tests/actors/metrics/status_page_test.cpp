#define CAF_SUITE status_page
#include "actors/metrics/collect.hpp"
#include "actors/metrics/status_page.hpp"

#include "caf/test/unit_test.hpp"

#include <vector>

using namespace tidegate::actors;

namespace {

metric_page numbers() {
  metric_page page;
  add_all(page, options{}, true);
  return page;
}

/// The first tag that is not closed in its turn; "" when the page is well formed.
std::string unbalanced(const std::string& html) {
  std::vector<std::string> open;
  for (auto at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const auto end = html.find('>', at);
    if (end == std::string::npos) return html.substr(at);
    auto tag = html.substr(at + 1, end - at - 1);
    if (tag.starts_with("!") || tag.starts_with("meta")) continue;
    const bool closes = tag.starts_with("/");
    if (closes) tag.erase(0, 1);
    tag = tag.substr(0, tag.find(' '));
    if (!closes) {
      open.push_back(tag);
    } else if (open.empty() || open.back() != tag) {
      return tag;
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back();
}

}  // namespace

CAF_TEST(names of clients are text and nothing else) {
  status_facts facts;
  facts.listen = "h:1";
  facts.trouble = "<b>\"'&";
  const std::string evil = "</td><script>alert('1')</script>\"&";
  facts.topics.push_back({"orders", 3});
  facts.groups.add({evil, "Stable", 2, 7, 42});
  const auto page = status_page(facts, numbers());
  CAF_CHECK(page.find("<script") == std::string::npos);
  CAF_CHECK(page.find("&lt;/td&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;") != std::string::npos);
  CAF_CHECK(page.find("&lt;b&gt;&quot;&#39;&amp;") != std::string::npos);
  CAF_CHECK(page.find("<td>orders</td><td class=\"n\">3</td>") != std::string::npos);
  CAF_CHECK_EQUAL(unbalanced(page), "");
}

CAF_TEST(the page needs nothing from elsewhere and follows the colours of the browser) {
  const auto page = status_page({}, numbers());
  for (const auto* foreign : {"http://", "https://", "src=", "url(", "@import", "<link"})
    CAF_CHECK(page.find(foreign) == std::string::npos);
  CAF_CHECK(page.find("prefers-color-scheme: dark") != std::string::npos);
  CAF_CHECK(page.find("default-src 'none'") != std::string::npos);
  CAF_CHECK_EQUAL(unbalanced(page), "");
}

CAF_TEST(long tables are cut and say so) {
  status_facts facts;
  for (int i = 0; i < 700; ++i) facts.topics.push_back({"t" + std::to_string(i), 1});
  for (int i = 0; i < 600; ++i) facts.groups.add({"g" + std::to_string(i), "Empty", 0, 1, 0});
  const auto page = status_page(facts, numbers());
  CAF_CHECK(page.find("200 more are not shown.") != std::string::npos);
  CAF_CHECK(page.find("100 more are not shown.") != std::string::npos);
  CAF_CHECK(page.find("t699") == std::string::npos);
  CAF_CHECK(page.size() < 500'000);
}
